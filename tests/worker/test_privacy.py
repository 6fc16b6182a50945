"""Privacy mode, as the server sees it: it stores what it cannot open, and nobody else's."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.config import Settings
from appliance.crypto.envelope import DocumentType, open_document, seal_document
from appliance.crypto.keywrap import WrapKind
from appliance.errors import (
    ApplianceError,
    AudioGoneError,
    ConflictError,
    ModeNotAllowedError,
    NotFoundError,
    RecipientGoneError,
    SealedTooLargeError,
    UnknownFormatError,
    UploadEmptyError,
    UploadTooLargeError,
    WrongContextError,
)
from appliance.options import TranscribeOptions
from appliance.records import access, accounts, jobs, recordings, transcripts
from appliance.records.access import Act
from appliance.records.recordings import Recording
from appliance.records.tables import Job
from appliance.records.tables_of_people import Account
from appliance.spool import CHUNK_BYTES
from appliance.worker import privacy, runner
from appliance.worker.filekeys import audio_key_of
from appliance.worker.intake import begin_upload, take_chunk
from appliance.worker.library import delete_recording, open_title, open_transcript, resume
from appliance.worker.messages import Recipient
from appliance.worker.private_intake import PrivateUpload, begin_private_upload, continue_private_upload
from appliance.worker.recipients import RESULT, keep_sealed_keys, recipients_of
from appliance.worker.workshop import Workshop
from tests.people import Person
from tests.web.appliance import a_transcript, enrolled
from tests.worker.private import finish_privately, opened_result, sealed_title, unwrapped, wrapped

CONTENT = b"RIFF" * 1000


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", max_upload_bytes=3 * CHUNK_BYTES)


@pytest.fixture
def workshop(settings: Settings) -> Iterator[Workshop]:
    workshop = Workshop.open(settings)
    yield workshop
    workshop.close()


@pytest.fixture
def amina(workshop: Workshop) -> Person:
    return enrolled(workshop, "amina")


@pytest.fixture
def other(workshop: Workshop) -> Person:
    return enrolled(workshop, "other")


def accounts_of(workshop: Workshop) -> set[bytes]:
    with workshop.database.read() as session:
        return accounts.ids(session)


def begin(workshop: Workshop, person: Person, *, survives_restart: bool = False) -> Recording:
    title = sealed_title(person, "Ward 4, bed 12.wav")
    options = TranscribeOptions(language="bn", speakers=2)
    upload = PrivateUpload(title, len(CONTENT), options, survives_restart=survives_restart)
    return begin_private_upload(workshop, person.account_id, upload)


def transcribed(workshop: Workshop, person: Person) -> str:
    """Take a private recording to its end, as the runner does, with the engine's own sealing."""
    recording = begin(workshop, person)
    take_chunk(workshop, person.account_id, recording.id, 0, CONTENT)
    finish_privately(workshop, recording.id, a_transcript())
    return recording.id


def test_the_owner_opens_the_result_and_the_engine_tells_nothing_else(workshop: Workshop, amina: Person) -> None:
    recording_id = transcribed(workshop, amina)
    document = privacy.sealed_transcript(workshop, amina.account_id, recording_id)
    [wrap] = document.wraps
    assert (wrap.kind, wrap.holder) == (RESULT, bytes.fromhex(amina.account_id))
    file_key = opened_result(amina, document.document_id, wrap.wrapped)
    plain = open_document(file_key, document.sealed, DocumentType.TRANSCRIPT, document.document_id, 1)
    assert b"Amina Rahman" in plain
    with workshop.database.read() as session:
        row = transcripts.get(session, recording_id)
    assert (row.language, row.speakers) == ("", 0)


def test_the_appliance_holds_no_key_of_a_private_recording(workshop: Workshop, amina: Person) -> None:
    recording_id = transcribed(workshop, amina)
    with workshop.database.read() as session:
        recording = access.get(session, recording_id, amina.account_id, Act.READ)
    with pytest.raises(NotFoundError):
        open_transcript(workshop, recording_id)
    with pytest.raises(NotFoundError):
        open_title(workshop, recording)


