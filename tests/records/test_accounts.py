from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import NoReturn

import pytest
from sqlmodel import select

from appliance.errors import DiskFullError, LinkUsedError, SignedOutError
from appliance.records import accounts
from appliance.records.accounts import Account, LiveSession, SetupLink
from appliance.records.database import DATABASE_FILE, Database

NOON = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def signed_in(database: Database) -> str:
    """The cookie of a browser that signed in at noon."""
    with database.write() as session:
        return accounts.redeem_link(session, accounts.issue_link(session, NOON), NOON)


def seen_at(database: Database) -> datetime:
    with database.read() as session:
        return session.exec(select(LiveSession)).one().seen_at


def use_at(database: Database, cookie: str, now: datetime) -> Account:
    with database.write() as session:
        return accounts.session_account(session, cookie, now)


def test_a_link_signs_the_owner_in(database: Database, signed_in: str) -> None:
    assert use_at(database, signed_in, NOON).role == "owner"


def test_every_link_is_for_the_same_owner(database: Database, signed_in: str) -> None:
    first = use_at(database, signed_in, NOON)
    with database.write() as session:
        second = accounts.redeem_link(session, accounts.issue_link(session, NOON), NOON)

    assert use_at(database, second, NOON).id == first.id


def test_tokens_are_thirty_two_random_bytes(database: Database) -> None:
    with database.write() as session:
        link = accounts.issue_link(session)
        cookie = accounts.redeem_link(session, link)

    assert [len(base64.urlsafe_b64decode(token + "=")) for token in (link, cookie)] == [32, 32]
    assert link != cookie


def test_no_token_is_in_the_database_files(database: Database, tmp_path: Path) -> None:
    with database.write() as session:
        link = accounts.issue_link(session)
        cookie = accounts.redeem_link(session, link)
    files = b"".join(path.read_bytes() for path in (tmp_path / "data").glob(f"{DATABASE_FILE}*"))

    for token in (link, cookie):
        assert token.encode() not in files
        assert base64.urlsafe_b64decode(token + "=") not in files


def test_a_link_works_once(database: Database) -> None:
    with database.write() as session:
        link = accounts.issue_link(session, NOON)
        accounts.redeem_link(session, link, NOON)
    with pytest.raises(LinkUsedError), database.write() as session:
        accounts.redeem_link(session, link, NOON)


def test_of_two_browsers_that_follow_a_link_at_the_same_moment_one_comes_in(database: Database) -> None:
    with database.write() as session:
        link = accounts.issue_link(session)
    start = Barrier(2)

    def follow(_: int) -> bool:
        start.wait()
        try:
            with database.write() as session:
                accounts.redeem_link(session, link)
        except LinkUsedError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(follow, range(2))) == [False, True]


@pytest.mark.parametrize(("age", "works"), [(timedelta(hours=24, seconds=-1), True), (timedelta(hours=24), False)])
def test_a_link_works_for_a_day(database: Database, age: timedelta, works: bool) -> None:  # noqa: FBT001 -- a parameter of the test.
    with database.write() as session:
        link = accounts.issue_link(session, NOON)
    try:
        with database.write() as session:
            accounts.redeem_link(session, link, NOON + age)
    except LinkUsedError:
        assert not works
    else:
        assert works


def test_a_new_link_takes_the_place_of_the_one_before(database: Database) -> None:
    with database.write() as session:
        old = accounts.issue_link(session)
        accounts.issue_link(session)
    with pytest.raises(LinkUsedError), database.write() as session:
        accounts.redeem_link(session, old)
    with database.read() as session:
        assert len(session.exec(select(SetupLink)).all()) == 1


def test_a_made_up_link_does_not_work(database: Database) -> None:
    with pytest.raises(LinkUsedError), database.write() as session:
        accounts.redeem_link(session, "made-up")


def test_a_made_up_cookie_is_signed_out(database: Database, signed_in: str) -> None:
    with pytest.raises(SignedOutError):
        use_at(database, signed_in[::-1], NOON)


def test_half_an_hour_without_a_request_signs_out(database: Database, signed_in: str) -> None:
    use_at(database, signed_in, NOON + timedelta(minutes=29))
    use_at(database, signed_in, NOON + timedelta(minutes=58))
    with pytest.raises(SignedOutError):
        use_at(database, signed_in, NOON + timedelta(minutes=88))


def test_twelve_hours_sign_out_however_busy_it_was(database: Database, signed_in: str) -> None:
    for minutes in range(20, 12 * 60, 20):
        use_at(database, signed_in, NOON + timedelta(minutes=minutes))
    with pytest.raises(SignedOutError):
        use_at(database, signed_in, NOON + timedelta(hours=12))


def test_a_request_is_noted_at_most_once_a_minute(database: Database, signed_in: str) -> None:
    use_at(database, signed_in, NOON + timedelta(seconds=59))
    assert seen_at(database) == NOON
    use_at(database, signed_in, NOON + timedelta(seconds=60))
    assert seen_at(database) == NOON + timedelta(seconds=60)


def test_a_request_within_the_minute_waits_for_no_writer(database: Database, signed_in: str) -> None:
    with database.write():
        account = accounts.signed_in(database, signed_in, NOON + timedelta(seconds=59))

    assert account.role == "owner"


def test_a_request_after_the_minute_is_noted(database: Database, signed_in: str) -> None:
    accounts.signed_in(database, signed_in, NOON + timedelta(minutes=2))

    assert seen_at(database) == NOON + timedelta(minutes=2)


def test_ending_a_session_signs_that_browser_out(database: Database, signed_in: str) -> None:
    with database.write() as session:
        other = accounts.redeem_link(session, accounts.issue_link(session, NOON), NOON)
        accounts.end_session(session, signed_in)

    assert use_at(database, other, NOON).role == "owner"
    with pytest.raises(SignedOutError):
        use_at(database, signed_in, NOON)


def test_all_browsers_and_links_can_be_turned_away_at_once(database: Database, signed_in: str) -> None:
    with database.write() as session:
        link = accounts.issue_link(session, NOON)
        accounts.end_all_sessions(session)

    with pytest.raises(SignedOutError):
        use_at(database, signed_in, NOON)
    with pytest.raises(LinkUsedError), database.write() as session:
        accounts.redeem_link(session, link, NOON)


def test_a_full_disk_signs_nobody_out(database: Database, signed_in: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> NoReturn:
        raise DiskFullError(folder="data")

    monkeypatch.setattr(database, "write", refuse)

    assert accounts.signed_in(database, signed_in, NOON + timedelta(minutes=2)).role == "owner"


@pytest.mark.parametrize(
    ("after", "alive"), [(timedelta(0), True), (timedelta(minutes=29), True), (timedelta(minutes=30), False)]
)
def test_it_is_known_whether_anybody_is_signed_in(
    database: Database,
    signed_in: str,
    after: timedelta,
    alive: bool,  # noqa: FBT001 -- a parameter of the test.
) -> None:
    with database.read() as session:
        assert accounts.has_live_session(session, NOON + after) == alive


def test_sessions_that_ended_are_forgotten_at_the_next_sign_in(database: Database, signed_in: str) -> None:
    later = NOON + timedelta(hours=1)
    with database.write() as session:
        accounts.redeem_link(session, accounts.issue_link(session, later), later)
    with database.read() as session:
        assert len(session.exec(select(LiveSession)).all()) == 1
