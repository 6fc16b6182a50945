"""``appliance bundle VERB``: model updates, from the key that signs them to the set in use. One verb a module."""

from __future__ import annotations

import argparse
import importlib


def run(given: argparse.Namespace) -> int:
    """Do what was asked; only the module of that verb is imported."""
    return int(importlib.import_module(f"appliance.commands.bundle.{given.verb}").run(given))
