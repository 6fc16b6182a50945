from __future__ import annotations

import pytest
from sqlmodel import select

from appliance.errors import (
    LastAdministratorError,
    NameTakenError,
    NotFoundError,
    PersonNameError,
    UnknownAccountError,
)
from appliance.records import accounts, invitations, sessions
from appliance.records.accounts import ADMINISTRATOR, MEMBER
from appliance.records.database import Database
from appliance.records.tables_of_people import LiveSession, SealedIndex, SetupLink
from tests.records.people import KEYS, OTHER_KEYS, enrolled


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Amina Rahman", "  amina   RAHMAN "),
        ("Strauß", "STRAUSS"),
        ("ﬁona", "Fiona"),
        ("\uff21\uff4dina", "amina"),
        ("José", "Jose\u0301"),
        ("র\u200d্যাব", "র্যাব"),
    ],
)
def test_names_that_people_take_for_the_same_are_the_same(one: str, other: str) -> None:
    assert accounts.name_key(one) == accounts.name_key(other)


def test_folding_a_name_twice_changes_nothing_more() -> None:
    for name in ("İstanbul", "ﬃ", "ΐ", "Ω", "ᾳ", "ǅ"):
        assert accounts.name_key(accounts.name_key(name)) == accounts.name_key(name)


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\x00b", "a\u202eb", "\u200d\u200c", "a\u2028b\u200b"])
def test_a_name_that_nobody_could_read_is_refused(name: str) -> None:
    with pytest.raises(PersonNameError):
        accounts.checked_name(name)


@pytest.mark.parametrize("name", ["Amina", "জয়নুল আবেদিন", "র\u200d্যাব", "O'Brien-Smith 2"])
def test_a_name_may_be_written_in_any_script(name: str) -> None:
    assert accounts.checked_name(f" {name} ").split() == name.split()


def test_a_name_whose_letters_stand_for_many_others_is_refused_where_it_would_not_fit() -> None:
    assert len(accounts.name_key("\ufdfa")) == 18  # No character stands for more.
    with pytest.raises(PersonNameError):
        accounts.checked_name("\ufdfa" * 80)


def test_somebody_who_enrols_has_the_name_the_role_and_the_keys(database: Database) -> None:
    account = enrolled(database, "Amina Rahman", MEMBER)
    assert (account.name, account.role, account.is_enrolled) == ("Amina Rahman", MEMBER, True)
    assert account.x_public == KEYS.x_public
    with database.read() as session:
        assert accounts.named(session, "amina rahman").id == account.id
        assert accounts.ids(session) == {bytes.fromhex(account.id)}


def test_the_account_has_the_id_that_the_browser_bound_its_keys_to(database: Database) -> None:
    with database.write() as session:
        token = invitations.invite(session, "Amina", MEMBER)
        promised = invitations.look(session, token).account_id
        account = accounts.enrol(session, invitations.use(session, token), "Amina", KEYS)
    assert account.id == promised


def test_a_name_on_the_link_is_the_name_whatever_the_browser_says(database: Database) -> None:
    with database.write() as session:
        token = invitations.invite(session, "Amina", MEMBER)
        assert accounts.enrol(session, invitations.use(session, token), "Eve", KEYS).name == "Amina"


def test_two_people_cannot_have_one_name(database: Database) -> None:
    enrolled(database, "Amina")
    with database.write() as session:
        token = invitations.invite(session, None, MEMBER)
    with pytest.raises(NameTakenError), database.write() as session:
        accounts.enrol(session, invitations.use(session, token), "AMINA", KEYS)
    with database.write() as session:
        assert accounts.enrol(session, invitations.use(session, token), "Amina II", KEYS).name == "Amina II"


