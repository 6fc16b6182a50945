from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import pytest
from sqlmodel import select

from appliance.errors import DiskFullError, NotFoundError, SignedOutError
from appliance.records import sessions
from appliance.records.accounts import Account
from appliance.records.database import DATABASE_FILE, Database
from appliance.records.sessions import LiveSession
from tests.records.people import enrolled

NOON = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def amina(database: Database) -> Account:
    return enrolled(database, "Amina", now=NOON)


@pytest.fixture
def token(database: Database, amina: Account) -> str:
    """The cookie of a browser that signed in at noon."""
    return begin(database, amina)


def begin(database: Database, account: Account, device: str = "") -> str:
    with database.write() as session:
        return sessions.begin(session, account.id, device, now=NOON)


def use_at(database: Database, token: str, now: datetime) -> Account:
    with database.write() as session:
        return sessions.present(session, token, now).account


def seen_at(database: Database) -> datetime:
    with database.read() as session:
        return session.exec(select(LiveSession)).one().seen_at


def test_a_session_is_its_persons(database: Database, amina: Account, token: str) -> None:
    assert use_at(database, token, NOON).id == amina.id


def test_every_session_has_a_token_and_an_id_of_its_own(database: Database, amina: Account) -> None:
    tokens = {begin(database, amina) for _ in range(3)}
    assert {len(base64.urlsafe_b64decode(token + "=")) for token in tokens} == {32}
    with database.read() as session:
        assert len(tokens) == len(sessions.ids(session, NOON)) == 3


def test_no_token_is_in_the_database_files(database: Database, token: str, tmp_path: Path) -> None:
    files = b"".join(path.read_bytes() for path in (tmp_path / "data").glob(f"{DATABASE_FILE}*"))
    assert token.encode() not in files
    assert base64.urlsafe_b64decode(token + "=") not in files


def test_a_made_up_cookie_is_signed_out(database: Database, token: str) -> None:
    with pytest.raises(SignedOutError):
        use_at(database, token[::-1], NOON)


def test_half_an_hour_without_a_request_signs_out(database: Database, token: str) -> None:
    use_at(database, token, NOON + timedelta(minutes=29))
    use_at(database, token, NOON + timedelta(minutes=58))
    with pytest.raises(SignedOutError):
        use_at(database, token, NOON + timedelta(minutes=88))


def test_twelve_hours_sign_out_however_busy_it_was(database: Database, token: str) -> None:
    for minutes in range(20, 12 * 60, 20):
        use_at(database, token, NOON + timedelta(minutes=minutes))
    with pytest.raises(SignedOutError):
        use_at(database, token, NOON + timedelta(hours=12))


def test_a_request_is_noted_at_most_once_a_minute(database: Database, token: str) -> None:
    use_at(database, token, NOON + timedelta(seconds=59))
    assert seen_at(database) == NOON
    use_at(database, token, NOON + timedelta(seconds=60))
    assert seen_at(database) == NOON + timedelta(seconds=60)


def test_a_request_within_the_minute_waits_for_no_writer(database: Database, amina: Account, token: str) -> None:
    with database.write():
        found = sessions.signed_in(database, token, NOON + timedelta(seconds=59))
    assert found.account.id == amina.id


def test_a_request_after_the_minute_is_noted(database: Database, token: str) -> None:
    sessions.signed_in(database, token, NOON + timedelta(minutes=2))
    assert seen_at(database) == NOON + timedelta(minutes=2)


def test_a_full_disk_signs_nobody_out(
    database: Database, amina: Account, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> NoReturn:
        raise DiskFullError(folder="data")

    monkeypatch.setattr(database, "write", refuse)
    assert sessions.signed_in(database, token, NOON + timedelta(minutes=2)).account.id == amina.id


def test_ending_a_session_signs_that_browser_out(database: Database, amina: Account, token: str) -> None:
    other = begin(database, amina)
    with database.write() as session:
        sessions.end(session, token)
    assert use_at(database, other, NOON).id == amina.id
    with pytest.raises(SignedOutError):
        use_at(database, token, NOON)


def test_the_list_shows_where_a_person_is_signed_in_and_nobody_else(database: Database, amina: Account) -> None:
    begin(database, amina, "Firefox, Linux")
    begin(database, enrolled(database, "Ben", now=NOON), "Safari, macOS")
    with database.read() as session:
        assert [live.device for live in sessions.listing(session, amina.id, NOON)] == ["Firefox, Linux"]
        assert sessions.listing(session, amina.id, NOON + timedelta(minutes=30)) == []


def test_one_session_can_be_ended_by_its_id_but_only_ones_own(database: Database, amina: Account, token: str) -> None:
    ben = enrolled(database, "Ben", now=NOON)
    with database.read() as session:
        [live] = sessions.listing(session, amina.id, NOON)
    with pytest.raises(NotFoundError), database.write() as session:
        sessions.end_one(session, ben.id, live.id)
    assert use_at(database, token, NOON).id == amina.id
    with database.write() as session:
        sessions.end_one(session, amina.id, live.id)
    with pytest.raises(SignedOutError):
        use_at(database, token, NOON)


def test_all_other_sessions_can_be_ended_at_once(database: Database, amina: Account, token: str) -> None:
    others = [begin(database, amina) for _ in range(2)]
    foreign = begin(database, enrolled(database, "Ben", now=NOON))
    with database.write() as session:
        kept = sessions.present(session, token, NOON).live.id
        sessions.end_others(session, amina.id, kept)
    assert use_at(database, token, NOON).id == amina.id
    assert use_at(database, foreign, NOON).name == "Ben"
    for other in others:
        with pytest.raises(SignedOutError):
            use_at(database, other, NOON)


def test_all_sessions_of_one_person_can_be_ended(database: Database, amina: Account, token: str) -> None:
    foreign = begin(database, enrolled(database, "Ben", now=NOON))
    with database.write() as session:
        sessions.end_all(session, amina.id)
    assert use_at(database, foreign, NOON).name == "Ben"
    with pytest.raises(SignedOutError):
        use_at(database, token, NOON)


def test_a_session_begun_by_the_recovery_code_is_so_until_a_passphrase_is_set(
    database: Database, amina: Account
) -> None:
    with database.write() as session:
        token = sessions.begin(session, amina.id, recovered=True, now=NOON)
        live = sessions.present(session, token, NOON).live
        assert live.recovered
        sessions.forget_recovery(session, live.id)
    with database.read() as session:
        assert [live.recovered for live in sessions.listing(session, amina.id, NOON)] == [False]


def test_sessions_that_ended_are_forgotten_at_the_next_sign_in(database: Database, amina: Account, token: str) -> None:
    later = NOON + timedelta(hours=1)
    with database.write() as session:
        sessions.begin(session, amina.id, now=later)
    with database.read() as session:
        assert len(session.exec(select(LiveSession)).all()) == 1
