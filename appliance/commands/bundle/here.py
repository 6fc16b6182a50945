"""What the verbs that change an appliance share: its store, who acts, and how a release is called."""

from __future__ import annotations

import argparse

from appliance.bundles.ledger import IMAGE
from appliance.bundles.store import Store, name_of
from appliance.bundles.trust import Installed
from appliance.config import Settings, load_settings
from appliance.errors import BundleError, DataFolderError
from appliance.owners import require_own, require_same_user
from appliance.worker.workshop import is_claimed

ACTOR = "command"


def opened(given: argparse.Namespace) -> tuple[Settings, Store]:
    """Return the settings, and the store of the model sets in the data folder.

    Raises:
        DataFolderError: There is no data folder, or it cannot be used.
        WrongOwnerError, OtherUserError: It belongs to another user.
        LedgerError: What is remembered cannot be read.
    """
    settings = load_settings(data=given.data)
    data = settings.data.resolve()
    if not data.is_dir():
        raise DataFolderError(folder=str(data), reason="it is not there; the first start of the server makes it")
    require_own(data)
    require_same_user(data)
    store = Store(data, settings.models)
    store.open()
    return settings, store


def called(store: Store, installed: Installed) -> str:
    """Return how people call a release: its version and number, or that it came with the appliance."""
    if installed == IMAGE:
        return "the set that came with the appliance"
    try:
        version = store.manifest_of(installed).version
    except BundleError:
        version = "damaged"
    return f"version {version} ({name_of(installed)})"


def in_use(settings: Settings, store: Store, installed: Installed) -> str:
    """Return that a release is in use from now on, and when the engine has it."""
    when = "The server loads it when it starts."
    if is_claimed(settings.data.resolve()):
        when = "The running server loads it as soon as the job in its engine has ended."
    return f"In use: {called(store, installed)}. {when}\n"
