"""Names and terms that come with a recording: sealed beside its audio, for the engine alone, gone with the audio."""

from __future__ import annotations

import logging
import os

import pytest

from appliance.crypto.envelope import DocumentType, open_document
from appliance.errors import AudioGoneError, ConflictError, CryptoError, EngineError, NotFoundError
from appliance.options import TranscribeOptions
from appliance.records import jobs
from appliance.records.recordings import Recording
from appliance.worker import runner
from appliance.worker.decoding import Pcm
from appliance.worker.filekeys import audio_key_of, erase_file_keys
from appliance.worker.intake import begin_upload, take_chunk
from appliance.worker.library import delete_recording
from appliance.worker.messages import Transcribe
from appliance.worker.terms import keep_terms, terms_of
from appliance.worker.workshop import Workshop
from tests.browser.private import every_stored_byte
from tests.people import Person
from tests.worker.private import begin_privately

TERMS = ("Amina Canaryname", "রহমান")
CONTENT = b"RIFF" * 1000


def begun(workshop: Workshop, person: Person, *terms: str) -> Recording:
    recording = begin_upload(workshop, person.account_id, "Hearing.wav", len(CONTENT), TranscribeOptions())
    keep_terms(workshop, recording, terms)
    return again(workshop, recording)


def again(workshop: Workshop, recording: Recording) -> Recording:
    with workshop.database.read() as session:
        return session.get_one(Recording, recording.id)


def run_to_the_engine(workshop: Workshop, recording: Recording, monkeypatch: pytest.MonkeyPatch) -> Transcribe:
    """Run the job of a recording up to the engine, which fails; return what it was asked."""
    asked: list[Transcribe] = []

    def refuse(request: Transcribe, *_given: object) -> None:
        asked.append(request)
        raise EngineError

    monkeypatch.setattr(runner, "decode", lambda *_given, **_more: Pcm(os.memfd_create("pcm"), 1.0))
    monkeypatch.setattr(workshop.engine, "transcribe", refuse)
    with workshop.database.read() as session:
        job = jobs.latest(session, recording.id)
    assert job is not None
    runner.run(workshop, job.id)
    return asked[0]


def test_terms_are_sealed_under_the_key_of_the_audio_and_open_again(workshop: Workshop, amina: Person) -> None:
    recording = begun(workshop, amina, *TERMS)
    assert terms_of(workshop, recording) == TERMS
    key = audio_key_of(workshop, recording)
    sealed = recording.sealed_terms or b""
    text = open_document(key, sealed, DocumentType.TERMS, recording.audio_id, 1)
    assert text == "Amina Canaryname\nরহমান".encode()


def test_the_engine_gets_them_and_nothing_else_has_them(
    workshop: Workshop, amina: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    recording = begun(workshop, amina, *TERMS)
    take_chunk(workshop, amina.account_id, recording.id, 0, CONTENT)
    assert b"Canaryname" not in every_stored_byte(workshop)
    request = run_to_the_engine(workshop, recording, monkeypatch)
    assert request.vocabulary == TERMS
    assert b"Canaryname" not in every_stored_byte(workshop)
    assert "Canaryname" not in caplog.text + str([record.__dict__ for record in caplog.records])


def test_they_are_erased_with_the_audio(workshop: Workshop, amina: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = begun(workshop, amina, *TERMS)
    take_chunk(workshop, amina.account_id, recording.id, 0, CONTENT)
    run_to_the_engine(workshop, recording, monkeypatch)
    ended = again(workshop, recording)
    assert (ended.state, ended.sealed_terms) == ("audio_erased", None)
    with pytest.raises(AudioGoneError):
        audio_key_of(workshop, ended)


def test_in_privacy_mode_they_are_as_fleeting_as_the_key(workshop: Workshop, amina: Person) -> None:
    recording = begin_privately(workshop, amina)
    keep_terms(workshop, recording, TERMS)
    recording = again(workshop, recording)
    assert terms_of(workshop, recording) == TERMS
    workshop.fleeting_keys.clear()  # As a power cut does.
    with pytest.raises(AudioGoneError):
        terms_of(workshop, recording)


def test_an_upload_that_goes_on_has_the_newest_terms_or_none(workshop: Workshop, amina: Person) -> None:
    recording = begun(workshop, amina, *TERMS)
    keep_terms(workshop, recording, ("Other",))
    assert terms_of(workshop, again(workshop, recording)) == ("Other",)
    keep_terms(workshop, again(workshop, recording), ())
    assert again(workshop, recording).sealed_terms is None
    assert terms_of(workshop, again(workshop, recording)) == ()


def test_terms_that_come_after_the_last_chunk_are_refused(workshop: Workshop, amina: Person) -> None:
    recording = begun(workshop, amina)
    take_chunk(workshop, amina.account_id, recording.id, 0, CONTENT)
    with pytest.raises(ConflictError):
        keep_terms(workshop, recording, TERMS)
    assert again(workshop, recording).sealed_terms is None


def test_terms_of_another_recording_do_not_open(workshop: Workshop, amina: Person) -> None:
    one, other = begun(workshop, amina, "One"), begin_privately(workshop, amina)
    with workshop.database.write() as session:
        session.get_one(Recording, other.id).sealed_terms = one.sealed_terms
    with pytest.raises(CryptoError):
        terms_of(workshop, again(workshop, other))


def test_a_deleted_upload_leaves_nothing(workshop: Workshop, amina: Person) -> None:
    recording = begun(workshop, amina, *TERMS)
    sealed = recording.sealed_terms or b""
    delete_recording(workshop, amina.account_id, recording.id)
    assert sealed not in every_stored_byte(workshop)


def test_without_the_key_no_terms_are_kept(workshop: Workshop, amina: Person) -> None:
    recording = begun(workshop, amina)
    erase_file_keys(workshop, recording.audio_id)
    with pytest.raises((AudioGoneError, NotFoundError)):
        keep_terms(workshop, recording, TERMS)
