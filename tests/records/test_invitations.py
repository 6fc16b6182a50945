from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlmodel import select

from appliance.errors import LinkUsedError, NameTakenError, PersonNameError
from appliance.records import accounts, invitations
from appliance.records.accounts import ADMINISTRATOR, MEMBER
from appliance.records.database import DATABASE_FILE, Database
from appliance.records.tables_of_people import SetupLink
from tests.records.people import KEYS, enrolled

NOON = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)


def test_a_token_is_thirty_two_random_bytes(database: Database) -> None:
    with database.write() as session:
        tokens = [invitations.invite(session, name, MEMBER) for name in ("Amina", "Ben")]
    assert [len(base64.urlsafe_b64decode(token + "=")) for token in tokens] == [32, 32]
    assert tokens[0] != tokens[1]


def test_no_token_is_in_the_database_files(database: Database, tmp_path: Path) -> None:
    with database.write() as session:
        token = invitations.invite(session, "Amina", MEMBER)
    files = b"".join(path.read_bytes() for path in (tmp_path / "data").glob(f"{DATABASE_FILE}*"))
    assert token.encode() not in files
    assert base64.urlsafe_b64decode(token + "=") not in files


def test_a_link_works_once(database: Database) -> None:
    with database.write() as session:
        token = invitations.invite(session, "Amina", MEMBER, NOON)
        invitations.use(session, token, NOON)
    for attempt in (invitations.use, invitations.look):
        with pytest.raises(LinkUsedError), database.write() as session:
            attempt(session, token, NOON)


def test_looking_at_a_link_uses_nothing_up(database: Database) -> None:
    with database.write() as session:
        token = invitations.invite(session, "Amina", MEMBER, NOON)
        for _ in range(3):
            assert invitations.look(session, token, NOON).name == "Amina"
        assert invitations.use(session, token, NOON).name == "Amina"


def test_of_two_browsers_that_use_a_link_at_the_same_moment_one_comes_in(database: Database) -> None:
    with database.write() as session:
        token = invitations.invite(session, "Amina", MEMBER)
    start = Barrier(2)

    def use(_: int) -> bool:
        start.wait()
        try:
            with database.write() as session:
                invitations.use(session, token)
        except LinkUsedError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(use, range(2))) == [False, True]


@pytest.mark.parametrize(("age", "works"), [(timedelta(hours=24, seconds=-1), True), (timedelta(hours=24), False)])
def test_a_link_works_for_a_day(database: Database, age: timedelta, works: bool) -> None:  # noqa: FBT001 -- a parameter of the test.
    with database.write() as session:
        token = invitations.invite(session, "Amina", MEMBER, NOON)
    for attempt in (invitations.look, invitations.use):
        try:
            with database.write() as session:
                attempt(session, token, NOON + age)
        except LinkUsedError:
            assert not works
        else:
            assert works


def test_a_made_up_link_does_not_work(database: Database) -> None:
    with pytest.raises(LinkUsedError), database.write() as session:
        invitations.use(session, "made-up")


def test_an_invitation_takes_the_place_of_the_one_before_for_the_same_name(database: Database) -> None:
    with database.write() as session:
        old = invitations.invite(session, "Amina", MEMBER)
        other = invitations.invite(session, "Ben", MEMBER)
        invitations.invite(session, "AMINA", ADMINISTRATOR)
    with pytest.raises(LinkUsedError), database.write() as session:
        invitations.use(session, old)
    with database.write() as session:
        assert invitations.use(session, other).name == "Ben"


def test_nobody_is_invited_under_the_name_of_somebody_else(database: Database) -> None:
    enrolled(database, "Amina")
    with pytest.raises(NameTakenError), database.write() as session:
        invitations.invite(session, "amina", MEMBER)
    with pytest.raises(PersonNameError), database.write() as session:
        invitations.invite(session, "\u202e", MEMBER)


def test_an_invitation_can_be_taken_back(database: Database) -> None:
    with database.write() as session:
        token = invitations.invite(session, "Amina", MEMBER)
        [pending] = invitations.pending(session)
        invitations.take_back(session, pending.account_id)
        assert invitations.pending(session) == []
    with pytest.raises(LinkUsedError), database.write() as session:
        invitations.use(session, token)


def test_only_invitations_that_still_work_are_listed(database: Database) -> None:
    account = enrolled(database, "Amina", now=NOON)
    with database.write() as session:
        invitations.link_for(session, account, NOON)
        invitations.invite(session, "Ben", MEMBER, NOON)
        assert [link.name for link in invitations.pending(session, NOON)] == ["Ben"]
        assert invitations.pending(session, NOON + timedelta(hours=24)) == []


def test_links_that_ended_are_forgotten_when_another_is_made(database: Database) -> None:
    with database.write() as session:
        invitations.invite(session, "Amina", MEMBER, NOON)
        invitations.invite(session, "Ben", MEMBER, NOON + timedelta(hours=25))
        assert [link.name for link in session.exec(select(SetupLink))] == ["Ben"]


def test_a_link_for_somebody_who_enrolled_keeps_name_role_and_id(database: Database) -> None:
    account = enrolled(database, "Amina", MEMBER)
    with database.write() as session:
        link = invitations.look(session, invitations.link_for(session, account))
    assert (link.account_id, link.name, link.role, link.reset) == (account.id, "Amina", MEMBER, True)


def test_the_first_link_is_for_an_administrator_who_chooses_a_name(database: Database) -> None:
    with database.write() as session:
        token = invitations.first_link(session)
        assert token is not None
        link = invitations.use(session, token)
        assert (link.name, link.role, link.reset) == (None, ADMINISTRATOR, False)
        accounts.enrol(session, link, "Amina", KEYS)
        assert invitations.first_link(session) is None


def test_each_first_link_takes_the_place_of_the_one_before(database: Database) -> None:
    with database.write() as session:
        old, new = invitations.first_link(session), invitations.first_link(session)
    assert old is not None
    assert new is not None
    with pytest.raises(LinkUsedError), database.write() as session:
        invitations.use(session, old)
    with database.write() as session:
        invitations.use(session, new)


def test_the_owner_of_before_there_were_accounts_enrols_first_and_chooses_a_name(database: Database) -> None:
    with database.write() as session:
        owner = accounts.Account(name="owner", name_key="owner", role=ADMINISTRATOR)
        session.add(owner)
        session.flush()
        token = invitations.first_link(session)
        assert token is not None
        link = invitations.use(session, token)
        account = accounts.enrol(session, link, "Amina", KEYS)
    assert (account.id, account.name, link.reset) == (owner.id, "Amina", False)
