"""Private recordings in workspaces: to whom they are sealed, which keys open them, and what moves them."""

from __future__ import annotations

import pytest

from appliance.crypto.envelope import DocumentType, new_document_id, new_file_key, open_document, seal_document
from appliance.crypto.members import Role, inbox_private
from appliance.errors import ConflictError, NotFoundError, NotMovableError, RoleError, WrongContextError
from appliance.options import TranscribeOptions
from appliance.records import jobs, recordings, shares, transcripts
from appliance.records.keystore import Wrap
from appliance.records.recordings import Recording
from appliance.worker.intake import take_chunk
from appliance.worker.leaving import belongings, extent
from appliance.worker.library import delete_all_of, resume
from appliance.worker.packs import begin_pack, kept_packs
from appliance.worker.places import UNDER_USER_KEY, UNDER_WORKSPACE_KEY, MovedKeys, move, replacing_key
from appliance.worker.privacy import adopt, save_sealed_transcript, sealed_transcript
from appliance.worker.private_intake import PrivateUpload, begin_private_upload
from appliance.worker.recipients import RESULT, recipients_of
from appliance.worker.sharing import FileKey, FileKeys, make_link
from appliance.worker.workshop import Workshop
from tests.links import Link
from tests.people import Person
from tests.worker.private import begin_privately, put_privately, sealed_title, unwrapped, wrapped
from tests.worker.shared import Team


@pytest.fixture
def team(workshop: Workshop, anna: Person, ben: Person) -> Team:
    team = Team().made_by(workshop, anna)
    team.add(workshop, anna, ben)
    return team


def adopted(workshop: Workshop, person: Person, team: Team, recording_id: str) -> tuple[bytes, bytes]:
    """Open a result as a member and adopt it; returns document id and file key."""
    document = sealed_transcript(workshop, person.account_id, recording_id)
    [result] = document.wraps
    file_key = team.opened_result(document.document_id, result.wrapped)
    adopt(workshop, person.account_id, recording_id, team.wrapped(document.document_id, file_key))
    return document.document_id, file_key


def next_version(document_id: bytes, file_key: bytes, version: int) -> bytes:
    return seal_document(file_key, DocumentType.TRANSCRIPT, document_id, version, b'{"text": "next"}')


def test_a_result_is_sealed_to_the_inbox_that_the_owners_signed(workshop: Workshop, team: Team, ben: Person) -> None:
    recording = begin_privately(workshop, ben, team)
    [recipient] = recipients_of(workshop, recording)
    assert (recipient.id, recipient.public.hex()) == (team.id, team.newest.inbox)
    recording_id = put_privately(workshop, ben, team)
    document_id, file_key = adopted(workshop, ben, team, recording_id)
    document = sealed_transcript(workshop, ben.account_id, recording_id)
    assert document.workspace == team.hex
    assert b"Amina Rahman" in open_document(file_key, document.sealed, DocumentType.TRANSCRIPT, document_id, 1)
    [wrap] = document.wraps
    assert (wrap.kind, wrap.holder) == (UNDER_WORKSPACE_KEY, team.id)


def test_a_removal_while_a_job_waits_changes_to_whom_it_is_sealed(
    workshop: Workshop, team: Team, anna: Person, ben: Person
) -> None:
    recording = begin_privately(workshop, anna, team)
    team.remove(workshop, anna, ben)
    [recipient] = recipients_of(workshop, recording)
    assert recipient.public.hex() == team.newest.inbox


def test_who_adopts_second_does_not_replace_the_key(workshop: Workshop, team: Team, anna: Person, ben: Person) -> None:
    recording_id = put_privately(workshop, ben, team)
    document_id, file_key = adopted(workshop, ben, team, recording_id)
    adopt(workshop, anna.account_id, recording_id, team.wrapped(document_id, new_file_key()))
    [wrap] = workshop.keystore.held(document_id)
    assert team.unwrapped(document_id, wrap.wrapped) == file_key


def test_a_wrap_under_a_key_of_before_a_removal_is_refused(
    workshop: Workshop, team: Team, anna: Person, ben: Person
) -> None:
    recording_id = put_privately(workshop, anna, team)
    document = sealed_transcript(workshop, anna.account_id, recording_id)
    stale = team.wrapped(document.document_id, new_file_key())
    title = team.sealed_title("late.wav")
    team.remove(workshop, anna, ben)
    with pytest.raises(ConflictError):
        adopt(workshop, anna.account_id, recording_id, stale)
    upload = PrivateUpload(title, 10, TranscribeOptions(), survives_restart=False, workspace_id=team.hex)
    with pytest.raises(ConflictError):
        begin_private_upload(workshop, anna.account_id, upload)