def test_when_the_job_has_ended_nothing_tells_what_was_in_the_recording(workshop: Workshop, amina: Person) -> None:
    recording_id = transcribed(workshop, amina)
    with workshop.database.read() as session:
        recording = access.get(session, recording_id, amina.account_id, Act.READ)
        job = jobs.latest(session, recording_id)
    assert job is not None
    assert (job.options_json, job.audio_s, job.seconds_json) == ("{}", None, None)
    assert recording.options_json == "{}"
    assert recording.size_bytes > len(CONTENT)
    assert recording.size_bytes < len(CONTENT) * 1.12 + 1


def test_a_cancelled_private_recording_is_forgotten_too(workshop: Workshop, amina: Person) -> None:
    recording = begin(workshop, amina)
    take_chunk(workshop, amina.account_id, recording.id, 0, CONTENT)
    assert runner.cancel(workshop, recording.id)
    with workshop.database.read() as session:
        job = jobs.latest(session, recording.id)
    assert job is not None
    assert job.options_json == "{}"


def test_what_was_forgotten_is_in_no_file(workshop: Workshop, settings: Settings, amina: Person) -> None:
    recording = begin(workshop, amina)
    needle = b'"language":"bn"'
    take_chunk(workshop, amina.account_id, recording.id, 0, CONTENT)
    files = [path for path in settings.data.glob("cloister.db*") if path.is_file()]
    assert any(needle in path.read_bytes() for path in files)
    runner.cancel(workshop, recording.id)
    assert not any(needle in path.read_bytes() for path in files if path.exists())


def adopt(workshop: Workshop, person: Person, recording_id: str, document_id: bytes, key: bytes) -> int:
    """Seal a result anew under another key, as the browser does that opens it first."""
    sealed = seal_document(key, DocumentType.TRANSCRIPT, document_id, 2, b"{}")
    wrap = wrapped(person, document_id, key)
    return privacy.save_sealed_transcript(workshop, person.account_id, recording_id, sealed, 1, wrap)


def test_a_result_is_adopted_under_another_key_once_and_the_sealed_key_is_gone(
    workshop: Workshop, amina: Person
) -> None:
    recording_id = transcribed(workshop, amina)
    document = privacy.sealed_transcript(workshop, amina.account_id, recording_id)
    assert adopt(workshop, amina, recording_id, document.document_id, b"1" * 32) == 2
    with pytest.raises(ConflictError):
        adopt(workshop, amina, recording_id, document.document_id, b"2" * 32)
    [wrap] = privacy.sealed_transcript(workshop, amina.account_id, recording_id).wraps
    assert wrap.kind == WrapKind.FILE_KEY_UNDER_USER_KEY
    assert unwrapped(amina, document.document_id, wrap.wrapped) == b"1" * 32


def test_a_wrap_of_another_document_is_not_adopted(workshop: Workshop, amina: Person) -> None:
    recording_id = transcribed(workshop, amina)
    document = privacy.sealed_transcript(workshop, amina.account_id, recording_id)
    sealed = seal_document(bytes(32), DocumentType.TRANSCRIPT, document.document_id, 2, b"{}")
    for wrap, error in ((wrapped(amina, bytes(16), bytes(32)), WrongContextError), (b"no wrap", UnknownFormatError)):
        with pytest.raises(error):
            privacy.save_sealed_transcript(workshop, amina.account_id, recording_id, sealed, 1, wrap)
    [kept] = privacy.sealed_transcript(workshop, amina.account_id, recording_id).wraps
    assert kept.kind == RESULT


