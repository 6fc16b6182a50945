"""Logs: one JSON object a line on standard error; never a transcript, a title, a file name or a key.

Only the fields named here leave: a message is a fixed sentence, facts go in ``extra`` under allowed names, and an
exception is told by its class and place, never by its words, because a library's words may quote its input.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime

ALLOWED_FACTS = (
    "job", "recording", "document", "code", "stage", "seconds", "attempt", "pid", "signal", "status", "method", "route",
    "port", "caller", "call", "count", "bytes", "state", "missing", "folder", "epoch",
)  # fmt: skip


class JsonLines(logging.Formatter):
    """Format a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return time, level, source, message and the allowed facts."""
        line: dict[str, object] = {
            "utc": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "message": record.getMessage() if record.name.startswith("appliance") else str(record.msg),
        }
        line |= {name: getattr(record, name) for name in ALLOWED_FACTS if hasattr(record, name)}
        if record.exc_info and record.exc_info[1]:
            error = record.exc_info[1]
            frames = traceback.extract_tb(error.__traceback__)[-4:]
            line["error"] = type(error).__name__
            line["at"] = [f"{frame.filename}:{frame.lineno}" for frame in frames]
        return json.dumps(line, default=str)


def start_logging(level: int = logging.INFO) -> None:
    """Send every log record of this process to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    # Libraries say only what is wrong: at INFO, Huey writes task arguments and matplotlib that it looked for fonts.
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)
    logging.getLogger("appliance").setLevel(level)
    logging.getLogger("uvicorn.access").disabled = True  # Its lines carry paths, and a path can carry a secret.
