"""Whether a truly signed bundle may be installed here and now. Decides, and does nothing: no clock, no disk, no state.

FORMAT.md section 7 is the specification.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from appliance.bundles.manifest import PRODUCT, Manifest
from appliance.bundles.roots import Root
from appliance.errors import (
    AlreadyActiveError,
    AppTooNewError,
    AppTooOldError,
    BelowFloorError,
    EpochError,
    NoRoomError,
    NothingToGoBackToError,
    OldReleaseError,
    OtherReleaseError,
    WrongProductError,
)

DISK_BLOCK_BYTES = 4_096
RESERVE_BYTES = 256 * 2**20  # What recordings and databases need meanwhile.
OLD_AFTER_DAYS = 180
DAY_S = 86_400
VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:(a|b|rc)(\d+))?", re.ASCII)
FINAL = "z"  # After a, b and rc: a candidate comes before its release.


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in the order of a line's releases: epoch first, so that a new list of keys may begin again."""

    epoch: int
    release: int


@dataclass(frozen=True, slots=True)
class Installed:
    """One release of one line.

    Attributes:
        line: Name of the line of roots that signed it.
        mark: Its place in that line.
        digest: SHA-256 of its manifest, in hexadecimal.
    """

    line: str
    mark: Mark
    digest: str


@dataclass(frozen=True, slots=True)
class Memory:
    """What this appliance remembers of a line. It is written down before the first byte of a bundle is.

    Attributes:
        highest: The newest release ever accepted for installing, whether used then or not; None before the first.
        floor: The oldest that may be used.
    """

    highest: Installed | None = None
    floor: Mark = Mark(0, 0)


@dataclass(frozen=True, slots=True)
class Appliance:
    """Where a bundle would be installed.

    Attributes:
        version: Of Cloister, such as 0.1.0 or 0.2.0rc1.
        free_bytes: On the disk of the sets, counting what is staged of this very bundle as free.
        now_s: What the clock shows, in seconds since 1970. Only cautions depend on it.
        active: The release in use; None where the image's own set is.
    """

    version: str
    free_bytes: int
    now_s: float
    active: Installed | None = None


class Caution(StrEnum):
    """What an administrator should know before installing; never a reason to refuse, since the clock may be wrong."""

    OLD = "old"
    FROM_THE_FUTURE = "from_the_future"


@dataclass(frozen=True, slots=True)
class Decision:
    """A bundle may be installed.

    Attributes:
        installed: What it will be.
        memory: What must be remembered of its line before anything is staged.
        needed_bytes: What it takes on the disk, the reserve included.
        age_days: By the clock; negative where it is from the future.
        cautions: What to say.
    """

    installed: Installed
    memory: Memory
    needed_bytes: int
    age_days: int
    cautions: tuple[Caution, ...]


def decide(manifest: Manifest, root: Root, memory: Memory, appliance: Appliance) -> Decision:
    """Decide about a bundle whose signatures were verified under a root.

    Args:
        manifest: As signed.
        root: The newest of its line; a threshold of it signed the manifest.
        memory: Of that line.
        appliance: As it is now.

    Raises:
        WrongProductError: It is for something else.
        EpochError: It was not signed for the newest root.
        BelowFloorError: It is older than the oldest that may be used.
        OldReleaseError: A newer one was seen: rollback or replay.
        OtherReleaseError: The same number was seen with another content.
        AlreadyActiveError: It is what is in use.
        AppTooOldError, AppTooNewError: It is for another version of Cloister.
        NoRoomError: It does not fit; says how much is missing.
    """
    if manifest.product != PRODUCT:
        raise WrongProductError(product=manifest.product)
    if manifest.epoch != root.number:
        raise EpochError(epoch=manifest.epoch, current=root.number)
    candidate = Installed(root.line, Mark(manifest.epoch, manifest.release), manifest.digest)
    _refuse_old(candidate, memory)
    if candidate == appliance.active:
        raise AlreadyActiveError(release=manifest.release)
    require_range(manifest, appliance.version)
    needed = needed_bytes(manifest)
    if needed > appliance.free_bytes:
        raise no_room(needed, appliance.free_bytes)
    age_days = int((appliance.now_s - manifest.created_s) // DAY_S)
    return Decision(candidate, _remembered(memory, candidate, manifest), needed, age_days, cautions(age_days))


def decide_rollback(previous: Installed | None, memory: Memory) -> Installed:
    """Return the release to go back to: the recorded one before, and no other.

    Args:
        previous: As recorded.
        memory: Of its line.

    Raises:
        NothingToGoBackToError: None is recorded.
        BelowFloorError: It may no longer be used.
    """
    if previous is None:
        raise NothingToGoBackToError
    require_floor(previous.mark, memory.floor)
    return previous


def require_floor(mark: Mark, floor: Mark) -> None:
    """Check that a release may still be used.

    Raises:
        BelowFloorError: A later one said that it may not.
    """
    if mark < floor:
        raise BelowFloorError(release=mark.release, oldest=floor.release)


def require_range(manifest: Manifest, version: str) -> None:
    """Check that a release is for this version of Cloister.

    Raises:
        AppTooOldError, AppTooNewError: It is not.
    """
    here = version_order(version)
    if here < version_order(manifest.app.min):
        raise AppTooOldError(version=version, needed=manifest.app.min)
    if here > version_order(manifest.app.max):
        raise AppTooNewError(version=version, last=manifest.app.max)


def no_room(needed: int, free: int) -> NoRoomError:
    """Return that so many bytes are needed and so many are free, and how many are missing: at least one."""
    return NoRoomError(needed_bytes=needed, free_bytes=free, missing_bytes=max(needed - free, 1))


def needed_bytes(manifest: Manifest) -> int:
    """Return the bytes that a bundle takes on the disk, in whole blocks, and those that must stay free."""
    blocks = sum(-(-file.size // DISK_BLOCK_BYTES) + 1 for file in manifest.files)  # One more for names and folders.
    return blocks * DISK_BLOCK_BYTES + RESERVE_BYTES


def cautions(age_days: int) -> tuple[Caution, ...]:
    """Return what to say about an age. That a set is withheld cannot be noticed offline; that it is old can."""
    if age_days < -1:  # Clocks of two houses may differ by a time zone.
        return (Caution.FROM_THE_FUTURE,)
    return (Caution.OLD,) if age_days > OLD_AFTER_DAYS else ()


def _refuse_old(candidate: Installed, memory: Memory) -> None:
    require_floor(candidate.mark, memory.floor)
    highest = memory.highest
    if highest is None or candidate.mark > highest.mark:
        return
    if candidate.mark < highest.mark:
        raise OldReleaseError(release=candidate.mark.release, highest=highest.mark.release)
    # The same again goes on where it was broken off. Another one by the same number means that somebody signed twice.
    if candidate != highest:
        raise OtherReleaseError(release=candidate.mark.release)


def _remembered(memory: Memory, candidate: Installed, manifest: Manifest) -> Memory:
    floor = memory.floor
    if manifest.min_release:
        floor = max(floor, Mark(manifest.epoch, manifest.min_release))
    return replace(memory, highest=candidate, floor=floor)


def version_order(version: str) -> tuple[int, int, int, str, int]:
    """Return by what versions of Cloister sort.

    Raises:
        ValueError: It is no version; ours are of the form 1.2.3, 1.2.3a1, 1.2.3b1 or 1.2.3rc1.
    """
    found = VERSION.fullmatch(version)
    if found is None:
        raise ValueError(f"{version} is no version of Cloister")
    major, minor, patch, stage, count = found.groups()
    return int(major), int(minor), int(patch), stage or FINAL, int(count or 0)
