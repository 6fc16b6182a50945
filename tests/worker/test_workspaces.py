"""Workspaces as the server keeps them: what it stores, what it refuses, and whom it lets in."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from appliance.crypto.envelope import new_file_key
from appliance.crypto.members import MemberList, Role, Seen, SignedList, verify_chain
from appliance.errors import (
    ApplianceError,
    ConflictError,
    KeysRefusedError,
    LastOwnerError,
    MemberListKeyError,
    MemberListSignerError,
    NoSuchPersonError,
    NotFoundError,
    RoleError,
    WorkspaceNotEmptyError,
)
from appliance.options import TranscribeOptions
from appliance.records import accounts, invitations, workspaces
from appliance.records.keystore import Wrap
from appliance.worker import intake
from appliance.worker.acquaintance import find_person
from appliance.worker.enrolling import enrol, remove_account
from appliance.worker.library import resume
from appliance.worker.member_keys import MEMBER_KEY, SentKeys, replacing
from appliance.worker.workshop import Workshop
from appliance.worker.workspaces import change, close, leave, make, newest_list, sealed_workspace
from tests.people import Person
from tests.web.appliance import AT_A_DESK, enrolled
from tests.worker.shared import Team, line, opened_key, signed


@pytest.fixture
def cleo(workshop: Workshop) -> Person:
    return enrolled(workshop, "cleo")


@pytest.fixture
def team(workshop: Workshop, anna: Person) -> Team:
    return Team().made_by(workshop, anna)


def roles(workshop: Workshop, team: Team) -> dict[str, Role]:
    with workshop.database.read() as session:
        return workspaces.members(session, team.hex)


def test_a_member_opens_the_key_and_verifies_every_list(
    workshop: Workshop, team: Team, anna: Person, ben: Person
) -> None:
    team.add(workshop, anna, ben)
    served = sealed_workspace(workshop, ben.account_id, team.hex)
    newest = verify_chain([SignedList(each.body, each.signature) for each in served.lists], team.id)
    key = opened_key(ben, team, served.key)
    newest.require_key(key)
    assert key == team.key
    assert {person.name for person in served.people} == {"anna", "ben"}


def test_nobody_else_is_told_that_a_workspace_is_there(workshop: Workshop, team: Team, ben: Person) -> None:
    for stranger in (ben.account_id, "0" * 32):
        with pytest.raises(NotFoundError):
            sealed_workspace(workshop, stranger, team.hex)


def test_taking_somebody_in_is_one_key_and_one_list(workshop: Workshop, team: Team, anna: Person, ben: Person) -> None:
    before = set(workshop.keystore.held(team.id))
    team.add(workshop, anna, ben)
    [added] = set(workshop.keystore.held(team.id)) - before
    assert (added.kind, added.holder) == (MEMBER_KEY, bytes.fromhex(ben.account_id))


def test_who_is_removed_is_out_at_once_and_the_others_get_another_key(
    workshop: Workshop, team: Team, anna: Person, ben: Person, cleo: Person
) -> None:
    team.add(workshop, anna, ben)
    team.add(workshop, anna, cleo, Role.VIEWER)
    old = team.key
    team.remove(workshop, anna, ben)
    with pytest.raises(NotFoundError):
        sealed_workspace(workshop, ben.account_id, team.hex)
    served = sealed_workspace(workshop, cleo.account_id, team.hex)
    assert opened_key(cleo, team, served.key) == team.key != old
    assert [each.epoch for each in served.earlier] == [2]
    holders = {wrap.holder.hex() for wrap in workshop.keystore.held(team.id) if wrap.kind == MEMBER_KEY}
    assert holders == {anna.account_id, cleo.account_id}


def test_a_browser_that_saw_the_removal_refuses_the_list_before_it(
    workshop: Workshop, team: Team, anna: Person, ben: Person
) -> None:
    team.add(workshop, anna, ben)
    team.remove(workshop, anna, ben)
    served = sealed_workspace(workshop, anna.account_id, team.hex)
    chain = [SignedList(each.body, each.signature) for each in served.lists]
    seen = Seen(team.newest.version, team.newest.digest)
    assert verify_chain(chain, team.id, seen).version == 3
    with pytest.raises(ApplianceError) as refused:
        verify_chain(chain[:-1], team.id, seen)
    assert refused.value.code == "crypto.member_list.order"


def forged(team: Team, by: Person, anna: Person) -> tuple[SignedList, SentKeys]:
    draft = team.draft(anna, team.people() | {by.account_id: line(by, Role.OWNER)})
    return signed(by, draft), SentKeys(team.sealed_to([line(by, Role.OWNER)], team.key), None)


def test_a_list_that_an_owner_did_not_sign_is_refused(
    workshop: Workshop, team: Team, anna: Person, ben: Person
) -> None:
    with pytest.raises(MemberListSignerError):
        change(workshop, anna.account_id, team.hex, *forged(team, ben, anna))
    assert roles(workshop, team) == {anna.account_id: Role.OWNER}


@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER])
def test_only_an_owner_changes_the_members(
    workshop: Workshop, team: Team, anna: Person, ben: Person, role: Role
) -> None:
    team.add(workshop, anna, ben, role)
    draft = team.draft(ben, team.people() | {ben.account_id: line(ben, Role.OWNER)})
    with pytest.raises(RoleError):
        change(workshop, ben.account_id, team.hex, signed(ben, draft), SentKeys({}, None))


def test_an_owner_does_not_send_a_list_in_the_name_of_another(
    workshop: Workshop, team: Team, anna: Person, ben: Person
) -> None:
    team.add(workshop, anna, ben, Role.OWNER)
    draft = team.draft(anna, team.people())
    with pytest.raises(MemberListSignerError):
        change(workshop, ben.account_id, team.hex, signed(anna, draft), SentKeys({}, None))


def test_of_two_owners_at_once_the_second_repeats_on_the_list_of_the_first(
    workshop: Workshop, team: Team, anna: Person, ben: Person, cleo: Person
) -> None:
    team.add(workshop, anna, ben, Role.OWNER)
    both = team.draft(ben, team.people() | {cleo.account_id: line(cleo, Role.VIEWER)})
    keys = SentKeys(team.sealed_to([line(cleo, Role.VIEWER)], team.key), None)
    team.name = "Ward 8"
    team.change_role(workshop, anna, anna, Role.OWNER)
    with pytest.raises(ConflictError):
        change(workshop, ben.account_id, team.hex, signed(ben, both), keys)
    assert cleo.account_id not in roles(workshop, team)
    team.add(workshop, ben, cleo, Role.VIEWER)
    assert roles(workshop, team)[cleo.account_id] is Role.VIEWER


def test_a_replayed_list_is_no_next_one(workshop: Workshop, team: Team, anna: Person, ben: Person) -> None:
    team.add(workshop, anna, ben)
    old = signed(anna, team.newest)
    team.remove(workshop, anna, ben)
    with pytest.raises(ConflictError):
        change(workshop, anna.account_id, team.hex, old, SentKeys({}, None))


def test_a_removal_that_keeps_the_key_is_refused(workshop: Workshop, team: Team, anna: Person, ben: Person) -> None:
    team.add(workshop, anna, ben)
    draft = team.draft(anna, {anna.account_id: line(anna, Role.OWNER)})
    with pytest.raises(MemberListKeyError):
        change(workshop, anna.account_id, team.hex, signed(anna, draft), SentKeys({}, None))
    assert ben.account_id in roles(workshop, team)


def test_a_removal_without_a_key_for_everybody_would_lock_them_out_and_is_refused(
    workshop: Workshop, team: Team, anna: Person, ben: Person, cleo: Person
) -> None:
    team.add(workshop, anna, ben)
    team.add(workshop, anna, cleo)
    draft, keys, _ = team.removal(anna, ben)
    for broken in (
        SentKeys({anna.account_id: keys.sealed[anna.account_id]}, keys.earlier),
        SentKeys(keys.sealed, None),
        SentKeys(keys.sealed | {ben.account_id: keys.sealed[cleo.account_id]}, keys.earlier),
        SentKeys(keys.sealed | {cleo.account_id: keys.sealed[anna.account_id]}, keys.earlier),
        SentKeys(keys.sealed, keys.earlier[:4] + b"\x05" + keys.earlier[5:] if keys.earlier else None),
        SentKeys(keys.sealed | {cleo.account_id: b"CLS1"}, keys.earlier),
    ):
        with pytest.raises(KeysRefusedError):
            change(workshop, anna.account_id, team.hex, signed(anna, draft), broken)
    served = sealed_workspace(workshop, cleo.account_id, team.hex)
    assert opened_key(cleo, team, served.key) == team.key


def test_somebody_with_swapped_keys_is_not_taken_in(
    workshop: Workshop, team: Team, anna: Person, ben: Person, cleo: Person
) -> None:
    swapped = msgspec.structs.replace(line(cleo, Role.EDITOR), account=ben.account_id)
    draft = team.draft(anna, team.people() | {ben.account_id: swapped})
    keys = SentKeys(team.sealed_to([swapped], team.key), None)
    with pytest.raises(KeysRefusedError):
        change(workshop, anna.account_id, team.hex, signed(anna, draft), keys)


def test_a_name_that_is_not_sealed_is_refused(workshop: Workshop, team: Team, anna: Person) -> None:
    for name in (b"Ward 7", b"\0" * 2000):
        draft = msgspec.structs.replace(team.draft(anna, team.people()), name=name)
        with pytest.raises(KeysRefusedError):
            change(workshop, anna.account_id, team.hex, signed(anna, draft), SentKeys({}, None))


@pytest.mark.parametrize(
    "spoil",
    [lambda signed: SignedList(b"{}", signed.signature), lambda signed: SignedList(b" " + signed.encoded, b"")],
)
def test_bytes_that_are_no_list_are_refused(
    workshop: Workshop, team: Team, anna: Person, spoil: Callable[[SignedList], SignedList]
) -> None:
    draft = team.draft(anna, team.people())
    with pytest.raises(KeysRefusedError):
        change(workshop, anna.account_id, team.hex, spoil(signed(anna, draft)), SentKeys({}, None))


def test_a_workspace_is_made_by_its_only_member(workshop: Workshop, anna: Person, ben: Person) -> None:
    team = Team()
    people = {person.account_id: line(person, Role.OWNER) for person in (anna, ben)}
    for draft in (
        team.draft(ben, {ben.account_id: people[ben.account_id]}),
        team.draft(anna, {anna.account_id: people[anna.account_id], ben.account_id: line(ben, Role.EDITOR)}),
    ):
        keys = SentKeys(team.sealed_to([*draft.members], team.keys[1]), None)
        by = anna if draft.signer == anna.account_id else ben
        with pytest.raises(KeysRefusedError):
            make(workshop, anna.account_id, signed(by, draft), keys)


def test_a_workspace_is_made_once(workshop: Workshop, team: Team, ben: Person) -> None:
    other = Team(id=team.id)
    with pytest.raises(ConflictError):
        other.made_by(workshop, ben)
    with pytest.raises(NotFoundError):
        sealed_workspace(workshop, ben.account_id, team.hex)


def test_the_last_owner_cannot_be_demoted(workshop: Workshop, team: Team, anna: Person, ben: Person) -> None:
    team.add(workshop, anna, ben)
    draft = team.draft(anna, team.people() | {anna.account_id: line(anna, Role.EDITOR)})
    with pytest.raises(LastOwnerError):
        change(workshop, anna.account_id, team.hex, signed(anna, draft), SentKeys({}, None))


def test_the_last_owner_cannot_leave(workshop: Workshop, team: Team, anna: Person, ben: Person) -> None:
    team.add(workshop, anna, ben)
    with pytest.raises(LastOwnerError):
        leave(workshop, anna.account_id, team.hex)
    team.change_role(workshop, anna, ben, Role.OWNER)
    leave(workshop, anna.account_id, team.hex)
    with pytest.raises(NotFoundError):
        sealed_workspace(workshop, anna.account_id, team.hex)


def test_an_owner_who_left_does_not_count_as_one(workshop: Workshop, team: Team, anna: Person, ben: Person) -> None:
    team.add(workshop, anna, ben, Role.OWNER)
    leave(workshop, anna.account_id, team.hex)
    draft = team.draft(ben, team.people() | {ben.account_id: line(ben, Role.EDITOR)})
    with pytest.raises(LastOwnerError):
        change(workshop, ben.account_id, team.hex, signed(ben, draft), SentKeys({}, None))


def test_who_left_is_not_let_in_again_by_a_list_that_still_names_them(
    workshop: Workshop, team: Team, anna: Person, ben: Person, cleo: Person
) -> None:
    team.add(workshop, anna, ben)
    leave(workshop, ben.account_id, team.hex)
    team.add(workshop, anna, cleo)
    assert set(roles(workshop, team)) == {anna.account_id, cleo.account_id}
    assert [wrap for wrap in workshop.keystore.held(team.id) if wrap.holder.hex() == ben.account_id] == []
    team.remove(workshop, anna, ben)
    team.add(workshop, anna, ben)
    assert ben.account_id in roles(workshop, team)


def test_who_made_fresh_keys_is_out_until_an_owner_takes_them_in_again(
    workshop: Workshop, team: Team, anna: Person, ben: Person, cleo: Person
) -> None:
    team.add(workshop, anna, ben)
    with workshop.database.write() as session:
        token = invitations.link_for(session, accounts.get(session, ben.account_id))
    fresh = Person("ben", account_id=ben.account_id)
    enrol(workshop, token, "ben", fresh.keys, fresh.slots, AT_A_DESK)
    with pytest.raises(NotFoundError):
        sealed_workspace(workshop, ben.account_id, team.hex)
    team.add(workshop, anna, cleo)
    assert ben.account_id not in roles(workshop, team)
    team.remove(workshop, anna, ben)
    team.add(workshop, anna, fresh)
    served = sealed_workspace(workshop, ben.account_id, team.hex)
    assert opened_key(fresh, team, served.key) == team.key


def test_a_change_that_is_cut_off_locks_nobody_out(
    workshop: Workshop, team: Team, anna: Person, ben: Person, cleo: Person
) -> None:
    team.add(workshop, anna, ben)
    team.add(workshop, anna, cleo)
    draft, keys, _ = team.removal(anna, ben)
    before = set(workshop.keystore.held(team.id))
    with pytest.raises(KeyboardInterrupt), replacing(workshop, draft, keys, [anna.account_id, cleo.account_id]):
        raise KeyboardInterrupt
    assert set(workshop.keystore.held(team.id)) == before
    assert opened_key(cleo, team, sealed_workspace(workshop, cleo.account_id, team.hex).key) == team.key


def test_after_a_power_cut_the_newest_list_says_which_key_is_meant(
    workshop: Workshop, team: Team, anna: Person, ben: Person, cleo: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    team.add(workshop, anna, ben)
    team.add(workshop, anna, cleo)
    old = team.key
    with monkeypatch.context() as power:
        power.setattr(type(workshop.keystore), "change", lambda *_, **__: (_ for _ in ()).throw(SystemExit))
        put = lambda store, *wraps: store._change(  # noqa: E731 -- the store without its change.
            [
                (
                    "INSERT INTO wraps (subject, kind, holder, wrapped) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    (wrap.subject, wrap.kind, wrap.holder, wrap.wrapped),
                )
                for wrap in wraps
            ],
            keep_ballast_bytes=0,
        )
        power.setattr(type(workshop.keystore), "put", put)
        with pytest.raises(SystemExit):
            team.remove(workshop, anna, ben)
    stored = workspaces_newest(workshop, team)
    assert stored.epoch == 2
    served = sealed_workspace(workshop, cleo.account_id, team.hex)
    assert opened_key(cleo, team, served.key) != old
    resume(workshop)
    settled = sealed_workspace(workshop, cleo.account_id, team.hex)
    stored.require_key(opened_key(cleo, team, settled.key))
    holders = {wrap.holder.hex() for wrap in workshop.keystore.held(team.id) if wrap.kind == MEMBER_KEY}
    assert holders == {anna.account_id, cleo.account_id}


def workspaces_newest(workshop: Workshop, team: Team) -> MemberList:
    with workshop.database.read() as session:
        return newest_list(session, team.hex)


def test_a_start_takes_back_keys_of_people_who_are_not_let_in(workshop: Workshop, team: Team, ben: Person) -> None:
    stray = Wrap(team.id, MEMBER_KEY, bytes.fromhex(ben.account_id), b"stray")
    workshop.keystore.put(stray)
    resume(workshop)
    assert stray not in workshop.keystore.held(team.id)
    assert len(workshop.keystore.held(team.id)) == 1


def test_a_workspace_with_recordings_is_not_deleted(workshop: Workshop, team: Team, anna: Person, ben: Person) -> None:
    recording = intake.begin_upload(workshop, anna.account_id, "x.wav", 10, TranscribeOptions(), team.hex)
    with pytest.raises(WorkspaceNotEmptyError):
        close(workshop, anna.account_id, team.hex)
    intake.take_chunk(workshop, anna.account_id, recording.id, 0, b"0123456789")
    team.add(workshop, anna, ben)
    with pytest.raises(RoleError):
        close(workshop, ben.account_id, team.hex)


def test_an_empty_workspace_is_deleted_with_its_keys(workshop: Workshop, team: Team, anna: Person) -> None:
    close(workshop, anna.account_id, team.hex)
    assert workshop.keystore.held(team.id) == []
    with pytest.raises(NotFoundError):
        sealed_workspace(workshop, anna.account_id, team.hex)


def test_when_an_account_ends_what_it_put_into_a_workspace_stays_with_the_others(
    workshop: Workshop, team: Team, anna: Person, ben: Person
) -> None:
    team.add(workshop, anna, ben, Role.OWNER)
    alone = Team().made_by(workshop, ben)
    for place in (team, alone):
        recording = intake.begin_upload(workshop, ben.account_id, "x.wav", 10, TranscribeOptions(), place.hex)
        intake.take_chunk(workshop, ben.account_id, recording.id, 0, b"0123456789")
    remove_account(workshop, ben.account_id)
    with workshop.database.read() as session:
        assert workspaces.has_recordings(session, team.hex)
        assert not workspaces.has_recordings(session, alone.hex)
        assert workspaces.ids(session) == {team.id}
    assert roles(workshop, team) == {anna.account_id: Role.OWNER}
    assert workshop.keystore.held(alone.id) == []
    served = sealed_workspace(workshop, anna.account_id, team.hex)
    assert {person.name: person.is_let_in for person in served.people} == {"anna": True, "": False}


def test_somebody_is_found_by_the_whole_name(workshop: Workshop, ben: Person) -> None:
    found = find_person(workshop, " BEN ")
    assert (found.account, found.x) == (ben.account_id, ben.identity.x_public)
    with workshop.database.write() as session:
        invitations.invite(session, "dora", accounts.MEMBER)
    for name in ("be", "dora"):
        with pytest.raises(NoSuchPersonError):
            find_person(workshop, name)


def test_a_start_forgets_no_key_of_a_workspace(workshop: Workshop, team: Team, anna: Person, ben: Person) -> None:
    team.add(workshop, anna, ben)
    team.remove(workshop, anna, ben)
    before = workshop.keystore.held(team.id)
    workshop.keystore.put(Wrap(b"w" * 16, MEMBER_KEY, team.id, new_file_key()))
    resume(workshop)
    assert workshop.keystore.held(team.id) == before
    assert workshop.keystore.held(b"w" * 16) == []