def test_a_title_under_ones_own_key_is_none_of_a_workspace(workshop: Workshop, team: Team, ben: Person) -> None:
    own = sealed_title(ben, "x.wav")
    upload = PrivateUpload(own, 10, TranscribeOptions(), survives_restart=False, workspace_id=team.hex)
    with pytest.raises(WrongContextError):
        begin_private_upload(workshop, ben.account_id, upload)
    assert workshop.keystore.held(own.document_id) == []


def test_the_next_version_takes_a_key_that_nobody_had_before_and_ends_what_was_made_with_the_old_one(
    workshop: Workshop, team: Team, anna: Person, ben: Person
) -> None:
    recording_id = put_privately(workshop, anna, team)
    document_id, file_key = adopted(workshop, anna, team, recording_id)
    with workshop.database.read() as session:
        title_id = session.get_one(Recording, recording_id).title_id
    keys = FileKeys(title=FileKey(title_id, b"t" * 32), transcript=FileKey(document_id, file_key))
    make_link(workshop, anna.account_id, recording_id, Link().offer(keys))
    team.remove(workshop, anna, ben)
    fresh = new_file_key()
    sealed, wrap = next_version(document_id, fresh, 2), team.wrapped(document_id, fresh)
    assert save_sealed_transcript(workshop, anna.account_id, recording_id, sealed, 1, wrap) == 2
    [kept] = workshop.keystore.held(document_id)
    assert (kept.holder, team.unwrapped(document_id, kept.wrapped)) == (team.id, fresh)
    with workshop.database.read() as session:
        assert list(shares.listing(session, recording_id)) == []


def test_a_save_that_is_refused_leaves_the_key_as_it_was(workshop: Workshop, team: Team, anna: Person) -> None:
    recording_id = put_privately(workshop, anna, team)
    document_id, _ = adopted(workshop, anna, team, recording_id)
    before = workshop.keystore.held(document_id)
    fresh = new_file_key()
    wrap = team.wrapped(document_id, fresh)
    with pytest.raises(ConflictError):
        save_sealed_transcript(workshop, anna.account_id, recording_id, next_version(document_id, fresh, 8), 7, wrap)
    with pytest.raises(WrongContextError):
        save_sealed_transcript(
            workshop,
            anna.account_id,
            recording_id,
            next_version(document_id, fresh, 2),
            1,
            team.wrapped(team.id, fresh),
        )
    assert workshop.keystore.held(document_id) == before


@pytest.mark.parametrize("stored", [True, False], ids=["after the document", "before the document"])
def test_after_a_power_cut_the_stored_document_says_which_key_is_meant(
    workshop: Workshop, team: Team, anna: Person, monkeypatch: pytest.MonkeyPatch, *, stored: bool
) -> None:
    recording_id = put_privately(workshop, anna, team)
    document_id, file_key = adopted(workshop, anna, team, recording_id)
    fresh = new_file_key()
    sealed = next_version(document_id, fresh, 2)
    wrap = Wrap(document_id, UNDER_WORKSPACE_KEY, team.id, team.wrapped(document_id, fresh))
    with monkeypatch.context() as power, pytest.raises(SystemExit):
        _save_until_the_power_fails(workshop, wrap, recording_id, sealed, power, stored=stored)
    assert len(workshop.keystore.held(document_id)) == 2
    resume(workshop)
    [kept] = workshop.keystore.held(document_id)
    assert (kept.kind, kept.holder) == (UNDER_WORKSPACE_KEY, team.id)
    assert team.unwrapped(document_id, kept.wrapped) == (fresh if stored else file_key)


def _save_until_the_power_fails(
    workshop: Workshop, wrap: Wrap, recording_id: str, sealed: bytes, power: pytest.MonkeyPatch, *, stored: bool
) -> None:
    with replacing_key(workshop, wrap, sealed):
        if stored:
            with workshop.database.write() as session:
                transcripts.replace(session, recording_id, sealed, 1)
        power.setattr(type(workshop.keystore), "change", _power_cut)
        if not stored:
            raise SystemExit


def _power_cut(*_: object, **__: object) -> None:
    raise SystemExit


