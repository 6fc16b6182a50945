"""JSON that is signed: read strictly, in the one spelling that there is for what it says.

FORMAT.md section 2 is the specification.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import msgspec

from appliance.errors import BundleError

Hex32 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Instant = Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\Z")]
Count = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]

JOINERS = "\u200c\u200d"  # Bengali and other scripts need them inside words; other invisible characters nobody needs.

T = TypeVar("T", bound=msgspec.Struct)


def read(encoded: bytes, document: type[T], malformed: Callable[[str], BundleError]) -> T:
    """Read a document, whose fields are neither more nor fewer than declared; ask ``is_spelled`` before relying on it.

    Args:
        encoded: Of a size that the caller has bounded.
        document: What it must be.
        malformed: Makes the error for what cannot be read, from the reason in words.
    """
    try:
        return msgspec.json.decode(encoded, type=document)
    # Beside its own, the decoder has errors for bad UTF-8. No type of ours nests in itself: depth is an error of type.
    except (msgspec.DecodeError, ValueError) as exc:
        raise malformed(_said(exc)) from exc


def is_spelled(document: msgspec.Struct, encoded: bytes) -> bool:
    """Tell whether bytes are the one spelling of what was read out of them.

    One set of bytes is signed. Were a key taken twice, or white space, or an escape, two readers could read two
    documents out of one signature.
    """
    return write(document) == encoded


def write(document: msgspec.Struct) -> bytes:
    """Return the bytes that are signed: fields in the order of their declaration, no white space, UTF-8."""
    return msgspec.json.encode(document)


def seconds_of(instant: str) -> float:
    """Return the seconds since 1970 of an instant such as 2026-11-25T12:00:00Z.

    Raises:
        ValueError: The calendar has no such day, or the day no such second.
    """
    return datetime.strptime(instant, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()


def is_instant(instant: str) -> bool:
    """Tell whether the calendar has such an instant."""
    try:
        seconds_of(instant)
    except ValueError:
        return False
    return True


def is_plain(text: str) -> bool:
    """Tell whether a text shows all that it holds: no control or direction characters that hide or swap words."""
    return all(character.isprintable() or character in JOINERS or character == "\n" for character in text)


def shown(text: str, otherwise: str = "unreadable") -> str:
    """Return a text of a stranger's for a log line and a page: little of it, and only if it shows itself."""
    return text[:200] if text and text.isprintable() else otherwise


def _said(exc: Exception) -> str:
    # A decoder may quote what it read.
    return shown(str(exc), type(exc).__name__)
