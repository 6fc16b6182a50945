from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from appliance.errors import ConflictError, LinkGoneError, NotFoundError
from appliance.records import recordings, shares
from appliance.records.database import Database
from appliance.records.recordings import Recording
from appliance.records.shares import Share

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
TOKEN = b"t" * 32


@pytest.fixture
def recording(add_recording: Callable[..., Recording]) -> Recording:
    return add_recording()


def add(database: Database, recording: Recording, token: bytes = TOKEN, expires_at: datetime = NOW + HOUR) -> Share:
    share = Share(
        id=uuid4().hex,
        recording_id=recording.id,
        owner_id=recording.owner_id,
        token_digest=shares.digest_of(token),
        created_at=NOW,
        expires_at=expires_at,
    )
    with database.write() as session:
        shares.add(session, share)
    return share


def test_a_link_is_found_by_its_token(database: Database, recording: Recording) -> None:
    share = add(database, recording)
    with database.read() as session:
        assert shares.working(session, share.id, TOKEN, NOW).recording_id == recording.id


@pytest.mark.parametrize("token", [b"x" * 32, b"", TOKEN[:31], TOKEN + b"t"])
def test_another_token_finds_nothing(database: Database, recording: Recording, token: bytes) -> None:
    share = add(database, recording)
    with pytest.raises(LinkGoneError), database.read() as session:
        shares.working(session, share.id, token, NOW)


def test_a_token_opens_no_other_link(database: Database, recording: Recording) -> None:
    add(database, recording)
    other = add(database, recording, b"o" * 32)
    with pytest.raises(LinkGoneError), database.read() as session:
        shares.working(session, other.id, TOKEN, NOW)


def test_a_link_ends_at_its_moment(database: Database, recording: Recording) -> None:
    share = add(database, recording)
    with database.read() as session:
        assert shares.working(session, share.id, TOKEN, NOW + HOUR - timedelta(microseconds=1))
        with pytest.raises(LinkGoneError):
            shares.working(session, share.id, TOKEN, NOW + HOUR)


def test_a_search_for_a_link_uses_the_token_and_nothing_else(database: Database) -> None:
    """Whether an id exists would show in the time that is needed to find it."""
    statement = "EXPLAIN QUERY PLAN SELECT * FROM shares WHERE token_digest = x'00'"
    with database.read() as session:
        plan = session.connection().execute(text(statement)).all()
    assert "USING INDEX" in str(plan)
    assert "token_digest=?" in str(plan)


def test_the_owner_sees_the_links_that_work_the_last_one_first(database: Database, recording: Recording) -> None:
    old = add(database, recording, b"a" * 32, NOW)
    first = add(database, recording, b"b" * 32)
    with database.write() as session:
        session.get_one(Share, first.id).created_at = NOW - HOUR
    last = add(database, recording, b"c" * 32)
    with database.read() as session:
        assert [share.id for share in shares.listing(session, recording.id, NOW)] == [last.id, first.id]
        assert [share.id for share in shares.ended(session, NOW)] == [old.id]
        assert shares.ids(session) == {bytes.fromhex(share.id) for share in (old, first, last)}


def test_a_link_is_looked_up_beside_its_recording(
    database: Database, recording: Recording, add_recording: Callable[..., Recording]
) -> None:
    share = add(database, recording)
    other = add_recording()
    with database.read() as session:
        assert shares.get(session, share.id, recording.id).id == share.id
        with pytest.raises(NotFoundError):
            shares.get(session, share.id, other.id)


def test_two_links_have_not_the_same_token(database: Database, recording: Recording) -> None:
    add(database, recording)
    with pytest.raises(ConflictError):
        add(database, recording)


def test_opening_is_noted(database: Database, recording: Recording) -> None:
    share = add(database, recording)
    with database.write() as session:
        shares.note_opened(session, share.id, NOW)
    with database.read() as session:
        assert shares.get(session, share.id, recording.id).opened_at == NOW


def test_a_recording_takes_its_links_along(database: Database, recording: Recording) -> None:
    add(database, recording)
    database.remove(lambda session: recordings.remove(session, recording.id))
    with database.read() as session:
        assert shares.ids(session) == set()