def test_a_start_ends_a_move_that_was_cut_off(workshop: Workshop, team: Team, ben: Person) -> None:
    recording_id = put_privately(workshop, ben)
    with workshop.database.read() as session:
        title_id = session.get_one(Recording, recording_id).title_id
    half = Wrap(title_id, UNDER_WORKSPACE_KEY, team.id, team.wrapped(title_id, b"k" * 32))
    workshop.keystore.put(half)
    resume(workshop)
    [kept] = workshop.keystore.held(title_id)
    assert (kept.kind, kept.holder.hex()) == (UNDER_USER_KEY, ben.account_id)


def test_a_start_changes_nothing_that_is_in_its_place(workshop: Workshop, team: Team, anna: Person) -> None:
    together, alone = put_privately(workshop, anna, team), put_privately(workshop, anna)
    with workshop.database.read() as session:
        ids = recordings.private_places(session)
    before = workshop.keystore.held(*ids)
    assert len(before) == 4
    resume(workshop)
    assert workshop.keystore.held(*ids) == before
    assert {sealed_transcript(workshop, anna.account_id, each).workspace for each in (together, alone)} == {
        team.hex,
        "",
    }


def test_a_recording_that_is_worked_on_stays(workshop: Workshop, team: Team, ben: Person) -> None:
    recording = begin_privately(workshop, ben)
    keys = MovedKeys(team.wrapped(recording.title_id, b"k" * 32), None)
    with pytest.raises(NotMovableError):
        move(workshop, ben.account_id, recording.id, team.hex, keys)
    take_chunk(workshop, ben.account_id, recording.id, 0, b"RIFF" * 1000)
    with pytest.raises(NotMovableError):
        move(workshop, ben.account_id, recording.id, team.hex, keys)
    with workshop.database.write() as session:
        job = jobs.latest(session, recording.id)
        assert job is not None
        jobs.cancel(session, job.id)
    move(workshop, ben.account_id, recording.id, team.hex, keys)
    [kept] = workshop.keystore.held(recording.title_id)
    assert kept.holder == team.id


def test_an_unopened_result_moves_too(workshop: Workshop, team: Team, anna: Person) -> None:
    recording_id = put_privately(workshop, anna, team)
    document = sealed_transcript(workshop, anna.account_id, recording_id)
    with workshop.database.read() as session:
        title_id = session.get_one(Recording, recording_id).title_id
    keys = MovedKeys(wrapped(anna, title_id, b"t" * 32), wrapped(anna, document.document_id, b"k" * 32))
    move(workshop, anna.account_id, recording_id, None, keys)
    [kept] = workshop.keystore.held(document.document_id)
    assert kept.kind == UNDER_USER_KEY != RESULT


def test_an_editor_takes_nothing_out_and_a_viewer_puts_nothing_in(
    workshop: Workshop, team: Team, anna: Person, ben: Person
) -> None:
    recording_id = put_privately(workshop, ben, team)
    with pytest.raises(RoleError):
        move(workshop, ben.account_id, recording_id, None, None)
    own = put_privately(workshop, ben)
    team.change_role(workshop, anna, ben, Role.VIEWER)
    with pytest.raises(RoleError):
        move(workshop, ben.account_id, own, team.hex, None)
    team.remove(workshop, anna, ben)
    with pytest.raises(NotFoundError):
        move(workshop, ben.account_id, own, team.hex, None)


def test_the_inbox_is_made_from_the_workspace_key_alone(team: Team) -> None:
    assert inbox_private(team.key) == inbox_private(bytes(team.key))


def test_what_is_in_a_workspace_is_not_taken_along_and_stays_when_everything_goes(
    workshop: Workshop, team: Team, anna: Person, ben: Person
) -> None:
    together, alone = put_privately(workshop, ben, team), put_privately(workshop, ben)
    assert [one.id for one in belongings(workshop, ben.account_id)] == [alone]
    assert extent(workshop, ben.account_id).recordings == 1
    assert delete_all_of(workshop, ben.account_id) == 1
    assert sealed_transcript(workshop, anna.account_id, together).workspace == team.hex


def test_a_start_leaves_the_keys_of_search_packs_alone(workshop: Workshop, ben: Person) -> None:
    pack, key = new_document_id(), new_file_key()
    sealed = seal_document(key, DocumentType.SEARCH_PACK, pack, 1, b"{}")
    begin_pack(workshop, ben.account_id, pack, sealed, wrapped(ben, pack, key))
    resume(workshop)
    [kept] = kept_packs(workshop, ben.account_id)
    assert unwrapped(ben, pack, kept.wrapped) == key
