"""An open appliance, and browsers in front of it: one that is signed in, one that is not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from appliance.web.security import CSRF_HEADER, SESSION_COOKIE, csrf_token
from appliance.worker.workshop import Workshop
from tests.web.appliance import ADDRESS, application, open_workshop, sign_in

JSON = {"Accept": "application/json"}


@dataclass
class Browser:
    """A client that behaves as our own pages do: it names its origin and sends the token back."""

    client: TestClient[Litestar]
    workshop: Workshop
    owner_id: str
    cookie: str

    def ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        headers = {
            "Origin": ADDRESS,
            "Sec-Fetch-Site": "same-origin",
            CSRF_HEADER: csrf_token(self.cookie),
            "Cookie": f"{SESSION_COOKIE}={self.cookie}",
        } | given.pop("headers", {})
        return self.client.request(
            method, path, headers={name: value for name, value in headers.items() if value}, **given
        )

    def get(self, path: str, **given: Any) -> httpx.Response:
        return self.ask("GET", path, **given)

    def json(self, method: str, path: str, content: object = None, **given: Any) -> httpx.Response:
        headers = JSON | given.pop("headers", {})
        return self.ask(method, path, json=content, headers=headers, **given)


@contextmanager
def browsing(folder: Path, weaknesses: tuple[str, ...] = (), **settings: object) -> Iterator[Browser]:
    """Open an appliance with its own settings and a browser that is signed in."""
    workshop = open_workshop(folder, weaknesses, **settings)
    try:
        with application(workshop) as app, TestClient(app, base_url=ADDRESS) as client:
            client.follow_redirects = False
            cookie, owner_id = sign_in(workshop)
            yield Browser(client, workshop, owner_id, cookie)
    finally:
        workshop.close()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with browsing(tmp_path) as opened:
        yield opened


@pytest.fixture
def workshop(browser: Browser) -> Workshop:
    return browser.workshop


@pytest.fixture
def client(browser: Browser) -> TestClient[Litestar]:
    """The same appliance to somebody who is not signed in."""
    return browser.client
