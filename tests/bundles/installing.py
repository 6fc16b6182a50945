"""A process that takes bundles in, puts them to use and goes back, for ever: to be killed at any moment.

``python -m tests.bundles.installing FOLDER``; it prints a dot for each step that was done.
"""

from __future__ import annotations

import hashlib
import sys
from itertools import count
from pathlib import Path

from appliance.bundles.store import Store
from appliance.errors import NothingToGoBackToError
from tests.bundles.houses import ACTOR, house, release, taken
from tests.simulators.publisher import SOURCES, Source, blobs, bundle


def sources_of(number: int) -> list[Source]:
    """Return the files of a release; the model is large enough to be written in several pieces."""
    body = hashlib.shake_128(b"%d" % number).digest(3 * 2**20)
    return [Source(each.path, each.kind, body) if each.kind == "ct2" else each for each in SOURCES]


def bundle_of(number: int) -> bytes:
    """Return a release as a bundle."""
    sources = sources_of(number)
    of = release(number, files=tuple(source.described() for source in sources))
    return bundle(of, files=blobs(sources))


def next_number(store: Store) -> int:
    """Return the number of the release to go on with: the one that was begun, if one was."""
    highest = store.ledger.memory("vendor").highest
    if highest is None:
        return 1
    begun = any(place.name.startswith(f"vendor-1-{highest.mark.release}-") for place in store.staging.iterdir())
    return highest.mark.release if begun else highest.mark.release + 1


def main(folder: Path) -> None:
    _say()
    store = house(folder)
    for round_number in count():
        taken(store, bundle_of(next_number(store)))
        _say()
        store.activate(ACTOR)
        _say()
        if round_number % 3 == 2:
            try:
                store.roll_back(ACTOR)
            except NothingToGoBackToError:
                continue
            store.discard(ACTOR)
            _say()


def _say() -> None:
    sys.stdout.write(".")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
