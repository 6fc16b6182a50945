"""No job tries to call out: counted by Python's audit hooks, and by the kernel's record of system calls.

That nothing gets out is the seal's work; here nothing is even tried. A call that the seal refuses would still count.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from appliance import cage, syscalls
from appliance.config import child_environment
from tests.conftest import REPOSITORY
from tests.engine.test_pipeline import add_aligner
from tests.web.appliance import open_workshop

THREADS = 2
CLIP_S = 8
PROGRAM = REPOSITORY / "tests" / "containment" / "every_job.py"

MISSING = cage.check_kernel(allow_weaker=True)
needs_whole_seal = pytest.mark.skipif(bool(MISSING), reason=f"this kernel cannot enforce the seal: {MISSING}")
STRACE = shutil.which("strace")
needs_strace = pytest.mark.skipif(STRACE is None, reason="strace is not installed")

TRACED = "trace=%network,io_uring_setup,io_uring_enter,io_uring_register,execve,execveat"
CALL = re.compile(r"^\d+ +(\w+)\(")
STARTED = re.compile(r'^\d+ +execve\("([^"]+)"')
# What the inherited pair needs: it has both ends from birth, so nothing that is sent through it names an address.
OF_THE_PAIR = re.compile(
    r"^\d+ +(socketpair\(AF_UNIX,|(recvmsg|recvfrom|getsockname|getpeername|getsockopt|setsockopt|shutdown)\(|"
    r"sendmsg\(\d+, \{msg_name=NULL,|sendto\(.*, NULL, 0(?:\)| <unfinished))"
)
# A process that has sealed itself tries the seal with calls that nothing could grant: `appliance.cage.try_way_out`.
TRIAL = re.compile(rf"^\d+ +(\w+\((-1|4294967295|0xf{{8,16}})\b|socket\(0x\w+, 0x\w+, {syscalls.TRIAL_PROTOCOL:#x}\))")

SEALED_ATTEMPT = """
import socket
from appliance import cage
cage.seal_engine(readable=[], writable=[])
try:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
except PermissionError:
    print("refused")
"""


@dataclass(frozen=True, slots=True)
class Run:
    """What a program printed, and what it asked of the kernel.

    Attributes:
        printed: Its standard output.
        attempts: Lines of the record in which it reaches out, granted or refused.
        programs: What it started, itself included.
    """

    printed: str
    attempts: list[str]
    programs: list[str]


def traced(record: Path, command: Sequence[str], *, can_be_refused: bool = True) -> Run:
    """Run a program under strace, in the environment of a child.

    Args:
        record: Where strace writes; several programs need several.
        command: The program and its arguments.
        can_be_refused: Whether a filter of its own could hide a call from strace's quicker way, which is a filter too.
    """
    quicker = [] if can_be_refused else ["--seccomp-bpf"]
    strace = [
        str(STRACE),
        "-f",
        "-qq",
        *quicker,
        "-e",
        "signal=none",
        "-e",
        "raw=socket",
        "-e",
        TRACED,
        "-o",
        str(record),
    ]
    done = subprocess.run(
        [*strace, *command], env=child_environment(THREADS), capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = record.read_text(errors="replace").splitlines()
    calls = [line for line in lines if (found := CALL.match(line)) and not found[1].startswith("execve")]
    return Run(
        printed=done.stdout,
        attempts=[line for line in calls if not OF_THE_PAIR.match(line) and not TRIAL.match(line)],
        programs=[found[1] for line in lines if (found := STARTED.match(line))],
    )


def report(run: Run) -> dict[str, Any]:
    answer = json.loads(run.printed.splitlines()[-1])
    assert isinstance(answer, dict)
    return answer


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory, sample_wav: Path) -> Path:
    """The first seconds of the sample."""
    path = tmp_path_factory.mktemp("clip") / "clip.wav"
    with wave.open(str(sample_wav)) as source, wave.open(str(path), "wb") as target:
        target.setparams(source.getparams())
        target.writeframes(source.readframes(CLIP_S * source.getframerate()))
    return path


@pytest.fixture(scope="module")
def aligning_set(tmp_path_factory: pytest.TempPathFactory, starter_set: Path) -> Path:
    return add_aligner(starter_set, tmp_path_factory.mktemp("sets") / "aligning")


@pytest.fixture(scope="module")
def every_job(tmp_path_factory: pytest.TempPathFactory, starter_set: Path, aligning_set: Path, sample_wav: Path) -> Run:
    """Every kind of job, unsealed, so that an attempt would go through and be seen by both."""
    arguments = [str(starter_set), str(aligning_set), str(sample_wav)]
    command = [sys.executable, "-W", "ignore", str(PROGRAM), *arguments]
    return traced(tmp_path_factory.mktemp("jobs") / "record", command, can_be_refused=False)


@pytest.fixture(scope="module")
def transcribed(tmp_path_factory: pytest.TempPathFactory, aligning_set: Path, clip: Path) -> tuple[Run, Path]:
    """The real command with its two sealed children."""
    folder = tmp_path_factory.mktemp("transcribed")
    options = ["--models", str(aligning_set), "--out", str(folder)]
    command = [sys.executable, "-m", "appliance", "transcribe", str(clip), *options]
    return traced(folder / "record", command), folder / "clip.json"


@needs_strace
@pytest.mark.models
def test_no_job_makes_an_attempt_that_pythons_audit_hooks_see(every_job: Run) -> None:
    assert report(every_job)["tried"] == []


@needs_strace
@pytest.mark.models
def test_no_job_makes_an_attempt_that_the_kernel_sees(every_job: Run) -> None:
    assert every_job.attempts == []


@needs_strace
@pytest.mark.models
def test_no_job_starts_a_program(every_job: Run) -> None:
    """Before the seal, looking for libseccomp asks the linker's cache, as ctypes does it."""
    assert {Path(program).name for program in report(every_job)["programs"]} <= {"ldconfig"}
    assert {Path(program).name for program in every_job.programs} <= {Path(sys.executable).name, "ldconfig"}


