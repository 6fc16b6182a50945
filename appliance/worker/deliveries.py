"""How a model update comes to the appliance: a browser sends it, or it lies in the folder of imports."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from appliance.bundles.parts import Parts, open_parts
from appliance.errors import ArchiveTruncatedError, BundleError, DataFolderError, DiskFullError
from appliance.worker.imports import path_in
from appliance.worker.incoming import Arrival
from appliance.worker.updates import PROGRESS, Updates


def begin_upload(updates: Updates, name: str, size_bytes: int, actor: str) -> Arrival:
    """Begin an upload, or go on with the one of a file of the same name and size; see ``Incoming.begin``."""
    with _noted(updates, name, actor):
        arrival = updates.incoming.begin(name, size_bytes)
    updates.changed()
    return arrival


def receive(updates: Updates, arrival_id: str, number: int, chunk: bytes, actor: str) -> Arrival:
    """Take a chunk; see ``Incoming.take``. An upload that is refused is written down as every other refusal is."""
    name = source_of(updates.incoming.state(arrival_id))
    with _noted(updates, name, actor):
        arrival = updates.incoming.take(arrival_id, number, chunk)
    updates.board.publish(PROGRESS, None)
    return arrival


def take_in_upload(updates: Updates, arrival_id: str, actor: str) -> None:
    """Take a finished upload in and try it, in the background.

    Raises:
        NotFoundError: There is no such upload.
        ArchiveTruncatedError: Not all of it is there yet.
        UpdateBusyError: Another update is on its way.
    """
    arrival = updates.incoming.state(arrival_id)
    if not arrival.finished:
        raise ArchiveTruncatedError

    def forget() -> None:
        stopped_early = updates.is_stopping and updates.underway is not None and not updates.underway.is_trying
        if not stopped_early:  # Otherwise it is all that there is to go on with.
            updates.incoming.erase(arrival_id)

    updates.begin(source_of(arrival), actor, lambda: updates.incoming.opened(arrival_id), forget)


def take_in_import(updates: Updates, folder: Path | None, name: str, actor: str) -> None:
    """Take a file in the folder of imports in and try it, in the background.

    Raises:
        NotFoundError: It is not there any more.
        ImportsError: The folder cannot be read.
        UpdateBusyError: Another update is on its way.
    """
    path = path_in(folder, name)

    def opened() -> Parts:
        with _noted(updates, name, actor):
            return open_parts(path)

    updates.begin(name, actor, opened)


def discard_upload(updates: Updates, arrival_id: str) -> None:
    """Remove an upload that nobody wants any more; one that is being taken in is read to its end all the same."""
    updates.incoming.erase(arrival_id)
    updates.changed()


def waiting_uploads(updates: Updates) -> tuple[Arrival, ...]:
    """Return the uploads that are on their way or were broken off, and not the one that is being taken in."""
    underway = updates.underway
    taken = underway.source if underway else None
    return tuple(each for each in updates.incoming.arrivals() if not each.finished or source_of(each) != taken)


def source_of(arrival: Arrival) -> str:
    """Return what to call an upload."""
    return arrival.name or arrival.id


@contextlib.contextmanager
def _noted(updates: Updates, name: str, actor: str) -> Iterator[None]:
    try:
        yield
    except BundleError as error:
        with contextlib.suppress(DataFolderError, DiskFullError):  # The refusal counts for more than its entry.
            updates.store.note(actor, "refused", name, error)
        updates.changed()
        raise
