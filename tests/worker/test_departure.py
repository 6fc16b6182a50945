"""A workspace in which nobody is left ends, however they went, and nothing that somebody could still read is lost."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread

import pytest

from appliance.crypto.members import Role
from appliance.errors import NotFoundError
from appliance.records import access, accounts, invitations, recordings, workspaces
from appliance.records.recordings import Recording
from appliance.search.found import Scope
from appliance.search.query import parse
from appliance.worker import enrolling
from appliance.worker.enrolling import enrol, remove_account
from appliance.worker.library import open_transcript, resume, tidy
from appliance.worker.packs import delete_packs_of
from appliance.worker.places import move
from appliance.worker.searching import start_indexing
from appliance.worker.sharing import file_keys, make_link
from appliance.worker.workshop import Workshop
from tests.links import Link
from tests.people import Person
from tests.web.appliance import AT_A_DESK, a_transcript, finish_job, put_recording
from tests.worker.private import put_privately
from tests.worker.shared import Team

PATIENCE_S = 30


@pytest.fixture
def team(workshop: Workshop, ben: Person) -> Team:
    return Team().made_by(workshop, ben)


def put_in(workshop: Workshop, person: Person, team: Team) -> str:
    recording_id = put_recording(workshop, person.account_id, "Hearing 12.wav")
    finish_job(workshop, recording_id, a_transcript())
    move(workshop, person.account_id, recording_id, team.hex, None)
    return recording_id


def enrol_afresh(workshop: Workshop, person: Person) -> Person:
    with workshop.database.write() as session:
        token = invitations.link_for(session, accounts.get(session, person.account_id))
    again = Person(person.name, account_id=person.account_id)
    enrol(workshop, token, person.name, again.keys, again.slots, AT_A_DESK)
    return again


def kept_workspaces(workshop: Workshop) -> set[bytes]:
    with workshop.database.read() as session:
        return workspaces.ids(session)


def all_recordings(workshop: Workshop, person: Person) -> dict[str, str | None]:
    with workshop.database.read() as session:
        listed = recordings.listing(session, person.account_id)
    return {one.recording.id: one.recording.workspace_id for one in listed}


def test_new_keys_of_its_only_member_end_a_workspace_and_give_them_what_still_opens(
    workshop: Workshop, team: Team, ben: Person
) -> None:
    standard, private = put_in(workshop, ben, team), put_privately(workshop, ben, team)
    with workshop.database.read() as session:
        title_id = session.get_one(Recording, private).title_id
    keys = file_keys(workshop, ben.account_id, standard)
    make_link(workshop, ben.account_id, standard, Link().offer(keys))
    start_indexing(workshop)
    assert workshop.indexing.wait_idle(PATIENCE_S)
    enrol_afresh(workshop, ben)
    assert kept_workspaces(workshop) == set()
    assert all_recordings(workshop, ben) == {standard: None}
    assert open_transcript(workshop, standard)[0].segments
    assert workshop.keystore.held(team.id, title_id) == []
    assert len(workshop.keystore.held(keys.title.document_id)) == 1  # The link's wrap is gone.
    assert workshop.indexing.wait_idle(PATIENCE_S)
    with workshop.database.read() as session:
        places = access.places_of(session, ben.account_id)
    assert workshop.indexing.index.find_in(places, parse("morning"), Scope()).groups


def test_new_keys_of_one_of_several_members_end_no_workspace(
    workshop: Workshop, team: Team, anna: Person, ben: Person
) -> None:
    team.add(workshop, ben, anna, Role.VIEWER)
    recording_id = put_in(workshop, ben, team)
    enrol_afresh(workshop, ben)
    assert kept_workspaces(workshop) == {team.id}
    assert all_recordings(workshop, ben) == {}
    assert all_recordings(workshop, anna) == {recording_id: team.hex}


def test_a_link_for_new_keys_changes_nothing_until_it_is_used(workshop: Workshop, team: Team, ben: Person) -> None:
    recording_id = put_in(workshop, ben, team)
    with workshop.database.write() as session:
        invitations.link_for(session, accounts.get(session, ben.account_id))
    tidy(workshop)
    assert all_recordings(workshop, ben) == {recording_id: team.hex}


@pytest.mark.parametrize("later", [tidy, resume])
def test_a_workspace_of_nobody_that_a_power_cut_left_ends_later(
    workshop: Workshop, team: Team, ben: Person, later: Callable[[Workshop], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    standard, private = put_in(workshop, ben, team), put_privately(workshop, ben, team)
    with monkeypatch.context() as power:
        power.setattr(enrolling, "settle", _power_cut)
        with pytest.raises(SystemExit):
            enrol_afresh(workshop, ben)
    assert kept_workspaces(workshop) == {team.id}
    later(workshop)
    assert kept_workspaces(workshop) == set()
    assert all_recordings(workshop, ben) == {standard: None}
    with workshop.database.read() as session:
        assert session.get(Recording, private) is None


def test_keys_made_after_a_removal_that_was_cut_off_let_nobody_into_a_workspace(
    workshop: Workshop, team: Team, anna: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    team.add(workshop, ben, anna)
    with monkeypatch.context() as power:
        power.setattr(enrolling, "delete_all_of", _power_cut)
        with pytest.raises(SystemExit):
            remove_account(workshop, ben.account_id)
    enrol_afresh(workshop, ben)
    with workshop.database.read() as session:
        assert workspaces.members(session, team.hex) == {anna.account_id: Role.EDITOR}


def test_two_members_removed_at_once_leave_no_workspace_of_nobody(
    workshop: Workshop, team: Team, anna: Person, ben: Person, amina: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert amina  # An administrator stays.
    team.add(workshop, ben, anna, Role.OWNER)
    recording_id = put_in(workshop, ben, team)
    together = Barrier(2, timeout=PATIENCE_S)

    def delete_packs_together(workshop: Workshop, owner_id: str) -> None:
        delete_packs_of(workshop, owner_id)
        together.wait()

    monkeypatch.setattr(enrolling, "delete_packs_of", delete_packs_together)
    removals = [Thread(target=remove_account, args=(workshop, person.account_id)) for person in (anna, ben)]
    for removal in removals:
        removal.start()
    for removal in removals:
        removal.join(PATIENCE_S)
    assert kept_workspaces(workshop) == set()
    with pytest.raises(NotFoundError):
        open_transcript(workshop, recording_id)


def _power_cut(*_: object) -> None:
    raise SystemExit
