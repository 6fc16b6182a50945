"""Attempts to call out from inside the real processes are refused, counted and told; the product makes none itself."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.appliance_client import wait_for
from tests.flows.appliance_process import ApplianceProcess

pytestmark = pytest.mark.models

INFILTRATED = Path(__file__).with_name("infiltrated.py")
ENGINE, WARDEN = "appliance.worker.engine_child", "appliance.worker.warden_child"
TOLD = "attempt to call out refused"


@pytest.fixture(scope="module")
def infiltrated(tmp_path_factory: pytest.TempPathFactory, starter_set: Path) -> Iterator[ApplianceProcess]:
    appliance = ApplianceProcess(tmp_path_factory.mktemp("infiltrated"), program=(str(INFILTRATED),))
    appliance.start()
    appliance.wait_engine()
    yield appliance
    appliance.end()


def count(appliance: ApplianceProcess, caller: str) -> int:
    return sum(int(str(line["count"])) for line in appliance.logged(TOLD, caller=caller, call="socket"))


def attempt(appliance: ApplianceProcess, process_id: int, caller: str) -> None:
    """Have the intruder in a process try once, and wait until the server has told of it."""
    before = count(appliance, caller)
    os.kill(process_id, signal.SIGUSR1)
    wait_for(lambda: count(appliance, caller) == before + 1, 10, f"the attempt of the {caller} to be told")


def test_what_the_server_and_the_engine_try_is_counted_under_their_names(infiltrated: ApplianceProcess) -> None:
    assert infiltrated.process is not None
    [engine] = infiltrated.children(ENGINE)
    for _ in range(3):
        attempt(infiltrated, infiltrated.process.pid, "server")
        attempt(infiltrated, engine, "engine")
    assert len(infiltrated.logged(TOLD)) == 6
    assert infiltrated.children(ENGINE) == [engine]


def test_a_whole_job_makes_no_attempt_in_any_process(infiltrated: ApplianceProcess, sample: bytes) -> None:
    before = infiltrated.logged(TOLD)
    recording_id = infiltrated.upload(sample, language="en")
    assert infiltrated.wait_ended(recording_id) == "done"
    assert infiltrated.logged(TOLD) == before


def test_without_its_warden_the_appliance_goes_on_and_says_that_it_counts_no_more(
    infiltrated: ApplianceProcess, sample: bytes
) -> None:
    [warden] = infiltrated.children(WARDEN)
    os.kill(warden, signal.SIGKILL)
    wait_for(lambda: infiltrated.logged("refused attempts are not counted any more"), 5, "the server to say so")
    before = infiltrated.logged(TOLD)
    assert infiltrated.process is not None
    os.kill(infiltrated.process.pid, signal.SIGUSR1)
    recording_id = infiltrated.upload(sample, language="en", diarize=False)
    assert infiltrated.wait_ended(recording_id) == "done"
    assert infiltrated.logged(TOLD) == before
    assert infiltrated.stop() == 0
