"""The doorbell: Huey, in the same process, on a queue of its own. Losing the queue loses nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from huey import SqliteHuey, crontab
from huey.registry import Message
from huey.serializer import Serializer

QUEUE_NAME = "cloister"


class JsonMessages(Serializer):  # type: ignore[misc]
    """Queue entries as JSON. Huey's own are pickles, and a pickle in a database file is code that waits to run."""

    def serialize(self, data: object) -> bytes:
        """Encode a task message, or a plain result."""
        if isinstance(data, Message):
            return json.dumps({"message": data._asdict()}, default=_refuse).encode()
        return json.dumps({"value": data}, default=_refuse).encode()

    def deserialize(self, data: bytes) -> object:
        """Decode what serialize wrote."""
        content = json.loads(data)
        if "message" in content:
            fields = content["message"]
            return Message(**{**fields, "args": tuple(fields["args"])})
        return content["value"]


class Bell:
    """Rings when a job waits, and once a minute besides, in case a ring was lost."""

    def __init__(
        self, folder: Path, work: Callable[[], None], tidy: Callable[[], None], rotate: Callable[[], None]
    ) -> None:
        """Hang the bell.

        Args:
            folder: Where ``queue.db`` lies.
            work: Runs the jobs that wait, until none does.
            tidy: Clears away what nobody needs any more.
            rotate: Replaces the keys where they are old enough, and finishes a rotation that was cut short.
        """
        self.huey = SqliteHuey(
            QUEUE_NAME,
            filename=str(folder / "queue.db"),
            serializer=JsonMessages(),
            results=False,
            store_none=False,
            utc=True,
        )
        (folder / "queue.db").chmod(0o600)
        self._ring = self.huey.task(name="ring")(work)
        self.huey.periodic_task(crontab(), name="minute")(work)
        self.huey.periodic_task(crontab(minute="*/10"), name="tidy")(tidy)
        # Once a day, and at each start, for a machine that is off at that hour.
        self._rotate = self.huey.task(name="rotate")(rotate)
        self.huey.periodic_task(crontab(minute="17", hour="3"), name="night")(rotate)

    def ring(self) -> None:
        """Wake a consumer thread."""
        self._ring()

    def rotate(self) -> None:
        """Have a consumer thread look at the keys."""
        self._rotate()


def _refuse(value: object) -> object:
    raise TypeError(f"the queue carries plain values only, not {type(value).__name__}")
