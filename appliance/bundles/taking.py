"""A bundle on its way in: looked at, remembered, and only then written, so that it stands ready whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from appliance import __version__
from appliance.bundles import lines, roots
from appliance.bundles.archive import ENVELOPE_NAME, Stream
from appliance.bundles.durable import NO_ROOM, free_bytes, only_one, replace_file, sync_folder
from appliance.bundles.ledger import Ledger
from appliance.bundles.manifest import Manifest
from appliance.bundles.opening import Head, read_head
from appliance.bundles.roots import Root
from appliance.bundles.staging import Report, Staging, held_bytes
from appliance.bundles.store import BY_ITSELF, Store, name_of
from appliance.bundles.trust import Appliance, Decision, Installed, Mark, decide, no_room
from appliance.errors import (
    ArchiveError,
    BundleError,
    DataFolderError,
    DiskFullError,
    SelftestStopped,
    StickError,
    UpdateBusyError,
)

ASIDE = ".damaged"


@dataclass(frozen=True, slots=True)
class Look:
    """A bundle that would be taken.

    Attributes:
        manifest: What it holds.
        root: The list under which it was signed.
        signers: Ids of the keys on that list that signed it.
        decision: What was decided.
        is_candidate: Whether it stands ready already.
    """

    manifest: Manifest
    root: Root
    signers: frozenset[str]
    decision: Decision
    is_candidate: bool


def look(store: Store, stream: Stream) -> Look:
    """Read a bundle up to its files and say what it is. Nothing is written but a newer list of signers.

    Raises:
        BundleError: It would not be taken.
    """
    return _look(store, stream)[1]


def take_in(store: Store, stream: Stream, actor: str, source: str, report: Report) -> Look:
    """Take a bundle in, so that it stands ready; what is in use is not touched. A refusal is written down.

    Args:
        store: Where to.
        stream: At its first byte.
        actor: Who wants it, for the journal.
        source: What to call it there.
        report: Takes the bytes that are done, and those of all files; what it raises ends it, and the next try goes on
            from there.

    Raises:
        UpdateBusyError: Another one is being taken in.
        BundleError: It is not taken; nothing of it stays.
        NoRoomError: The disk is full; says how much is missing.
        DataFolderError: The disk does not take it for another reason.
    """
    with _only_taker(store):
        try:
            return _take_in(store, stream, actor, report)
        except BundleError as error:
            action = "stopped" if isinstance(error, SelftestStopped) else "refused"
            with contextlib.suppress(DataFolderError, DiskFullError):  # The refusal counts for more than its entry.
                store.note(actor, action, source, error)
            raise


def sweep_staging(store: Store, keep: str = "") -> None:
    """Remove what was begun and is not wanted any more.

    Args:
        store: Where.
        keep: Name of the one that goes on.
    """
    for place in store.staging.iterdir():
        if place.name != keep:
            shutil.rmtree(place, ignore_errors=True)


def _look(store: Store, stream: Stream) -> tuple[Head, Look]:
    ledger = store.ledger
    head = read_head(_Stick(stream))
    root = _newest_root(store, head)
    manifest = head.manifest(root)
    candidate = Installed(root.line, Mark(manifest.epoch, manifest.release), manifest.digest)
    is_candidate = candidate == ledger.candidate
    with store.disk():
        free = free_bytes(store.folder) + _freed_bytes(store, ledger)
    here = Appliance(
        version=__version__,
        free_bytes=free,
        now_s=time.time(),
        active=ledger.active,
    )
    decision = decide(manifest, root, ledger.memory(root.line), here)
    return head, Look(manifest, root, head.envelope.verify(root.keys), decision, is_candidate)


def _newest_root(store: Store, head: Head) -> Root:
    """Return the newest list to which the bundle leads, and keep it, whatever becomes of the bundle."""
    known = store.lines()
    root = head.newest_root(known)
    if root in known:
        return root
    # Were a list kept that has a key of another line's, nobody could be trusted any more, and nothing taken in.
    roots.require_apart([*(each for each in known if each.line != root.line), root])
    with store.disk(), store.changing() as ledger:
        entry = store.entry(BY_ITSELF, "signers_changed", root.line, facts={"number": root.number})
        store.settle(lines.with_line(ledger, root, dict(head.carried)[root.number]), entry)
    return root


def _take_in(store: Store, stream: Stream, actor: str, report: Report) -> Look:
    head, found = _look(store, stream)
    if found.is_candidate:
        return found
    chosen = found.decision.installed
    name = name_of(chosen)
    with store.disk(), store.changing() as ledger:
        # First what must be remembered, then the first byte: pulling the plug in between gains a thief nothing.
        known = lines.with_image_line(ledger, store.image_lines(), chosen.line)
        kept = msgspec.structs.replace(known.remembering(chosen.line, found.decision.memory), candidate=None)
        store.settle(kept, store.entry(actor, "taking_in", name, facts={"version": found.manifest.version}))
        store.sweep()
        sweep_staging(store, keep=name)
    staging = Staging(store.staging / name)
    try:
        staging.fill(head, found.manifest, report)
        replace_file(staging.folder / ENVELOPE_NAME, head.encoded)
        _release(store, staging, found, actor)
    except ArchiveError:  # Whatever else ends it says nothing against what is there: the next try goes on with that.
        staging.erase()
        raise
    except OSError as exc:
        raise _explained(exc, store, staging, found.decision) from exc
    return found


def _release(store: Store, staging: Staging, found: Look, actor: str) -> None:
    """Give a whole bundle its place among the releases, and make it the candidate."""
    chosen = found.decision.installed
    place = store.folder_of(chosen)
    is_there = Staging(place).holds(found.manifest)
    with store.changing() as ledger:
        if is_there and place.is_dir():  # The one before, or an engine has it still: what is in use is never replaced.
            staging.erase()
        else:
            with contextlib.suppress(FileNotFoundError):
                place.rename(_aside(place))  # It is damaged, and goes as what nobody needs.
            staging.folder.rename(place)
        sync_folder(store.releases)
        entry = store.entry(actor, "taken_in", name_of(chosen))
        store.settle(msgspec.structs.replace(ledger, candidate=chosen), entry)


def _aside(place: Path) -> Path:
    aside = place.with_name(place.name + ASIDE)
    shutil.rmtree(aside, ignore_errors=True)
    return aside


def _explained(exc: OSError, store: Store, staging: Staging, decision: Decision) -> Exception:
    """Return what a failing disk means in words, and leave it as it was found."""
    if exc.errno not in NO_ROOM:
        return DataFolderError(folder=str(store.folder), reason=exc.strerror or str(exc))
    staging.erase()
    return no_room(decision.needed_bytes, free_bytes(store.folder))


def _freed_bytes(store: Store, ledger: Ledger) -> int:
    """Return the bytes that taking a bundle in frees first, or uses again: what is begun, and what stands ready."""
    candidate = held_bytes(store.folder_of(ledger.candidate)) if ledger.candidate else 0
    return candidate + held_bytes(store.staging)


@contextlib.contextmanager
def _only_taker(store: Store) -> Iterator[None]:
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(only_one(store.folder / "taking", wait=False))
        except BlockingIOError as exc:
            raise UpdateBusyError from exc
        yield


class _Stick:
    """Where a bundle comes from; what fails there is told apart from what fails here."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def read(self, size: int, /) -> bytes | None:
        try:
            return self._stream.read(size)
        except OSError as exc:
            raise StickError(reason=exc.strerror or str(exc)) from exc

    def pass_over(self, size: int, /) -> bool:
        """Go on behind so many bytes, if the stream can do that without reading them."""
        own = getattr(self._stream, "pass_over", None)
        if own is not None:
            return bool(own(size))
        seek = getattr(self._stream, "seek", None)
        try:
            return seek is not None and seek(size, os.SEEK_CUR) >= size
        except OSError:
            return False