def test_a_changed_transcript_is_the_next_version_and_an_outdated_change_is_refused(
    workshop: Workshop, amina: Person
) -> None:
    recording_id = transcribed(workshop, amina)
    document = privacy.sealed_transcript(workshop, amina.account_id, recording_id)
    second = seal_document(bytes(32), DocumentType.TRANSCRIPT, document.document_id, 2, b"{}")
    assert privacy.save_sealed_transcript(workshop, amina.account_id, recording_id, second, 1) == 2
    with pytest.raises(ConflictError):
        privacy.save_sealed_transcript(workshop, amina.account_id, recording_id, second, 1)
    with pytest.raises(WrongContextError):
        privacy.save_sealed_transcript(workshop, amina.account_id, recording_id, second, 2)
    assert privacy.sealed_transcript(workshop, amina.account_id, recording_id).sealed == second


@pytest.mark.parametrize(
    "attempt",
    [
        privacy.sealed_transcript,
        lambda workshop, who, recording_id: privacy.save_sealed_transcript(workshop, who, recording_id, b"", 1),
        lambda workshop, who, recording_id: continue_private_upload(workshop, who, recording_id, TranscribeOptions()),
    ],
)
def test_somebody_else_learns_not_even_that_it_is_there(
    workshop: Workshop, amina: Person, other: Person, attempt: object
) -> None:
    recording_id = transcribed(workshop, amina)
    with pytest.raises(NotFoundError):
        attempt(workshop, other.account_id, recording_id)  # type: ignore[operator]


def test_an_id_that_is_taken_is_refused_and_the_other_document_keeps_its_keys(
    workshop: Workshop, amina: Person, other: Person
) -> None:
    recording = begin(workshop, amina)
    before = workshop.keystore.held(recording.title_id)
    stolen = sealed_title(other, "x")
    sealed = seal_document(bytes(32), DocumentType.TITLE, recording.title_id, 1, b"x")
    title = replace(
        stolen,
        document_id=recording.title_id,
        sealed=sealed,
        wrapped=wrapped(other, recording.title_id, bytes(32)),
    )
    with pytest.raises(ConflictError):
        begin_private_upload(
            workshop, other.account_id, PrivateUpload(title, 10, TranscribeOptions(), survives_restart=False)
        )
    assert workshop.keystore.held(recording.title_id) == before


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"sealed": b"Ward 4.wav"}, UnknownFormatError),
        ({"wrapped": b"key"}, UnknownFormatError),
        ({"document_id": bytes(16)}, WrongContextError),
        ({"sealed": b"CLB1" + bytes(4000)}, SealedTooLargeError),
    ],
)
def test_a_title_that_is_not_sealed_is_refused_and_nothing_is_left(
    workshop: Workshop, amina: Person, change: dict[str, bytes], error: type[ApplianceError]
) -> None:
    title = replace(sealed_title(amina, "x"), **change)
    with pytest.raises(error):
        begin_private_upload(
            workshop, amina.account_id, PrivateUpload(title, 10, TranscribeOptions(), survives_restart=True)
        )
    assert workshop.keystore.subjects() == accounts_of(workshop)


@pytest.mark.parametrize(("size_bytes", "error"), [(0, UploadEmptyError), (4 * CHUNK_BYTES, UploadTooLargeError)])
def test_the_limits_of_an_upload_hold_here_too(
    workshop: Workshop, amina: Person, size_bytes: int, error: type[ApplianceError]
) -> None:
    upload = PrivateUpload(sealed_title(amina, "x"), size_bytes, TranscribeOptions(), survives_restart=True)
    with pytest.raises(error):
        begin_private_upload(workshop, amina.account_id, upload)


@pytest.mark.parametrize(
    ("policy", "allowed"), [("choice", ["private", "standard"]), ("private", ["private"]), ("standard", ["standard"])]
)
def test_the_policy_of_the_appliance_decides_where_it_is_set(tmp_path: Path, policy: str, allowed: list[str]) -> None:
    workshop = Workshop.open(Settings(data=tmp_path / "data", privacy=policy))
    person = enrolled(workshop)
    taken = []
    with contextlib.suppress(ModeNotAllowedError):
        taken.append(begin(workshop, person).mode)
    with contextlib.suppress(ModeNotAllowedError):
        taken.append(begin_upload(workshop, person.account_id, "a.wav", 10, TranscribeOptions()).mode)
    workshop.close()
    assert taken == allowed


