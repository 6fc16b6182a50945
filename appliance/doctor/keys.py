"""The root key: whether it is there, private, and the one that opens this data. Nothing is made and nothing changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from appliance.config import Settings
from appliance.crypto.keyring import Keyring, load_root_key
from appliance.doctor.findings import Finding, fail, note, ok, refused, sentence
from appliance.errors import ApplianceError, CryptoError, RootKeyWrongError, WrongKeyError
from appliance.owners import require_own
from appliance.records.keyschema import Epoch, read_epochs
from appliance.worker.workshop import ROOT_KEY_FILE


def keys(settings: Settings) -> Iterator[Finding]:
    """Look at the keys folder and the root key in it."""
    data, folder = settings.data.resolve(), settings.keys_folder.resolve()
    path = folder / ROOT_KEY_FILE
    try:
        require_own(data)
        require_own(folder)
        epochs = read_epochs(data)
        yield _root_key(path, epochs)
        if epochs:
            yield from _ages(epochs, settings.key_rotation_days)
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


def _root_key(path: Path, epochs: list[Epoch]) -> Finding:
    if not epochs and not path.exists():
        return note("keys", sentence("There is no root key and no data yet: the first start makes both."))
    # With has_data nothing is made: a key that is missing is an error here, whatever there is for it to open.
    root = load_root_key(path, has_data=True)
    if not epochs:
        return note("keys", sentence("The root key {path} is there, and no data for it to open yet.", path=str(path)))
    try:
        Keyring.open(root, {epoch.number: epoch.wrapped for epoch in epochs})
    except WrongKeyError as exc:
        raise RootKeyWrongError(path=str(path)) from exc
    return ok("keys", sentence("The root key {path} is private and opens the data.", path=str(path)))


def _ages(epochs: list[Epoch], rotation_days: int) -> Iterator[Finding]:
    """Say under which epoch new file keys are wrapped, how old it is, and whether it should have been replaced."""
    newest, older = epochs[-1], len(epochs) - 1
    rotate = sentence("Leave the appliance running, or stop it and run: appliance keys rotate")
    if newest.made_at is None:
        what = sentence(
            "File keys are wrapped under epoch {epoch_number}, which has no date.", epoch_number=newest.number
        )
        yield note("keys", what, rotate)
    else:
        days = max(0, (datetime.now(UTC) - newest.made_at).days)
        what = sentence(
            "File keys are wrapped under epoch {epoch_number}, made on {made_on}; age in days: {age_number}.",
            epoch_number=newest.number,
            made_on=newest.made_at.date().isoformat(),
            age_number=days,
        )
        # On its last day it may still wait for the look of that night.
        yield note("keys", what, rotate) if rotation_days and days > rotation_days else ok("keys", what)
    if older:
        yield note(
            "keys",
            sentence(
                "Older epochs that are still there, because something may be under them: {older_number}.",
                older_number=older,
            ),
            sentence("The appliance wraps what is under them again at its next look; if they stay, see its log."),
        )
