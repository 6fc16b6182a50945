from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.cage import CageState
from appliance.doctor.processes import SealedProcess, look_at, own_processes, processes_on, seal
from appliance.errors import DataFolderError
from appliance.worker.workshop import Workshop, claim_folder, is_claimed
from tests.doctor.saying import said, verdicts
from tests.sealed import needs_whole_seal

SEALED = SealedProcess("engine", 17, CageState("filter", 2, no_new_privs=True, landlock_abi=7))


def test_what_the_kernel_does_not_enforce_fails() -> None:
    assert "Landlock 0" in said(seal(("the kernel offers Landlock 0",), [SEALED]), "fail")


@needs_whole_seal
def test_sealed_processes_are_named() -> None:
    findings = list(seal((), [SEALED]))
    assert verdicts(findings) == ["ok", "ok"]
    assert "engine (17)" in said(findings)


@pytest.mark.parametrize(
    "state",
    [
        CageState("off", 0, no_new_privs=True, landlock_abi=7),
        CageState("filter", 1, no_new_privs=False, landlock_abi=7),
    ],
    ids=["no filter", "may gain privileges"],
)
def test_a_process_without_its_seal_fails_by_name(state: CageState) -> None:
    assert "engine (17) is not sealed" in said(seal((), [SealedProcess("engine", 17, state)]), "fail")


def test_this_process_is_not_sealed_and_is_told_apart() -> None:
    assert [process.is_sealed for process in look_at({os.getpid(): "server"})] == [False]


def test_a_process_that_has_ended_is_left_out() -> None:
    assert look_at({2**22 + 1: "engine"}) == ()


def test_a_running_appliance_is_found_by_its_claim_with_its_children(tmp_path: Path) -> None:
    claim = claim_folder(tmp_path)
    program = "import sys; sys.stdin.read()"
    command = [sys.executable, "-c", program, "appliance.worker.engine_child"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
        try:
            assert is_claimed(tmp_path)
            assert processes_on(tmp_path) == {os.getpid(): "server", child.pid: "engine"}
        finally:
            child.kill()
            os.close(claim)
    assert not is_claimed(tmp_path)
    assert processes_on(tmp_path) == {}


def test_asking_makes_nothing_and_takes_nothing(tmp_path: Path) -> None:
    assert not is_claimed(tmp_path)
    assert list(tmp_path.iterdir()) == []
    os.close(claim_folder(tmp_path))
    assert not is_claimed(tmp_path)
    os.close(claim_folder(tmp_path))


def test_two_who_ask_do_not_take_each_other_for_an_appliance(tmp_path: Path) -> None:
    claim = claim_folder(tmp_path)
    with pytest.raises(DataFolderError, match="another Cloister"):
        claim_folder(tmp_path)
    os.close(claim)
    assert not is_claimed(tmp_path)


def test_the_server_knows_itself(tmp_path: Path) -> None:
    from tests.web.appliance import open_workshop  # noqa: PLC0415 -- it brings the whole web with it.

    workshop: Workshop = open_workshop(tmp_path)
    try:
        assert own_processes(workshop) == {os.getpid(): "server"}
    finally:
        workshop.close()
