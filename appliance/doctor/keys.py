"""The root key: whether it is there, private, and the one that opens this data. Nothing is made and nothing changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from appliance.config import Settings
from appliance.crypto.keyring import Keyring, load_root_key
from appliance.doctor.findings import Finding, fail, note, ok, refused, sentence
from appliance.errors import ApplianceError, CryptoError, RootKeyWrongError, WrongKeyError
from appliance.owners import require_own
from appliance.records.keystore import read_keks
from appliance.worker.workshop import ROOT_KEY_FILE


def keys(settings: Settings) -> Iterator[Finding]:
    """Look at the keys folder and the root key in it."""
    data, folder = settings.data.resolve(), settings.keys_folder.resolve()
    path = folder / ROOT_KEY_FILE
    try:
        require_own(data)
        require_own(folder)
        keks = read_keks(data)
        yield _root_key(path, keks)
    except CryptoError:
        yield fail(
            "keys",
            sentence(
                "The wrapped keys in the data folder are damaged, or they were changed. Nothing they protect can be "
                "opened."
            ),
            sentence("Restore the data folder from a backup."),
        )
    except ApplianceError as error:
        yield refused("keys", error)
    except OSError as exc:
        what = sentence("The keys cannot be looked at: {why}.", why=exc.strerror or "")
        yield fail("keys", what, sentence("Let the appliance read its data folder and its keys folder."))
    if folder.is_relative_to(data):
        yield note(
            "keys",
            sentence(
                "The keys lie inside the data folder {folder}, so a copy of the data opens itself.", folder=str(data)
            ),
            sentence("Move the keys folder to another disk or volume."),
        )


def _root_key(path: Path, keks: dict[int, bytes]) -> Finding:
    if not keks and not path.exists():
        return note("keys", sentence("There is no root key and no data yet: the first start makes both."))
    # With has_data nothing is made: a key that is missing is an error here, whatever there is for it to open.
    root = load_root_key(path, has_data=True)
    if not keks:
        return note("keys", sentence("The root key {path} is there, and no data for it to open yet.", path=str(path)))
    try:
        Keyring.open(root, keks)
    except WrongKeyError as exc:
        raise RootKeyWrongError(path=str(path)) from exc
    return ok("keys", sentence("The root key {path} is private and opens the data.", path=str(path)))
