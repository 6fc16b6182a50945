"""Every attack on every seal is refused; the image's tests run the same script inside the container."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.containment import attacks
from tests.sealed import needs_whole_seal

pytestmark = needs_whole_seal

SCRIPT = Path(__file__).with_name("attacks.py")


@pytest.mark.parametrize("role", attacks.ROLES)
def test_every_attack_from_inside_is_refused(role: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-B", str(SCRIPT), role], capture_output=True, text=True, check=False, timeout=120
    )
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [line for line in lines if not line["refused"]] == []
    assert (ended.returncode, ended.stderr) == (0, "")
    assert len(lines) > 200
    assert len({line["attack"] for line in lines}) == len(lines)


def test_without_a_seal_the_same_attacks_get_through() -> None:
    through = {str(line["attack"]) for line in unsealed_lines() if not line["refused"]}
    assert {
        "socket(2, SOCK_STREAM)",
        "connect an inherited TCP socket",
        "sendto on an inherited UDP socket",
        "send to an abstract socket by message",
        "trial: socket(AF_INET)",
        "kcmp",
        "kill(10) the parent",
        "look into /proc/parent/mem",
        "read a file outside",
        "remove a file outside",
    } <= through


def test_what_got_through_is_witnessed() -> None:
    arrived = {str(line["attack"]) for line in unsealed_lines() if not line["refused"]}
    assert {
        "witness: connection arrived",
        "witness: datagram arrived",
        "witness: abstract arrived",
        "witness: signal arrived",
        "witness: files changed",
    } <= arrived


def unsealed_lines() -> list[attacks.Line]:
    """What the script finds where no seal was put on. It makes files next to the root, so a machine is not for it."""

    def run(report: attacks.Report) -> None:
        victim = attacks.Victim("engine")

        def try_all(tell: attacks.Report) -> None:
            for group in (attacks.ways_out, attacks.processes):
                for attack in group(victim):
                    tell(attack.line())
            for attack in attacks.files(victim):
                if not attack.name.startswith("make a file in"):
                    tell(attack.line())

        lines, _ = attacks.in_a_fork(try_all)
        for line in [*lines, *(seen.line() for seen in victim.seen())]:
            report(line)
        shutil.rmtree(victim.folder)

    lines, _ = attacks.in_a_fork(run)
    return lines


def test_an_attacker_that_dies_of_something_else_is_not_taken_for_refused() -> None:
    _, ending = attacks.in_a_fork(lambda _report: os.kill(os.getpid(), signal.SIGKILL))
    assert ending == "SIGKILL"