def test_the_audios_key_is_on_no_disk_unless_the_person_chose_so(
    workshop: Workshop, settings: Settings, amina: Person
) -> None:
    fleeting, lasting = begin(workshop, amina), begin(workshop, amina, survives_restart=True)
    assert workshop.keystore.held(fleeting.audio_id) == []
    assert len(workshop.keystore.held(lasting.audio_id)) == 1
    key = audio_key_of(workshop, fleeting)
    assert not any(key in path.read_bytes() for path in settings.data.rglob("*") if path.is_file())


def test_after_a_restart_an_unfinished_upload_is_gone_unless_its_key_was_stored(
    workshop: Workshop, amina: Person
) -> None:
    fleeting, lasting = begin(workshop, amina), begin(workshop, amina, survives_restart=True)
    workshop.fleeting_keys.clear()
    resume(workshop)
    with workshop.database.read() as session:
        left = [recording.id for recording in recordings.uploading(session, recordings.PRIVATE)]
    assert left == [lasting.id]
    assert fleeting.title_id not in workshop.keystore.subjects()
    assert audio_key_of(workshop, lasting)


def test_after_a_restart_a_waiting_job_asks_for_the_file_again(workshop: Workshop, amina: Person) -> None:
    recording = begin(workshop, amina)
    take_chunk(workshop, amina.account_id, recording.id, 0, CONTENT)
    workshop.fleeting_keys.clear()
    resume(workshop)
    with workshop.database.read() as session:
        job = jobs.latest(session, recording.id)
    assert job is not None
    runner.run(workshop, job.id)
    with workshop.database.read() as session:
        ended = session.get_one(Job, job.id)
    assert isinstance(jobs.error_of(ended), AudioGoneError)


def test_without_a_recipient_nothing_falls_back_to_a_key_of_the_appliance(workshop: Workshop, amina: Person) -> None:
    recording = begin(workshop, amina)
    with workshop.database.write() as session:
        session.get_one(Account, amina.account_id).x_public = None
    with pytest.raises(RecipientGoneError):
        recipients_of(workshop, recording)


def test_an_engine_that_seals_to_too_few_is_refused(workshop: Workshop, amina: Person) -> None:
    recipient = Recipient(id=bytes.fromhex(amina.account_id), public=amina.identity.x_public)
    with pytest.raises(ApplianceError):
        keep_sealed_keys(workshop, bytes(16), (recipient, recipient), (bytes(124),))
    assert workshop.keystore.held(bytes(16)) == []


def test_a_deleted_private_recording_leaves_no_key(workshop: Workshop, amina: Person) -> None:
    recording_id = transcribed(workshop, amina)
    delete_recording(workshop, amina.account_id, recording_id)
    assert workshop.keystore.subjects() == accounts_of(workshop)
    assert privacy.kept_documents(workshop, amina.account_id) == []


def test_the_index_grows_by_one_version_and_a_slower_browser_reads_again(workshop: Workshop, amina: Person) -> None:
    def index(version: int) -> bytes:
        return seal_document(bytes(32), DocumentType.INDEX, bytes.fromhex(amina.account_id), version, b"{}")

    assert privacy.sealed_index(workshop, amina.account_id) == (0, b"")
    first, second = index(1), index(2)
    assert privacy.save_sealed_index(workshop, amina.account_id, first, 0) == 1
    with pytest.raises(ConflictError):
        privacy.save_sealed_index(workshop, amina.account_id, first, 0)
    assert privacy.save_sealed_index(workshop, amina.account_id, second, 1) == 2
    with pytest.raises(ConflictError):
        privacy.save_sealed_index(workshop, amina.account_id, second, 1)
    with pytest.raises(WrongContextError):
        privacy.save_sealed_index(workshop, amina.account_id, second, 2)
    assert privacy.sealed_index(workshop, amina.account_id) == (2, second)
