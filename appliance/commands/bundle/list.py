"""``appliance bundle list``: which set is in use, which stands ready, who is trusted, and what happened."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator

import msgspec

from appliance.bundles.readiness import set_to_load
from appliance.bundles.store import Store, name_of
from appliance.bundles.trust import Installed
from appliance.commands.bundle.here import called, opened


def run(given: argparse.Namespace) -> int:
    """Print it; a journal that somebody changed ends the command with status 1, after everything else."""
    _, store = opened(given)
    if given.json:
        sys.stdout.write(json.dumps(_facts(store), indent=1) + "\n")
    else:
        sys.stdout.write("\n".join(_lines(store)) + "\n")
        if given.history:
            sys.stdout.write("\n".join(_history(store)) + "\n")
    store.journal.check(store.ledger.entry)
    return 0


def _lines(store: Store) -> Iterator[str]:
    ledger = store.ledger
    yield f"In use:      {called(store, ledger.active)}"
    _, refusal = set_to_load(store)
    if refusal is not None:
        yield f"             {refusal} [{refusal.code}] The set that came with the appliance is loaded instead."
    if ledger.probation:
        yield f"             under watch: if the engine fails at one of its next {ledger.probation} jobs, it goes back"
    yield f"Go back to:  {called(store, ledger.previous) if ledger.previous else 'nothing'}"
    yield f"Ready:       {called(store, ledger.candidate) if ledger.candidate else 'nothing'}"
    for root in store.lines():
        highest = ledger.memory(root.line).highest
        newest = f"newest release seen: {highest.mark.epoch}-{highest.mark.release}" if highest else "nothing seen yet"
        signers = f"{root.threshold} of {len(root.public_keys)} keys"
        yield f"Trusted:     {root.line}, list {root.number}, {signers}; {newest}"


def _history(store: Store) -> Iterator[str]:
    for entry in store.journal.entries():
        facts = " ".join(f"{name}={value}" for name, value in entry.facts.items())
        yield "  ".join(
            part for part in (entry.utc, entry.actor, entry.action, entry.object, entry.code, facts) if part
        )


def _facts(store: Store) -> dict[str, object]:
    ledger = store.ledger

    def named(installed: Installed | None) -> str | None:
        return name_of(installed) if installed is not None else None

    return {
        "active": named(ledger.active),
        "previous": named(ledger.previous),
        "candidate": named(ledger.candidate),
        "probation": ledger.probation,
        "loads": str(set_to_load(store)[0]),
        "trusted": {root.line: root.number for root in store.lines()},
        "history": [msgspec.to_builtins(entry) for entry in store.journal.entries()],
    }