def test_enrolling_afresh_replaces_the_keys_and_ends_every_session(database: Database) -> None:
    account = enrolled(database)
    with database.write() as session:
        sessions.begin(session, account.id)
        session.add(SealedIndex(account_id=account.id, version=3, sealed=b"sealed"))
    with database.write() as session:
        token = invitations.link_for(session, accounts.get(session, account.id))
        again = accounts.enrol(session, invitations.use(session, token), "Somebody else", OTHER_KEYS)
    assert (again.id, again.name, again.login_public) == (account.id, account.name, OTHER_KEYS.login_public)
    with database.read() as session:
        assert session.exec(select(LiveSession)).all() == []
        assert session.exec(select(SealedIndex)).all() == []


def test_a_passphrase_and_a_recovery_code_can_be_changed_each_alone(database: Database) -> None:
    account = enrolled(database)
    with database.write() as session:
        accounts.change_passphrase(session, account.id, b"1" * 32, b"2" * 32)
        accounts.change_recovery(session, account.id, b"3" * 32)
    with database.read() as session:
        changed = accounts.get(session, account.id)
    assert (changed.kdf, changed.login_public, changed.recovery_public) == (b"1" * 32, b"2" * 32, b"3" * 32)
    assert changed.x_public == KEYS.x_public


def test_the_last_administrator_cannot_be_demoted_or_removed(database: Database) -> None:
    only = enrolled(database, "Amina")
    enrolled(database, "Ben", MEMBER)
    with pytest.raises(LastAdministratorError), database.write() as session:
        accounts.change_role(session, only.id, MEMBER)
    with pytest.raises(LastAdministratorError), database.write() as session:
        accounts.close(session, only.id)


def test_an_administrator_who_has_not_enrolled_does_not_count(database: Database) -> None:
    only = enrolled(database, "Amina")
    with database.write() as session:
        session.add(accounts.Account(name="Late", name_key="late", role=ADMINISTRATOR))
    with pytest.raises(LastAdministratorError), database.write() as session:
        accounts.close(session, only.id)


def test_of_two_administrators_each_can_go_but_not_both(database: Database) -> None:
    one, other = enrolled(database, "Amina"), enrolled(database, "Ben")
    with database.write() as session:
        accounts.change_role(session, one.id, MEMBER)
    with pytest.raises(LastAdministratorError), database.write() as session:
        accounts.change_role(session, other.id, MEMBER)
    with database.write() as session:
        accounts.change_role(session, one.id, ADMINISTRATOR)
        accounts.close(session, other.id)
        assert not accounts.get(session, other.id).is_enrolled


def test_nobody_comes_in_by_an_account_that_is_closed(database: Database) -> None:
    enrolled(database, "Amina")
    leaving = enrolled(database, "Ben", MEMBER)
    with database.write() as session:
        sessions.begin(session, leaving.id)
        invitations.link_for(session, accounts.get(session, leaving.id))
        accounts.close(session, leaving.id)
    with database.read() as session:
        assert sessions.listing(session, leaving.id) == []
        links = session.exec(select(SetupLink).where(SetupLink.account_id == leaving.id)).all()
    assert [link for link in links if link.used_at is None] == []


def test_a_removed_account_leaves_no_row(database: Database) -> None:
    account = enrolled(database, "Amina")
    with database.write() as session:
        sessions.begin(session, account.id)
        session.add(SealedIndex(account_id=account.id, version=1, sealed=b"sealed"))
    database.remove(lambda session: accounts.remove(session, account.id))
    with database.read() as session:
        assert accounts.find(session, account.id) is None
        assert session.exec(select(LiveSession)).all() == []
        assert session.exec(select(SealedIndex)).all() == []
        assert session.exec(select(SetupLink)).all() == []


def test_an_unknown_name_and_an_unknown_id_are_told_apart_from_a_fault(database: Database) -> None:
    with database.read() as session:
        assert accounts.by_name(session, "Nobody") is None
        with pytest.raises(UnknownAccountError):
            accounts.named(session, "Nobody")
        with pytest.raises(NotFoundError):
            accounts.get(session, "0" * 32)
