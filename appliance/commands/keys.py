"""``appliance keys``: replace the key above all file keys, or say what epochs of it there are."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time

from appliance.config import Settings, load_settings
from appliance.errors import DataFolderError
from appliance.owners import require_own
from appliance.records.keyschema import KEYS_FILE, count_documents, read_epochs
from appliance.worker import rotation
from appliance.worker.workshop import Workshop


def run(given: argparse.Namespace) -> int:
    """Do what was asked."""
    settings = load_settings(data=given.data, keys=getattr(given, "keys", None))
    _require_keys(settings)
    if given.action == "rotate":
        return _rotate(settings)
    return _list(settings, as_json=given.json)


def _rotate(settings: Settings) -> int:
    """Make a new epoch and wrap everything under it. The server must be stopped: one process writes at a time."""
    workshop = Workshop.open(settings)
    started = time.monotonic()
    try:
        rotated = rotation.rotate(workshop)
    finally:
        workshop.close()
    seconds = time.monotonic() - started
    lines = [f"Epoch {rotated.epoch} is in use; {rotated.count} file keys were wrapped under it in {seconds:.1f} s."]
    if rotated.erased:
        lines.append(f"The key of epoch {', '.join(map(str, rotated.erased))} is erased.")
    if rotated.unopened:
        lines.append(
            f"{rotated.unopened} file keys do not open: they are damaged. Restore them from a backup, or delete what "
            "they belong to. The older key they name is kept."
        )
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if rotated.unopened else 0


def _list(settings: Settings, *, as_json: bool) -> int:
    """Show the epochs, the newest last; the server may be running."""
    folder = settings.data.resolve()
    counts = count_documents(folder)
    epochs = [
        {
            "epoch": epoch.number,
            "made_at": epoch.made_at.isoformat() if epoch.made_at else None,
            "documents": counts.get(epoch.number, 0),
        }
        for epoch in read_epochs(folder)
    ]
    if as_json:
        sys.stdout.write(json.dumps(epochs, indent=1) + "\n")
        return 0
    for epoch in epochs:
        made_at = str(epoch["made_at"] or "unknown").replace("T", " ")
        sys.stdout.write(f"epoch {epoch['epoch']}  made {made_at}  documents {epoch['documents']}\n")
    return 0


def _require_keys(settings: Settings) -> None:
    """Make sure that there are keys, so that neither command makes the folder that somebody mistyped."""
    folder = settings.data.resolve()
    require_own(folder)
    if not os.access(folder / KEYS_FILE, os.R_OK):
        reason = f"there is no {KEYS_FILE} in it that could be read; the first start of the server makes it"
        raise DataFolderError(folder=str(folder), reason=reason)
