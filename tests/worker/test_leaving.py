"""Everything of a person: what can be taken along, and that it goes only for who proves the passphrase."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from appliance.crypto import identity
from appliance.errors import (
    ApplianceError,
    LastAdministratorError,
    NotFoundError,
    SignInError,
    StaleProofError,
)
from appliance.options import TranscribeOptions
from appliance.records import accounts, jobs, recordings, sessions
from appliance.records.accounts import MEMBER
from appliance.records.recordings import Recording
from appliance.records.sessions import SignedIn
from appliance.worker import library, runner
from appliance.worker.challenge import Purpose
from appliance.worker.entering import Proof, ask
from appliance.worker.intake import begin_upload
from appliance.worker.leaving import belongings, delete_everything, extent, is_last_administrator
from appliance.worker.library import delete_recordings
from appliance.worker.packs import kept_packs
from appliance.worker.workshop import Workshop
from tests.packs import put_pack
from tests.people import Person
from tests.web.appliance import (
    ADDRESS,
    AT_A_DESK,
    a_transcript,
    enrolled,
    finish_job,
    put_recording,
    run_job,
)
from tests.worker.private import put_privately


@pytest.fixture
def amina(workshop: Workshop) -> Person:
    enrolled(workshop, "Root")
    return enrolled(workshop, "Amina", MEMBER)


def signed_in(workshop: Workshop, person: Person, *, recovered: bool = False) -> SignedIn:
    with workshop.database.write() as session:
        token = sessions.begin(session, person.account_id, "Firefox, Linux", recovered=recovered)
    return sessions.signed_in(workshop.database, token, datetime.now(UTC))


def proof_of(workshop: Workshop, person: Person, *, with_account: bool = False, seed: bytes | None = None) -> Proof:
    nonce = ask(workshop, person.name, Purpose.PASSPHRASE).nonce
    message = identity.deletion_message(ADDRESS, nonce, with_account=with_account)
    return Proof(nonce, identity.sign(seed or person.login_seed, message))


def put_everything(workshop: Workshop, person: Person) -> list[str]:
    """Give a person a recording in every state there is."""
    done = put_recording(workshop, person.account_id, "done.wav")
    finish_job(workshop, done, a_transcript())
    running = put_recording(workshop, person.account_id, "running.wav")
    run_job(workshop, running)
    waiting = put_recording(workshop, person.account_id, "waiting.wav")
    uploading = begin_upload(workshop, person.account_id, "uploading.wav", 5000, TranscribeOptions()).id
    private = [
        put_privately(workshop, person, title="private.wav"),
        put_privately(workshop, person, title="waits.wav", ends=False),
    ]
    return [done, running, waiting, uploading, *private]


def test_what_can_be_taken_along_is_every_transcript_and_nothing_of_others(workshop: Workshop, amina: Person) -> None:
    everything = put_everything(workshop, amina)
    finish_job(workshop, put_recording(workshop, enrolled(workshop, "Root").account_id, "of Root.wav"), a_transcript())
    listed = belongings(workshop, amina.account_id)
    assert [(one.id, one.mode, one.title) for one in listed] == [
        (everything[0], "standard", "done.wav"),
        (everything[4], "private", ""),
    ]
    assert listed[0].sealed_title is None
    assert listed[1].sealed_title is not None
    found = extent(workshop, amina.account_id)
    assert (found.recordings, found.transcripts, found.private) == (6, 2, 1)
    assert found.sealed_bytes > 2 * 104


def test_a_damaged_title_does_not_stand_in_the_way_of_the_others(workshop: Workshop, amina: Person) -> None:
    damaged, whole = (put_recording(workshop, amina.account_id, name) for name in ("damaged.wav", "whole.wav"))
    for recording_id in (damaged, whole):
        finish_job(workshop, recording_id, a_transcript())
    with workshop.database.write() as session:
        session.get_one(Recording, damaged).sealed_title = b"CLB1 and nothing more"
    assert [one.title for one in belongings(workshop, amina.account_id)] == ["", "whole.wav"]


def test_everything_goes_in_every_state_and_the_account_stays(workshop: Workshop, amina: Person) -> None:
    everything = put_everything(workshop, amina)
    kept = put_recording(workshop, enrolled(workshop, "Root").account_id, "of Root.wav")
    number = delete_everything(
        workshop, signed_in(workshop, amina), "amina", proof_of(workshop, amina), AT_A_DESK, with_account=False
    )
    assert number == len(everything)
    with workshop.database.read() as session:
        assert recordings.listing(session, amina.account_id) == []
        assert [jobs.latest(session, recording_id) for recording_id in everything] == [None] * len(everything)
        [left] = recordings.listing(session, enrolled(workshop, "Root").account_id)
        assert accounts.get(session, amina.account_id).is_enrolled
        people = accounts.ids(session)
    assert left.recording.id == kept
    assert workshop.keystore.subjects() - people == {left.recording.audio_id, left.recording.title_id}
    assert workshop.spool.audio_ids() == {left.recording.audio_id}
    assert workshop.fleeting_keys == {}


def test_the_search_packs_go_with_what_their_words_were_of(workshop: Workshop, amina: Person) -> None:
    put_pack(workshop, amina, [])
    delete_everything(
        workshop, signed_in(workshop, amina), amina.name, proof_of(workshop, amina), AT_A_DESK, with_account=False
    )
    assert kept_packs(workshop, amina.account_id) == []


def test_the_keys_of_all_are_erased_before_the_first_byte_is(
    workshop: Workshop, amina: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_everything(workshop, amina)
    monkeypatch.setattr(library, "TOGETHER", 2)
    with monkeypatch.context() as patch:
        patch.setattr(workshop.database.__class__, "remove", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            library.delete_all_of(workshop, amina.account_id)
    with workshop.database.read() as session:
        assert len(recordings.listing(session, amina.account_id)) == 6
        assert workshop.keystore.subjects() == accounts.ids(session)
    assert library.delete_all_of(workshop, amina.account_id) == 6


def test_a_running_job_is_cancelled(workshop: Workshop, amina: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    running = put_everything(workshop, amina)[1]
    cancelled: list[str] = []
    real = runner.cancel

    def watched(workshop: Workshop, recording_id: str) -> bool:
        if real(workshop, recording_id):
            cancelled.append(recording_id)
        return True

    monkeypatch.setattr(runner, "cancel", watched)
    library.delete_all_of(workshop, amina.account_id)
    assert running in cancelled
    assert len(cancelled) == 3  # Two wait, one of them privately.


def test_the_account_goes_too_where_that_is_signed(workshop: Workshop, amina: Person) -> None:
    put_everything(workshop, amina)
    session_of = signed_in(workshop, amina)
    proof = proof_of(workshop, amina, with_account=True)
    assert delete_everything(workshop, session_of, "Amina", proof, AT_A_DESK, with_account=True) == 6
    with workshop.database.read() as session:
        assert accounts.find(session, amina.account_id) is None
        assert workshop.keystore.subjects() == accounts.ids(session)


@pytest.mark.parametrize(
    "case", ["another passphrase", "another amount", "another name", "twice", "a sign-in", "the code"]
)
def test_without_the_proof_for_just_this_nothing_goes(workshop: Workshop, amina: Person, case: str) -> None:
    kept = put_recording(workshop, amina.account_id, "kept.wav")
    session_of, name, proof = signed_in(workshop, amina), "Amina", proof_of(workshop, amina)
    expected: type[ApplianceError] = SignInError
    if case == "another passphrase":
        proof = proof_of(workshop, amina, seed=bytes(32))
    elif case == "another amount":
        proof = proof_of(workshop, amina, with_account=True)
    elif case == "another name":
        name = "Root"
    elif case == "twice":
        workshop.challenges.spend(proof.nonce)
        expected = StaleProofError
    elif case == "a sign-in":
        signature = identity.sign(amina.login_seed, identity.login_message(ADDRESS, proof.nonce))
        proof = Proof(proof.nonce, signature)
    else:
        session_of, proof = (
            signed_in(workshop, amina, recovered=True),
            proof_of(workshop, amina, seed=amina.recovery_seed),
        )
    with pytest.raises(expected):
        delete_everything(workshop, session_of, name, proof, AT_A_DESK, with_account=False)
    with workshop.database.read() as session:
        assert session.get_one(Recording, kept).state == "stored"


def test_the_last_administrator_keeps_account_and_recordings(workshop: Workshop, amina: Person) -> None:
    root = enrolled(workshop, "Root")
    put_everything(workshop, root)
    proof = proof_of(workshop, root, with_account=True)
    with pytest.raises(LastAdministratorError):
        delete_everything(workshop, signed_in(workshop, root), "Root", proof, AT_A_DESK, with_account=True)
    with workshop.database.read() as session:
        assert len(recordings.listing(session, root.account_id)) == 6
        assert is_last_administrator(workshop, accounts.get(session, root.account_id))
        assert not is_last_administrator(workshop, accounts.get(session, amina.account_id))
    enrolled(workshop, "Second")
    with workshop.database.read() as session:
        assert not is_last_administrator(workshop, accounts.get(session, root.account_id))


def test_of_several_recordings_none_goes_where_one_is_somebody_elses(workshop: Workshop, amina: Person) -> None:
    own = put_recording(workshop, amina.account_id, "own.wav")
    foreign = put_recording(workshop, enrolled(workshop, "Root").account_id, "of Root.wav")
    with pytest.raises(NotFoundError):
        delete_recordings(workshop, amina.account_id, [own, foreign])
    with workshop.database.read() as session:
        assert session.get_one(Recording, own).state == "stored"
