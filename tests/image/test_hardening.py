"""What the container may not do, asked of the container itself and of the engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.image.containers import IMAGE, UID, Composed, docker, inspect

ATTACKS = REPOSITORY / "tests" / "containment" / "attacks.py"
READ_ONLY = ("/", "/opt/cloister", "/opt/cloister/models/starter", "/etc/cloister", "/usr", "/root", "/run/cloister")
NEVER_IN_THE_IMAGE = ("gcc", "cc", "g++", "clang", "make", "ffmpeg", "curl", "wget", "ssh", "nc", "git")


def test_it_runs_as_a_user_of_its_own_without_capabilities(composed: Composed) -> None:
    status = dict(
        line.split(":\t", 1) for line in composed.execute("cat", "/proc/1/status").splitlines() if ":\t" in line
    )
    assert status["Uid"].split() == [UID] * 4
    assert {status[name].strip() for name in ("CapEff", "CapPrm", "CapBnd", "CapInh")} == {"0" * 16}
    assert status["NoNewPrivs"].strip() == "1"
    assert int(status["Seccomp_filters"]) >= 2  # The engine's default profile, and the seal.


def test_nothing_but_its_volumes_and_memory_can_be_written(composed: Composed) -> None:
    for folder in READ_ONLY:
        tried = docker("exec", composed.container, "touch", f"{folder}/x", check=False)
        assert tried.returncode != 0, folder
    assert composed.execute("sh", "-c", "touch /tmp/x && rm /tmp/x; echo done").strip() == "done"
    assert "noexec" in next(line for line in composed.execute("cat", "/proc/mounts").splitlines() if " /tmp " in line)


def test_the_engine_holds_it_to_the_hardening_of_the_compose_file(composed: Composed) -> None:
    host = inspect(composed.container)["HostConfig"]
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert not host["Privileged"]
    assert not host["CapAdd"]
    assert not host["Devices"]
    assert any("no-new-privileges" in option for option in host["SecurityOpt"])
    assert not any("unconfined" in option for option in host["SecurityOpt"])
    assert host["Memory"] == host["MemorySwap"] > 0
    assert host["PidsLimit"]
    assert {"Name": "core", "Soft": 0, "Hard": 0} in host["Ulimits"]


def test_its_network_does_not_masquerade(composed: Composed) -> None:
    [network] = json.loads(docker("network", "inspect", f"{composed.project}_front").stdout)
    assert network["Options"]["com.docker.network.bridge.enable_ip_masquerade"] == "false"


def test_data_and_keys_are_private_to_its_user(composed: Composed) -> None:
    for folder in ("/data", "/keys"):
        assert composed.execute("stat", "-c", "%u:%g %a", folder).strip() == f"{UID}:{UID} 700"
    assert composed.execute("stat", "-c", "%u %a", "/keys/root.key").strip() == f"{UID} 600"


@pytest.mark.parametrize("program", NEVER_IN_THE_IMAGE)
def test_the_image_has_no(program: str) -> None:
    found = docker("run", "--rm", "--entrypoint", "sh", IMAGE, "-c", f"command -v {program}", check=False)
    assert found.stdout == ""


def test_the_image_says_what_it_is() -> None:
    labels = inspect(IMAGE)["Config"]["Labels"]
    for name in ("title", "version", "revision", "created", "licenses"):
        assert labels[f"org.opencontainers.image.{name}"]


@pytest.mark.parametrize("role", ["server", "engine", "decoder"])
def test_every_attack_from_inside_is_refused_under_dockers_own_profile(role: str) -> None:
    ended = docker(
        *("run", "--rm", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--tmpfs", "/tmp"),  # noqa: S108
        *("--volume", f"{ATTACKS}:/attacks.py:ro", "--entrypoint", "python", IMAGE, "-IB", "/attacks.py", role),
        check=False,
    )
    lines = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]
    assert len(lines) > 40, ended.stdout + ended.stderr
    assert [line for line in lines if not line["refused"]] == []
    assert ended.returncode == 0, ended.stderr


def test_no_secret_is_in_the_image(tmp_path: Path) -> None:
    listed = docker("run", "--rm", "--entrypoint", "sh", IMAGE, "-c", "ls -A /data /keys /run/cloister").stdout
    assert [line for line in listed.splitlines() if line and not line.endswith(":")] == []


def test_doctor_finds_nothing_to_mend_in_a_running_container(composed: Composed) -> None:
    ended = docker("exec", composed.container, "appliance", "doctor", "--json", check=False)
    report = json.loads(ended.stdout)
    assert [finding for finding in report["findings"] if finding["verdict"] == "fail"] == []
    assert ended.returncode == 0


def test_the_report_shows_every_process_sealed_and_no_attempt(composed: Composed) -> None:
    with composed.client() as client:
        report = client.get("/air-gap/report.json").json()
    assert {proof["process"] for proof in report["proofs"]} == {"server", "engine", "decoder"}
    for proof in report["proofs"]:
        assert len(proof["trials"]) > 10
        assert [trial for trial in proof["trials"] if not trial["refused"]] == []
    assert report["attempts"]["refused"] == []
    assert report["ok"]
