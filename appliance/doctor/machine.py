"""The machine under the appliance: room on the disk, memory, the clock, SQLite."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from appliance import RELEASED
from appliance.config import Settings
from appliance.doctor.findings import Finding, fail, note, ok, refused, sentence
from appliance.errors import ClockError, Fact, WrongOwnerError
from appliance.owners import require_own
from appliance.records.database import DATABASE_FILE

LEAST_FREE_BYTES = 2**30  # Less, and the next recording may not find room for its chunks and its transcript.
LEAST_MEMORY_BYTES = 4 * 2**30
CLOCK_SLACK = timedelta(hours=1)  # A database may be that much in the future before the clock is to blame.
SAFE_SQLITE = (3, 51, 3)

# A container's own limits, by version 2 and by version 1 of control groups.
MEMORY_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
SWAPS = "/proc/swaps"
SWAP_LIMIT = "/sys/fs/cgroup/memory.swap.max"
BOTH_LIMIT = "/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes"


def require_clock(now: datetime | None = None) -> None:
    """Refuse to start with a clock that shows a time before this release was made.

    Raises:
        ClockError: It does, as after a dead battery: 1970, or the day the board was made.
    """
    now = now or datetime.now(UTC)
    if now.date() < RELEASED:
        raise ClockError(shown=f"{now:%Y-%m-%d %H:%M} UTC", released=RELEASED.isoformat())


def machine(settings: Settings) -> Iterator[Finding]:
    """Look at the disk, the memory, the clock and SQLite."""
    data = settings.data.resolve()
    yield disk(data, settings.max_upload_bytes)
    yield from memory()
    yield clock(data / DATABASE_FILE, datetime.now(UTC))
    yield sqlite(sqlite3.sqlite_version_info)


def disk(data: Path, largest_bytes: int) -> Finding:
    """Look whether there is room for what may come.

    Args:
        data: The data folder, which may not be there yet.
        largest_bytes: Of a recording that may be put in.
    """
    try:
        require_own(data)
        figures = os.statvfs(next(path for path in (data, *data.parents) if path.is_dir()))
    except WrongOwnerError as error:
        return refused("disk", error)
    except OSError as exc:
        why = exc.strerror or "unknown"
        return fail("disk", sentence("The disk of {folder} cannot be looked at: {why}.", folder=str(data), why=why))
    free_bytes, whole_bytes = figures.f_bavail * figures.f_frsize, figures.f_blocks * figures.f_frsize
    advice = sentence("Delete recordings that are no longer needed, or give the data folder a larger disk.")
    room: dict[str, Fact] = {"folder": str(data), "free_bytes": free_bytes, "whole_bytes": whole_bytes}
    if free_bytes < LEAST_FREE_BYTES:
        return fail("disk", sentence("The disk of {folder} is nearly full: {free_bytes} are free.", **room), advice)
    if free_bytes < largest_bytes:
        return note(
            "disk",
            sentence(
                "The disk of {folder} has {free_bytes} free, less than the largest recording that may be put in.",
                **room,
            ),
            advice,
        )
    return ok("disk", sentence("The disk of {folder} has {free_bytes} free of {whole_bytes}.", **room))


def memory() -> Iterator[Finding]:
    """Look at how much memory there is, and whether what lies in it may be written to a disk."""
    usable_bytes = usable_memory_bytes()
    if usable_bytes < LEAST_MEMORY_BYTES:
        what = sentence(
            "The appliance may use {usable_bytes} of memory; long recordings want more.", usable_bytes=usable_bytes
        )
        yield note("memory", what, sentence("Give the machine or the container 4 GB or more."))
    else:
        yield ok("memory", sentence("The appliance may use {usable_bytes} of memory.", usable_bytes=usable_bytes))
    if may_swap():
        advice = sentence("Switch swap off, encrypt it, or start the container with memswap_limit equal to mem_limit.")
        yield note("memory", sentence("What lies in memory may be written to swap on a disk, in clear."), advice)
    else:
        yield ok("memory", sentence("Nothing that lies in memory is written to swap."))


def clock(database: Path, now: datetime) -> Finding:
    """Look whether the clock can be right: not before this release, and not before what was written already."""
    try:
        require_clock(now)
    except ClockError as error:
        return refused("clock", error)
    shown = f"{now:%Y-%m-%d %H:%M} UTC"
    try:
        written = datetime.fromtimestamp(database.stat().st_mtime, UTC)
    except OSError:
        written = now
    if written > now + CLOCK_SLACK:
        advice = sentence("Set the clock, then start the appliance again.")
        return fail(
            "clock",
            sentence(
                "The clock shows {shown}, but the database was last changed at {written}: one of the two is wrong.",
                shown=shown,
                written=f"{written:%Y-%m-%d %H:%M} UTC",
            ),
            advice,
        )
    return ok("clock", sentence("The clock shows {shown}.", shown=shown))


def sqlite(version: tuple[int, ...]) -> Finding:
    """Look whether SQLite has the fault that we write round."""
    named = ".".join(map(str, version))
    if version < SAFE_SQLITE:
        return note(
            "database",
            sentence(
                "SQLite {version} is in use. Before 3.51.3 two connections that write at once can lose a change, so "
                "here only one ever writes.",
                version=named,
            ),
        )
    return ok("database", sentence("SQLite {version} is in use.", version=named))


def usable_memory_bytes() -> int:
    """Return what the machine has, or less where the container may use less."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([physical, *filter(None, map(_limit, MEMORY_LIMITS))])


def may_swap() -> bool:
    """Tell whether the kernel has swap and lets this container use it."""
    try:
        lines = Path(SWAPS).read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return True  # What cannot be seen may be.
    if len(lines) < 2:  # noqa: PLR2004 -- the first line is the heading.
        return False
    if (swap_bytes := _limit(SWAP_LIMIT)) is not None:
        return swap_bytes > 0
    both_bytes = _limit(BOTH_LIMIT)
    return both_bytes is None or both_bytes > (_limit(MEMORY_LIMITS[1]) or 0)


def _limit(path: str) -> int | None:
    try:
        text = Path(path).read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None
