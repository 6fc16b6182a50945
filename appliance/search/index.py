"""The index of everybody: a shelf for each owner, and no way from one to another."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

from appliance.search.found import Entry, Found, Scope, merge
from appliance.search.query import Query
from appliance.search.shelf import Shelf


class Index:
    """What the appliance may read, by owner."""

    def __init__(self) -> None:
        """Make an empty one."""
        self._lock = Lock()
        self._shelves: dict[str, Shelf] = {}

    def put(self, owner_id: str, entry: Entry) -> bool:
        """Take a recording, in the place of what was there of it; tell whether something was."""
        with self._lock:
            shelf = self._shelves.get(owner_id) or Shelf()
            self._shelves[owner_id] = shelf
        return shelf.put(entry)

    def forget(self, owner_id: str, recording: str) -> None:
        """Drop a recording; nothing happens where it is not here."""
        shelf = self._shelves.get(owner_id)
        if shelf is not None:
            shelf.forget(recording)

    def settle(self, owner_id: str) -> bool:
        """Clear away by one step what is left of dropped recordings; tell whether there is more to do."""
        shelf = self._shelves.get(owner_id)
        return shelf is not None and shelf.settle()

    def find(self, owner_id: str, query: Query, scope: Scope) -> Found:
        """Search one owner's recordings.

        Raises:
            SearchBusyError: Other searches of this owner are still running.
        """
        shelf = self._shelves.get(owner_id)
        return shelf.find(query, scope) if shelf else Found()

    def find_in(self, owner_ids: Sequence[str], query: Query, scope: Scope) -> Found:
        """Search the shelves of several owners, such as a person and their workspaces.

        Raises:
            SearchBusyError: Other searches of one of them are still running.
        """
        return merge([self.find(owner_id, query, scope) for owner_id in owner_ids])

    def image(self, owner_id: str) -> bytes:
        """Return an owner's whole database, for who wants to know what is in it."""
        shelf = self._shelves.get(owner_id)
        return shelf.image() if shelf else b""

    def close(self) -> None:
        """Let the memory go."""
        with self._lock:
            for shelf in self._shelves.values():
                shelf.close()
            self._shelves.clear()