@needs_strace
@pytest.mark.models
def test_the_jobs_did_what_was_asked_of_them(every_job: Run) -> None:
    jobs = report(every_job)["jobs"]
    assert {name for name, job in jobs.items() if job["segments"] == 0} == {"silence", "silence, nobody told apart"}
    assert {name for name, job in jobs.items() if job["aligned"]} == {
        "aligned",
        "aligned, language detected, nobody told apart",
    }
    assert jobs["exactly two speakers"]["speakers"] == 2
    assert jobs["at least three speakers"]["speakers"] == 3
    assert jobs["at most one speaker"]["speakers"] == 1
    assert jobs["language detected, speakers told apart"]["language"] == "en"


@needs_strace
@pytest.mark.models
def test_no_exporter_of_telemetry_is_loaded_and_none_of_its_threads_runs(every_job: Run) -> None:
    assert report(every_job)["exporters"] == []
    assert [name for name in report(every_job)["threads"] if "otel" in name.lower()] == []


@needs_strace
@needs_whole_seal
@pytest.mark.models
def test_the_sealed_children_of_the_command_make_no_attempt(transcribed: tuple[Run, Path]) -> None:
    run, transcript = transcribed
    words = [word for segment in json.loads(transcript.read_text())["segments"] for word in segment["words"]]
    assert "alignment" in {word["timed_by"] for word in words}
    assert run.attempts == []


@needs_strace
@needs_whole_seal
@pytest.mark.models
def test_the_command_starts_its_two_children_and_nothing_else(transcribed: tuple[Run, Path]) -> None:
    run, _ = transcribed
    assert run.programs.count(sys.executable) == 3
    assert {Path(program).name for program in run.programs if program != sys.executable} <= {"ldconfig"}


@needs_strace
def test_one_attempt_is_counted_once_by_both(tmp_path: Path) -> None:
    run = traced(tmp_path / "record", [sys.executable, str(PROGRAM)], can_be_refused=False)
    assert len(report(run)["tried"]) == 1
    assert [CALL.match(line)[1] for line in run.attempts] == ["socket"]  # type: ignore[index]


@needs_strace
@needs_whole_seal
def test_an_attempt_that_the_seal_refuses_is_counted_too(tmp_path: Path) -> None:
    run = traced(tmp_path / "record", [sys.executable, "-c", SEALED_ATTEMPT])
    assert run.printed == "refused\n"
    assert len(run.attempts) == 1


def test_no_page_of_the_framework_sends_a_browser_to_a_foreign_host(tmp_path: Path) -> None:
    """Litestar's own pages about an API load scripts, styles and an icon from content networks."""
    from litestar.testing import TestClient  # noqa: PLC0415 -- needed here alone.

    from appliance.web.app import create_app  # noqa: PLC0415 -- as above.

    workshop = open_workshop(tmp_path)
    try:
        app = create_app(workshop)
        assert app.openapi_config is None
        assert [route.path for route in app.routes if re.search("schema|docs|openapi|favicon", route.path)] == []
        with TestClient(app, base_url="https://testserver.local") as client:
            for path in ("/schema", "/schema/swagger", "/schema/openapi.json", "/docs", "/favicon.ico", "/nothing"):
                answer = client.get(path, headers={"Accept": "text/html"})
                assert answer.status_code == 404
                assert re.findall(r"(?:https?:)?//[\w.-]+\.\w+", answer.text) == []
    finally:
        workshop.close()
