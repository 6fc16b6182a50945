"""What reaches the log: our own sentences, and of libraries only what is wrong."""

from __future__ import annotations

import json
import subprocess
import sys

SPEAK = """
import logging
from appliance.logs import start_logging
start_logging({level})
for name in ("appliance.worker", "matplotlib.font_manager"):
    for level in (logging.INFO, logging.WARNING, logging.ERROR):
        logging.getLogger(name).log(level, "said")
"""


def said(level: str) -> list[tuple[str, str]]:
    """Return source and level of every line that a process writes which logs from a level on."""
    process = subprocess.run(  # A process of its own, because logging belongs to the whole process.
        [sys.executable, "-c", SPEAK.format(level=level)], capture_output=True, text=True, check=True
    )
    lines = [json.loads(line) for line in process.stderr.splitlines()]
    return [(line["from"].partition(".")[0], line["level"]) for line in lines]


def test_libraries_are_heard_only_when_something_is_wrong() -> None:
    assert said("") == [
        ("appliance", "info"), ("appliance", "warning"), ("appliance", "error"),
        ("matplotlib", "warning"), ("matplotlib", "error"),
    ]  # fmt: skip


def test_a_command_that_speaks_for_itself_silences_both() -> None:
    assert said("logging.CRITICAL") == []
