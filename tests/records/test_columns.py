from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine.default import DefaultDialect

from appliance.records.columns import UtcDateTime, new_id

COLUMN = UtcDateTime()
LITE = sqlite.dialect()


def test_a_moment_of_another_zone_is_kept_as_the_same_moment() -> None:
    dhaka = datetime(2024, 5, 1, 9, 30, tzinfo=timezone(timedelta(hours=6)))

    assert COLUMN.process_bind_param(dhaka, LITE) == datetime(2024, 5, 1, 3, 30, tzinfo=UTC)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        COLUMN.process_bind_param(datetime(2024, 5, 1, 9, 30), LITE)  # noqa: DTZ001 -- it is what must be refused.


def test_a_moment_comes_back_aware_from_a_database_without_zones() -> None:
    kept = datetime(2024, 5, 1, 3, 30)  # noqa: DTZ001 -- as SQLite gives it.

    assert COLUMN.process_result_value(kept, LITE) == datetime(2024, 5, 1, 3, 30, tzinfo=UTC)


def test_a_moment_comes_back_in_utc_from_a_database_with_zones() -> None:
    kept = datetime(2024, 5, 1, 9, 30, tzinfo=timezone(timedelta(hours=6)))
    given_back = COLUMN.process_result_value(kept, DefaultDialect())

    assert given_back is not None
    assert given_back.utcoffset() == timedelta(0)


def test_no_moment_stays_no_moment() -> None:
    assert COLUMN.process_bind_param(None, LITE) is None
    assert COLUMN.process_result_value(None, LITE) is None


@given(st.lists(st.datetimes(timezones=st.timezones()), min_size=2, max_size=5))
def test_the_text_in_the_database_sorts_as_the_moments_do(moments: list[datetime]) -> None:
    keep = COLUMN.bind_processor(LITE)
    assert keep is not None
    try:
        by_moment = [keep(moment) for moment in sorted(moments, key=lambda moment: moment.astimezone(UTC))]
    except OverflowError:
        return  # The first and the last day of the calendar have no UTC in some zones.

    assert by_moment == sorted(by_moment)


def test_an_id_is_sixteen_bytes_as_hex_and_never_the_same() -> None:
    ids = {new_id() for _ in range(100)}

    assert len(ids) == 100
    assert {len(bytes.fromhex(one)) for one in ids} == {16}
