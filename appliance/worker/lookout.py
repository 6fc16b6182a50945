"""Looks again and again whether another set is to be loaded, and whether an update lies in the folder of imports."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from appliance.bundles.parts import open_parts
from appliance.bundles.store import BY_ITSELF
from appliance.bundles.taking import look
from appliance.config import Settings
from appliance.errors import AlreadyActiveError, ApplianceError, DataFolderError, OldReleaseError, UpdateBusyError
from appliance.worker.imports import Found, found_in
from appliance.worker.updates import Updates

log = logging.getLogger(__name__)

LOOK_EVERY_S = 2.0
ROUNDS_PER_WATCH = 5  # A file counts as whole when it did not change from one watch to the next.
WAS_HERE = (AlreadyActiveError, OldReleaseError)  # An old stick that stays plugged in is no event.


class Lookout:
    """A thread of the server.

    Args:
        updates: What it looks after.
        settings: Of the appliance.
        woken: Called when the engine has another set, so that the jobs which wait are looked at.
    """

    def __init__(self, updates: Updates, settings: Settings, woken: Callable[[], None]) -> None:
        self._updates = updates
        self._settings = settings
        self._woken = woken
        self._closing = threading.Event()
        self._before: set[Found] = set()
        self._seen: set[Found] = set()
        self._thread = threading.Thread(target=self._keep_looking, name="lookout", daemon=True)

    def open(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._closing.set()
        self._thread.join()

    def _keep_looking(self) -> None:
        rounds = 0
        while not self._closing.wait(LOOK_EVERY_S):
            rounds += 1
            try:
                if self._updates.look():
                    self._woken()
                self._updates.store.tidy()
                if self._settings.watch_imports and rounds % ROUNDS_PER_WATCH == 0:
                    self._watch()
            except ApplianceError as error:
                log.warning("cannot look after the models", extra={"code": error.code})
            except OSError:  # Whoever looks after the models does not end because a disk fails for a moment.
                log.warning("cannot look after the models", extra={"code": DataFolderError.code})

    def _watch(self) -> None:
        """Begin with a file that has come and is whole; one that was refused is not taken up again until it changes."""
        now = set(found_in(self._settings.imports))
        for found in sorted(now & self._before - self._seen, key=lambda each: each.changed_at):
            if self._begin(found):
                self._seen.add(found)
        self._before = now
        self._seen &= now

    def _begin(self, found: Found) -> bool:
        """Begin with a file; tell whether it needs no further look."""
        try:
            with open_parts(found.path) as stream:
                if look(self._updates.store, stream).is_candidate:
                    return True
            self._updates.begin(found.name, BY_ITSELF, lambda: open_parts(found.path))
        except WAS_HERE:
            return True
        except UpdateBusyError:
            return False
        except ApplianceError as error:
            self._updates.store.note(BY_ITSELF, "refused", found.name, error)
            self._updates.trouble = error
            self._updates.changed()
        return True
