"""A real appliance in a process of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.conftest import REPOSITORY
from tests.flows.appliance_client import ApplianceClient, wait_for

LINK = re.compile(r"https://\S+/setup/(\S+)")
ENDINGS = ("done", "failed", "cancelled")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class ApplianceProcess(ApplianceClient):
    """`appliance serve` on a folder of its own; may be killed and started again."""

    folder: Path
    port: int = field(default_factory=free_port)
    settings: dict[str, str] = field(default_factory=dict)
    program: tuple[str, ...] = ("-m", "appliance")
    process: subprocess.Popen[str] | None = None
    printed: list[str] = field(default_factory=list)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def address(self) -> str:
        return f"https://localhost:{self.port}"

    def start(self, ready_s: float = 40.0) -> None:
        environment = {**os.environ, "CLOISTER_HOST": "127.0.0.1", **self.settings}
        command = [sys.executable, *self.program, "serve", "--data", str(self.data), "--port", str(self.port)]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True, cwd=REPOSITORY
            )
        self.printed = []
        self._reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self._reader.start()
        wait_for(self._listening, ready_s, "the appliance to listen")

    def _listening(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"the appliance ended: {self.log.read_text()[-2000:]}")
        return any("ready at" in line for line in self.printed)

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.printed.append(line)

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._stop_reading()

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
        finally:
            self.kill()

    def end(self) -> None:
        """Make sure that nothing of it runs, whatever state a test left it in."""
        if self.process is not None:
            self.kill()

    def _stop_reading(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        self._reader.join(5)
        self.process.stdout.close()

    def children(self, module: str) -> list[int]:
        """Process ids of this appliance's children that run a module."""
        assert self.process is not None
        found = []
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(status.read_text().rpartition(")")[2].split()[1])
                command = (status.parent / "cmdline").read_text()
            except (OSError, ValueError, IndexError):
                continue
            if parent == self.process.pid and module in command:
                found.append(int(status.parent.name))
        return found

    @property
    def authority(self) -> Path:
        return self.folder / "keys" / "ca.crt"

    def link_token(self) -> str | None:
        return next((match[1] for line in self.printed if (match := LINK.search(line))), None)

    def logged(self, message: str, **facts: object) -> list[dict[str, object]]:
        """Log lines with this message and these facts."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line["message"] == message and facts.items() <= line.items()]

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Read the database beside the appliance."""
        connection = sqlite3.connect(f"file:{self.data / 'cloister.db'}?mode=ro", uri=True, timeout=30)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()

    def job_state(self, recording_id: str) -> str | None:
        rows = self.rows("select state from jobs where recording_id = ? order by created_at desc", recording_id)
        return str(rows[0][0]) if rows else None

    def wait_engine(self, seconds: float = 90) -> None:
        wait_for(lambda: self.logged("engine ready"), seconds, "the engine to be ready")

    def wait_ended(self, recording_id: str, seconds: float = 120) -> str:
        wait_for(lambda: self.job_state(recording_id) in ENDINGS, seconds, "the job to end")
        return str(self.job_state(recording_id))

    def spooled(self) -> list[str]:
        return sorted(path.name for path in (self.data / "spool").iterdir())
