"""``appliance user reset owner``: a new way in when the browser that had the session is gone."""

from __future__ import annotations

import argparse
import os
import sys

from appliance.commands.serve import address_of
from appliance.config import load_settings
from appliance.records import accounts
from appliance.records.database import Database
from appliance.worker.workshop import claim_folder


def run(given: argparse.Namespace) -> int:
    """End every session and print a new sign-in link. The server must be stopped: one process writes at a time."""
    settings = load_settings(data=given.data, port=given.port)
    claim = claim_folder(settings.data.resolve())
    database = Database.open(settings.data.resolve())
    try:
        with database.write() as session:
            accounts.end_all_sessions(session)
            token = accounts.issue_link(session)
    finally:
        database.close()
        os.close(claim)
    sys.stdout.write(f"{address_of(settings)}/setup/{token}\n")
    return 0
