"""Whether a release on the disk may be put to use, and whether the one in use still may."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from appliance import __version__
from appliance.bundles.ledger import IMAGE
from appliance.bundles.manifest import SET_FILE
from appliance.bundles.selftest import TRIAL_FILE, TrialResult
from appliance.bundles.store import Store, name_of
from appliance.bundles.trust import Installed, require_range
from appliance.errors import BundleError, NoCandidateError, NotTriedError, ReleaseDamagedError


def trial_of(store: Store, installed: Installed) -> TrialResult | None:
    """Return what came of trying a release, or None where it was not tried."""
    with contextlib.suppress(OSError):
        return TrialResult.decode((store.folder_of(installed) / TRIAL_FILE).read_bytes())
    return None


def require_tried(store: Store) -> Installed:
    """Return the update that stands ready, once it is certain that it was tried here and kept its limits.

    Raises:
        NoCandidateError: None stands ready.
        NotTriedError: It was not tried.
        SelftestError: It did not keep a limit that its makers signed.
    """
    candidate = store.ledger.candidate
    if candidate is None:
        raise NoCandidateError
    trial = trial_of(store, candidate)
    if trial is None:
        raise NotTriedError
    trial.require()
    return candidate


def require_usable(store: Store, installed: Installed) -> None:
    """Check that a release is for this Cloister, and that the list of its files is the signed one.

    The engine holds every file against that list before it loads any.

    Raises:
        AppTooOldError, AppTooNewError: It is for another Cloister.
        ReleaseDamagedError: It is not there as it was taken in.
    """
    if installed == IMAGE:
        return
    manifest = store.manifest_of(installed)
    require_range(manifest, __version__)
    (expected,) = (file for file in manifest.files if file.path == SET_FILE)
    try:
        found = (store.folder_of(installed) / SET_FILE).read_bytes()
    except OSError as exc:
        raise ReleaseDamagedError(name=name_of(installed)) from exc
    if hashlib.sha256(found).hexdigest() != expected.sha256:
        raise ReleaseDamagedError(name=name_of(installed))


def set_to_load(store: Store) -> tuple[Path, BundleError | None]:
    """Return the folder of the set to load: the one in use, or the image's own where that one cannot be used, and why.

    Raises:
        LedgerError: Nobody can tell which one is in use.
    """
    active = store.ledger.active
    try:
        require_usable(store, active)
    except BundleError as error:
        return store.set_of(IMAGE), error
    return store.set_of(active), None
