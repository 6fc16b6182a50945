"""A store on a disk, whose image trusts the publisher's vendor, and bundles to take in."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec

from appliance.bundles.manifest import AppRange, Manifest
from appliance.bundles.store import ROOTS_FOLDER, Store
from appliance.bundles.taking import Look, take_in
from tests.simulators.publisher import HONEST, bundle, signed, site_root, vendor_root

ACTOR = "Ada"


def house(folder: Path, *, with_vendor: bool = True) -> Store:
    """Return the open store of an appliance fresh from the box, in an empty folder or in one that had it before."""
    image_set = folder / "image" / "starter"
    image_set.mkdir(parents=True, exist_ok=True)
    (image_set / "set.json").write_text("{}")
    if with_vendor:
        roots = image_set.parent / ROOTS_FOLDER
        roots.mkdir(exist_ok=True)
        (roots / "vendor.root.dsse.json").write_bytes(signed(vendor_root().envelope(), "ada", "ben"))
    store = Store(folder / "data", image_set)
    store.open()
    return store


def release(number: int, **changes: object) -> Manifest:
    """Return the manifest of a release."""
    return msgspec.structs.replace(HONEST, release=number, app=AppRange(min="0.1.0", max="9.0.0"), **changes)


def taken(store: Store, of: Manifest | bytes) -> Look:
    """Take a release in."""
    made = of if isinstance(of, bytes) else bundle(of)
    return take_in(store, io.BytesIO(made), ACTOR, "a stick", lambda _done, _total: None)


def used(store: Store, *numbers: int) -> None:
    """Take releases in and put each to use."""
    for number in numbers:
        taken(store, release(number))
        store.activate(ACTOR)


def site_root_file() -> bytes:
    """Return the signed list of a site that builds its own sets."""
    return signed(site_root().envelope(), "site")


def actions(store: Store) -> list[str]:
    """Return what the journal says happened, the oldest first."""
    return [entry.action for entry in store.journal.entries()]
