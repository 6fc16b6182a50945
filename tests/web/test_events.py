from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import httpx
import pytest

from appliance.errors import SignedOutError
from appliance.records import sessions
from appliance.web.pages import events
from appliance.web.security import SESSION_COOKIE
from tests.web.appliance import (
    LiveAppliance,
    a_transcript,
    finish_job,
    open_workshop,
    put_recording,
    run_job,
    serving,
    sign_in,
)

TIMEOUT_S = 10.0


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveAppliance]:
    workshop = open_workshop(tmp_path)
    with serving(workshop) as appliance:
        yield appliance
    workshop.close()


@contextmanager
def listening(live: LiveAppliance, cookie: str) -> Iterator[Iterator[tuple[str, str]]]:
    """Listen to the stream of a page; yields pairs of event and HTML."""
    headers = {"Cookie": f"{SESSION_COOKIE}={cookie}"}
    with (
        httpx.Client(verify=False, timeout=TIMEOUT_S) as client,  # noqa: S501 -- the authority was made a moment ago.
        client.stream("GET", f"{live.address}/events", headers=headers) as stream,
    ):
        assert stream.status_code == 200
        assert stream.headers["content-type"].startswith("text/event-stream")
        yield _events(stream.iter_lines())


def _events(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    event, html = "", []
    for line in lines:
        if line.startswith("event: "):
            event = line.removeprefix("event: ")
        elif line.startswith("data: "):
            html.append(line.removeprefix("data: "))
        elif not line and event:
            yield event, "\n".join(html)
            event, html = "", []


def test_a_stream_begins_with_the_whole_truth(live: LiveAppliance) -> None:
    cookie, owner_id = sign_in(live.workshop)
    put_recording(live.workshop, owner_id, "waits.wav")
    with listening(live, cookie) as stream:
        event, html = next(stream)
    assert event == "list"
    assert "waits.wav" in html


def test_progress_comes_as_the_row_that_changed(live: LiveAppliance) -> None:
    cookie, owner_id = sign_in(live.workshop)
    recording_id = put_recording(live.workshop, owner_id, "runs.wav")
    with listening(live, cookie) as stream:
        next(stream)
        run_job(live.workshop, recording_id, "diarize", 0.5)
        heard = dict(next(stream) for _ in range(2))
    assert "runs.wav: transcription begins" in heard["news"]
    assert "Telling the speakers apart" in heard["rows"]


def test_a_finished_job_becomes_a_link(live: LiveAppliance) -> None:
    cookie, owner_id = sign_in(live.workshop)
    recording_id = put_recording(live.workshop, owner_id, "done.wav")
    with listening(live, cookie) as stream:
        next(stream)
        finish_job(live.workshop, recording_id, a_transcript())
        heard = dict(next(stream) for _ in range(2))
    assert "done.wav: the transcript is ready" in heard["news"]
    assert f'href="/recordings/{recording_id}"' in heard["rows"]


def test_a_new_recording_comes_with_the_whole_list(live: LiveAppliance) -> None:
    cookie, owner_id = sign_in(live.workshop)
    with listening(live, cookie) as stream:
        assert "No recordings yet" in next(stream)[1]
        put_recording(live.workshop, owner_id, "<b>new</b>.wav")
        event, html = next(stream)
    assert event == "list"
    assert "&lt;b&gt;new&lt;/b&gt;.wav" in html


def test_a_stream_ends_with_its_session(live: LiveAppliance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.05)
    cookie, _ = sign_in(live.workshop)
    with listening(live, cookie) as stream:
        next(stream)
        with live.workshop.database.write() as session:
            sessions.end(session, cookie)
        assert list(stream) == []


def test_watching_is_not_being_there(live: LiveAppliance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.05)
    cookie, _ = sign_in(live.workshop)
    looked = threading.Event()
    true = events._is_live

    class Later:
        @staticmethod
        def now(tz: tzinfo) -> datetime:
            return datetime.now(tz) + timedelta(minutes=29)

    def look(*given: object) -> bool:
        looked.set()
        return true(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(events, "datetime", Later)
    monkeypatch.setattr(events, "_is_live", look)
    with listening(live, cookie) as stream:
        next(stream)
        assert looked.wait(TIMEOUT_S)
    with live.workshop.database.write() as session, pytest.raises(SignedOutError):
        sessions.present(session, cookie, datetime.now(UTC) + timedelta(minutes=31))
