"""Values that every table shares: ids, and moments that are UTC on the way in and on the way out."""

from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import DateTime, Dialect
from sqlalchemy.types import TypeDecorator

ID_CHARACTERS = 32


def new_id() -> str:
    """Return a random id as 32 hex digits; ``bytes.fromhex`` makes 16 bytes of it."""
    return uuid4().hex


def utc_now() -> datetime:
    """Return this moment, aware."""
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept as UTC.

    SQLite has no time zones and drops them in silence, so that a local time would come back as another moment. The
    text it keeps has a fixed width, so that comparing and sorting in SQL is comparing and sorting moments. PostgreSQL
    gets its own type with a time zone.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 -- the base class asks for it.
        """Convert to UTC.

        Raises:
            ValueError: The moment does not say its time zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 -- the base class asks for it.
        """Return the moment as aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
