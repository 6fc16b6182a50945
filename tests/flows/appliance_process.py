"""A real appliance in a process of its own, and a client that talks to it as a browser would."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from appliance.spool import CHUNK_BYTES
from appliance.web.security import CSRF_HEADER, SESSION_COOKIE, csrf_token
from tests.conftest import REPOSITORY

LINK = re.compile(r"https://\S+/setup/(\S+)")
ENDINGS = ("done", "failed", "cancelled")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class ApplianceProcess:
    """`appliance serve` on a folder of its own; may be killed and started again."""

    folder: Path
    port: int = field(default_factory=free_port)
    settings: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None
    printed: list[str] = field(default_factory=list)
    session: str = ""

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
        command = [sys.executable, "-m", "appliance", "serve", "--data", str(self.data), "--port", str(self.port)]
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

    def client(self) -> httpx.Client:
        """A signed-in client that trusts this appliance's own authority alone; sends what a page of ours sends."""
        if not self.session:
            self._sign_in()
        client = self._stranger()
        client.headers.update({"Cookie": f"{SESSION_COOKIE}={self.session}", CSRF_HEADER: csrf_token(self.session)})
        return client

    def _stranger(self) -> httpx.Client:
        context = ssl.create_default_context(cafile=str(self.folder / "keys" / "ca.crt"))
        headers = {"Origin": self.address, "Sec-Fetch-Site": "same-origin", "Accept": "application/json"}
        return httpx.Client(base_url=self.address, verify=context, timeout=60, headers=headers)

    def _sign_in(self) -> None:
        wait_for(lambda: any(LINK.search(line) for line in self.printed), 20, "the sign-in link")
        token = next(match[1] for line in self.printed if (match := LINK.search(line)))
        with self._stranger() as client:
            answer = client.post(f"/setup/{token}")
            assert answer.status_code == 303, answer.text
            self.session = client.cookies[SESSION_COOKIE]

    def upload(self, content: bytes, name: str = "talk.wav", **options: object) -> str:
        """Upload a recording as the page does; returns its id."""
        with self.client() as client:
            recording_id = begin(client, name, len(content), **options)
            for number in range(-(-len(content) // CHUNK_BYTES)):
                send(client, recording_id, number, content).raise_for_status()
        return recording_id

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


def begin(client: httpx.Client, name: str, size_bytes: int, **options: object) -> str:
    answer = client.post("/recordings", json={"name": name, "size_bytes": size_bytes, "options": options})
    answer.raise_for_status()
    return str(answer.json()["id"])


def send(client: httpx.Client, recording_id: str, number: int, content: bytes) -> httpx.Response:
    chunk = content[number * CHUNK_BYTES : (number + 1) * CHUNK_BYTES]
    return client.put(f"/recordings/{recording_id}/chunks/{number}", content=chunk)


def wait_for(claim: Callable[[], object], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not claim():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(0.05)
