"""Accounts through restarts of a real server, and through a browser that comes by plain http."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.web.security import CSRF_HEADER, SESSION_COOKIE, csrf_token
from tests.flows.appliance_process import ApplianceProcess


@pytest.fixture
def appliance(tmp_path: Path) -> Iterator[ApplianceProcess]:
    """An appliance without models: people come in all the same."""
    started = ApplianceProcess(tmp_path, settings={"CLOISTER_MODELS": str(tmp_path / "none")})
    started.start()
    yield started
    started.end()


def restart(appliance: ApplianceProcess) -> None:
    appliance.stop()
    appliance.start()


def test_the_link_for_the_first_administrator_is_printed_until_somebody_has_used_it(
    appliance: ApplianceProcess,
) -> None:
    first = appliance.link_token()
    restart(appliance)
    second = appliance.link_token()
    assert first
    assert second
    assert first != second
    with appliance.client() as client:
        assert client.get(f"/setup/{first}").status_code == 410
        assert client.get("/vault").json()["role"] == "administrator"
    restart(appliance)
    assert appliance.link_token() is None


def test_after_a_restart_the_session_lasts_and_the_vault_is_locked_and_the_passphrase_still_works(
    appliance: ApplianceProcess,
) -> None:
    with appliance.client() as client:
        assert client.post("/vault/half").status_code == 200
        assert client.get("/vault/half").status_code == 200
        before = client.post("/sign-in/begin", json={"name": "nobody"}).json()
    restart(appliance)
    with appliance.client() as client:
        assert client.get("/vault/half").status_code == 204
        after = client.post("/sign-in/begin", json={"name": "nobody"}).json()
        assert (before["kdf"], before["account_id"]) == (after["kdf"], after["account_id"])
        answer = appliance.person.sign_in(client, appliance.address)
        assert answer.status_code == 201
        session = answer.cookies[SESSION_COOKIE]
        headers = {"Cookie": f"{SESSION_COOKIE}={session}", CSRF_HEADER: csrf_token(session)}
        assert client.get("/vault", headers=headers).json()["name"] == appliance.person.name


def test_a_kill_in_the_middle_of_the_day_loses_nobodys_keys(appliance: ApplianceProcess) -> None:
    with appliance.client() as client:
        slots = client.get("/vault").json()["slots"]
    appliance.kill()
    appliance.start()
    with appliance.client() as client:
        assert client.get("/vault").json()["slots"] == slots


def test_a_visit_by_plain_http_is_told_why_it_cannot_work_and_disturbs_nobody(appliance: ApplianceProcess) -> None:
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", appliance.port), timeout=10) as visit:
            visit.sendall(b"GET /sign-in HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = b""
            while piece := visit.recv(4096):
                answer += piece
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert f'href="{appliance.address}"'.encode() in answer
        assert "https only" in answer.decode()
        assert "https" in answer.decode().partition('lang="bn"')[2]
        assert b"<form" not in answer
    with appliance.client() as client:
        assert client.get("/vault").status_code == 200
    assert "Traceback" not in appliance.log.read_text()
