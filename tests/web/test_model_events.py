from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from appliance.records import accounts
from appliance.records.accounts import ADMINISTRATOR, MEMBER
from appliance.web.pages import model_events
from appliance.web.security import SESSION_COOKIE
from tests.web.appliance import LiveAppliance, enrolled, open_workshop, serving, sign_in
from tests.web.stages import Trials, image_in, made, settled
from tests.web.test_events import _events

TIMEOUT_S = 10.0
PARTS = ["in-use", "signers", "imports", "underway", "ready", "history"]


@pytest.fixture
def trials(monkeypatch: pytest.MonkeyPatch) -> Trials:
    return Trials(monkeypatch)


@pytest.fixture
def live(tmp_path: Path, trials: Trials) -> Iterator[LiveAppliance]:
    imports = tmp_path / "imports"
    imports.mkdir()
    workshop = open_workshop(tmp_path, models=image_in(tmp_path), imports=imports)
    with serving(workshop) as appliance:
        yield appliance
    workshop.close()
    assert trials.going_on.is_set()


@contextmanager
def listening(live: LiveAppliance, name: str = "owner") -> Iterator[Iterator[tuple[str, str]]]:
    cookie, _ = sign_in(live.workshop, name, ADMINISTRATOR)
    with (
        httpx.Client(verify=False, timeout=TIMEOUT_S) as client,  # noqa: S501 -- the authority was made a moment ago.
        client.stream(
            "GET", f"{live.address}/models/events", headers={"Cookie": f"{SESSION_COOKIE}={cookie}"}
        ) as stream,
    ):
        assert stream.status_code == 200
        yield _events(stream.iter_lines())


def until(stream: Iterator[tuple[str, str]], wanted: Callable[[str, str], bool]) -> str:
    deadline = time.monotonic() + TIMEOUT_S
    for event, html in stream:
        if wanted(event, html):
            return html
        assert time.monotonic() < deadline
    raise AssertionError("the stream ended")


def test_a_stream_begins_with_every_part(live: LiveAppliance) -> None:
    with listening(live) as stream:
        assert [next(stream)[0] for _ in PARTS] == PARTS


def test_steps_and_the_end_come_by_themselves_and_are_said(live: LiveAppliance, trials: Trials) -> None:
    trials.going_on.clear()
    bundle = live.workshop.settings.data / "x.cloister"
    bundle.write_bytes(made(7))
    with listening(live) as stream:
        for _ in PARTS:
            next(stream)
        live.workshop.updates.begin("x.cloister", "Ada", lambda: bundle.open("rb"))
        until(stream, lambda event, html: event == "news" and "Trying the update: recording 1 of 2" in html)
        trials.going_on.set()
        until(stream, lambda event, html: event == "ready" and "Nothing speaks against using it." in html)
        until(stream, lambda event, html: event == "news" and "tiny 2026.11 stands ready." in html)
    settled(live.workshop)


def test_a_stick_that_is_plugged_in_shows_by_itself(live: LiveAppliance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_events, "LOOK_S", 0.1)
    imports = live.workshop.settings.imports
    assert imports is not None
    with listening(live) as stream:
        for _ in PARTS:
            next(stream)
        (imports / "spring.cloister").write_bytes(b"x")
        until(stream, lambda event, html: event == "imports" and "spring.cloister" in html)


def test_who_is_no_administrator_any_more_hears_no_more(live: LiveAppliance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_events, "LOOK_S", 0.1)
    monkeypatch.setattr(model_events, "CHECK_S", 0.0)
    enrolled(live.workshop)  # One has to stay.
    with listening(live, "Amina") as stream:
        for _ in PARTS:
            next(stream)
        with live.workshop.database.write() as session:
            accounts.change_role(session, enrolled(live.workshop, "Amina").account_id, MEMBER)
        assert list(stream) == []
