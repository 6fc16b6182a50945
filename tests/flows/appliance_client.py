"""A client that talks to an appliance as a browser would, wherever the appliance runs."""

from __future__ import annotations

import ssl
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from appliance.spool import CHUNK_BYTES
from appliance.web.security import CSRF_HEADER, SESSION_COOKIE, csrf_token
from tests.people import Person


@dataclass
class ApplianceClient(ABC):
    """One person at one appliance."""

    session: str = field(default="", kw_only=True)
    person: Person = field(default_factory=Person, kw_only=True)

    @property
    @abstractmethod
    def address(self) -> str:
        """Where the appliance is reached."""

    @property
    @abstractmethod
    def authority(self) -> Path:
        """The certificate of its authority."""

    @abstractmethod
    def link_token(self) -> str | None:
        """The token of the link for the first administrator, or None as long as it is not printed."""

    def client(self) -> httpx.Client:
        """A signed-in client that trusts this appliance's own authority alone; sends what a page of ours sends."""
        if not self.session:
            self._sign_in()
        client = self._stranger()
        client.headers.update({"Cookie": f"{SESSION_COOKIE}={self.session}", CSRF_HEADER: csrf_token(self.session)})
        return client

    def _stranger(self) -> httpx.Client:
        context = ssl.create_default_context(cafile=str(self.authority))
        headers = {"Origin": self.address, "Sec-Fetch-Site": "same-origin", "Accept": "application/json"}
        return httpx.Client(base_url=self.address, verify=context, timeout=60, headers=headers)

    def _sign_in(self) -> None:
        """Enrol by the link that the appliance printed, the first time; later, prove the passphrase."""
        if not self.person.account_id:  # Before anything else: until the link is there, so is no certificate.
            wait_for(self.link_token, 60, "the link for the first administrator")
        with self._stranger() as client:
            if self.person.account_id:
                answer = self.person.sign_in(client, self.address)
            else:
                answer = self.person.enrol(client, str(self.link_token()))
            assert answer.status_code == 201, answer.text
            self.session = client.cookies[SESSION_COOKIE]

    def upload(self, content: bytes, name: str = "talk.wav", **options: object) -> str:
        """Upload a recording as the page does; returns its id."""
        with self.client() as client:
            recording_id = begin(client, name, len(content), **options)
            for number in range(-(-len(content) // CHUNK_BYTES)):
                send(client, recording_id, number, content).raise_for_status()
        return recording_id


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
