"""``appliance user add|reset|list``: who may come in, while the server is stopped."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sqlmodel import Session

from appliance.commands.serve import address_of
from appliance.config import Settings, load_settings
from appliance.records import accounts, invitations, sessions
from appliance.records.database import Database
from appliance.worker.workshop import claim_folder


def run(given: argparse.Namespace) -> int:
    """Do what was asked. The server must be stopped: one process writes at a time."""
    settings = load_settings(data=given.data, port=getattr(given, "port", None))
    with _writing(settings) as session:
        said = ACTIONS[given.action](session, given, settings)
    sys.stdout.write(said)
    return 0


def _add(session: Session, given: argparse.Namespace, settings: Settings) -> str:
    """Invite somebody new, and return the link."""
    role = accounts.ADMINISTRATOR if given.administrator else accounts.MEMBER
    return _link(settings, invitations.invite(session, given.name, role))


def _reset(session: Session, given: argparse.Namespace, settings: Settings) -> str:
    """End every session of somebody, and return the link by which they enrol afresh."""
    account = accounts.named(session, given.name)
    sessions.end_all(session, account.id)
    return _link(settings, invitations.link_for(session, account))


def _list(session: Session, _given: argparse.Namespace, _settings: Settings) -> str:
    """Return everybody, a line each."""
    lines = []
    for account in accounts.listing(session):
        state = "enrolled" if account.is_enrolled else "not enrolled"
        lines.append(f"{account.name}\t{account.role}\t{state}\t{account.created_at:%Y-%m-%d}\n")
    return "".join(lines)


ACTIONS = {"add": _add, "reset": _reset, "list": _list}


def _link(settings: Settings, token: str) -> str:
    return f"{address_of(settings)}/setup/{token}\n"


@contextmanager
def _writing(settings: Settings) -> Iterator[Session]:
    data = settings.data.resolve()
    claim = claim_folder(data)
    try:
        database = Database.open(data)
        try:
            with database.write() as session:
                yield session
        finally:
            database.close()
    finally:
        os.close(claim)
