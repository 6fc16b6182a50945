"""The children's seals, attacked from inside: files, resources; and what people are told about a seal."""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import resource
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import landlockpy
import pytest

from appliance import cage, rlimits, syscalls
from appliance.errors import CageError
from tests.sealed import (
    EACCES,
    EITHER_CHILD,
    EPERM,
    LIBC,
    LIMITS,
    call,
    decoder,
    engine,
    inside,
    needs_whole_seal,
)

pytestmark = needs_whole_seal
PR_GET_DUMPABLE = 3


def test_the_engine_reads_its_models_and_nothing_of_the_data_folder(tmp_path: Path) -> None:
    models, data = tmp_path / "models", tmp_path / "data"
    for folder in (models, data):
        folder.mkdir()
        (folder / "file").write_text("content")

    def seal() -> None:
        cage.seal_engine(readable=[models], writable=[])

    assert inside(seal, (models / "file").read_text) == ("value", "content")
    assert inside(seal, (data / "file").read_text) == EACCES
    assert inside(seal, lambda: os.listdir(data)) == EACCES  # noqa: PTH208 -- what the kernel answers is the point.


def test_the_engine_writes_to_its_scratch_folder_only(tmp_path: Path) -> None:
    scratch, models = tmp_path / "scratch", tmp_path / "models"
    scratch.mkdir()
    models.mkdir()

    def seal() -> None:
        cage.seal_engine(readable=[models], writable=[scratch])

    assert inside(seal, lambda: (scratch / "note").write_text("a")) == ("value", 1)
    for place in (models / "note", tmp_path / "note", Path("/tmp/cage-note"), Path("/dev/shm/cage-note")):  # noqa: S108
        assert inside(seal, partial(place.write_text, "a")) == EACCES
    assert inside(seal, lambda: os.mknod(scratch / "disk", 0o060_666, os.makedev(8, 0))) == EACCES


def test_the_engine_can_still_import_python_and_ask_the_kernel_for_figures() -> None:
    def attempt() -> bool:
        import colorsys  # noqa: PLC0415 -- after the seal, on purpose.

        return bool(colorsys.rgb_to_hls(0, 0, 0)) and "MemTotal" in Path("/proc/meminfo").read_text()

    sys.modules.pop("colorsys", None)
    assert inside(engine, attempt) == ("value", True)


def test_the_engine_can_still_make_and_seal_anonymous_files() -> None:
    def attempt() -> int:
        descriptor = os.memfd_create("result", os.MFD_ALLOW_SEALING)
        os.write(descriptor, b"sealed transcript")
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE)
        with mmap.mmap(descriptor, 0, prot=mmap.PROT_READ) as view:
            return len(view)

    assert inside(engine, attempt) == ("value", 17)


@pytest.mark.parametrize("path", ["/etc/passwd", "/dev/null", "/proc/self/status", __file__])
def test_the_decoder_opens_nothing(path: str) -> None:
    assert inside(decoder, lambda: os.open(path, os.O_RDONLY)) == EACCES


def test_the_decoder_lists_and_makes_nothing(tmp_path: Path) -> None:
    assert inside(decoder, lambda: os.listdir("/")) == EACCES  # noqa: PTH208 -- what the kernel answers is the point.
    assert inside(decoder, (tmp_path / "new").mkdir) == EACCES


def test_the_decoder_can_still_load_libraries_between_its_two_steps() -> None:
    assert inside(lambda: cage.seal_decoder(LIMITS), lambda: len(Path(__file__).read_text()) > 0) == ("value", True)


@pytest.mark.parametrize("name", ["memfd_create", "socketpair", "shmget", "mq_open"])
def test_the_decoder_gets_no_memory_that_is_not_counted(name: str) -> None:
    assert inside(decoder, lambda: call(name, 1, 1, 0, 0)) == EPERM


def test_the_decoder_gets_no_more_memory_than_its_limit() -> None:
    kind, words = inside(decoder, lambda: bytearray(2**32))
    assert (kind, str(words).split(":")[0]) == ("raised", "MemoryError")


def test_the_decoder_cannot_fill_an_anonymous_file_past_its_limit() -> None:
    with open(os.memfd_create("pcm"), "wb", buffering=0) as pcm:  # noqa: PTH123 -- a descriptor has no path.

        def attempt() -> list[int]:
            rlimits.limit_work(cpu_s=10, file_bytes=1000)
            return [
                os.write(pcm.fileno(), bytes(800)),
                os.write(pcm.fileno(), bytes(800)),
                os.write(pcm.fileno(), b"x"),
            ]

        assert inside(decoder, attempt) == ("errno", errno.EFBIG)
        assert os.fstat(pcm.fileno()).st_size == 1000


def test_the_kernel_ends_a_decoder_that_only_burns_time() -> None:
    def attempt() -> None:
        rlimits.limit_work(cpu_s=0.1, file_bytes=1000)
        while True:
            pass

    assert inside(decoder, attempt) in (("signal", signal.SIGXCPU), ("signal", signal.SIGKILL))


def test_limits_cannot_be_raised_again() -> None:
    def attempt() -> None:
        resource.setrlimit(resource.RLIMIT_CORE, (1, 1))

    kind, _ = inside(lambda: _without_privilege(decoder), attempt)
    assert kind == "raised"


def _without_privilege(seal: Callable[[], None]) -> None:
    """Become nobody before the seal: root may raise limits outside a container."""
    if os.geteuid() == 0:
        os.setresuid(65534, 65534, 65534)
    seal()


@EITHER_CHILD
def test_a_child_leaves_no_core_file_and_is_out_of_reach(seal: Callable[[], None]) -> None:
    def attempt() -> tuple[int, tuple[int, int]]:
        return LIBC.prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE)

    assert inside(seal, attempt) == ("value", (0, (0, 0)))


def test_the_state_shows_a_process_before_and_after() -> None:
    assert inside(lambda: None, cage.state) == (
        "value",
        cage.CageState("off", 0, no_new_privs=False, landlock_abi=landlockpy.abi_version()),
    )
    assert inside(engine, cage.state) == (
        "value",
        cage.CageState("filter", 1, no_new_privs=True, landlock_abi=landlockpy.abi_version()),
    )


def test_the_state_of_a_process_that_is_gone_is_an_error() -> None:
    with pytest.raises(CageError):
        cage.state(2**22 + 1)


def test_a_kernel_without_landlock_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlockpy, "abi_version", lambda: 0)
    with pytest.raises(CageError, match="Landlock"):
        cage.check_kernel(allow_weaker=False)


def test_a_kernel_without_seccomp_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syscalls, "pyseccomp", None)
    with pytest.raises(CageError, match="libseccomp"):
        cage.check_kernel(allow_weaker=False)


def test_a_weaker_kernel_is_told_where_somebody_accepted_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlockpy, "abi_version", lambda: 4)
    assert cage.check_kernel(allow_weaker=True) == ("the kernel offers Landlock 4 (0 is none) where 6 is needed",)


@pytest.mark.parametrize("seal", [engine, cage.seal_server, lambda: cage.seal_decoder(LIMITS)])
def test_every_seal_refuses_a_kernel_that_lacks_a_part_by_itself(
    seal: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syscalls, "pyseccomp", None)
    kind, words = inside(seal, lambda: None)
    assert (kind, str(words).split(":")[0]) == ("raised", "CageError")


def test_what_the_kernel_has_is_enforced_even_where_a_part_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(syscalls, "pyseccomp", None)
    (tmp_path / "secret").write_text("x")
    weaker = lambda: cage.seal_engine([], [], allow_weaker=True)  # noqa: E731 -- a seal as the others are.
    assert inside(weaker, (tmp_path / "secret").read_text) == EACCES


def test_a_process_without_a_seal_is_told_which_ways_out_are_open_and_nothing_happens() -> None:
    trials = {trial.call: trial for trial in cage.try_way_out()}
    assert set(trials) == {*syscalls.OUTWARD_CALLS, *(f"socket({family})" for family in cage.TRIED_FAMILIES)}
    for call_name, answer in {"socket": "EAFNOSUPPORT", "connect": "EBADF", "bind": "EBADF", "listen": "EBADF"}.items():
        assert trials[call_name] == cage.Trial(call_name, refused=False, answer=answer)
    assert trials["socket(AF_INET)"].answer == "EINVAL"


@pytest.mark.parametrize("seal", [engine, decoder, cage.seal_server, cage.seal_warden])
def test_every_seal_refuses_every_way_out(seal: Callable[[], None]) -> None:
    kind, trials = inside(seal, cage.try_way_out)
    assert kind == "value"
    assert isinstance(trials, tuple)
    assert {(trial.refused, trial.answer) for trial in trials} == {(True, "EPERM")}


@pytest.mark.parametrize("seal", [engine, decoder, cage.seal_server, cage.seal_warden])
@pytest.mark.parametrize("forgotten", ["socket", "listen", "io_uring_enter"])
def test_a_seal_that_leaves_a_way_out_open_ends_the_start(
    seal: Callable[[], None], forgotten: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse = syscalls._refuse_by_name

    def forget(filter_: object, name: str) -> None:
        if name != forgotten:
            refuse(filter_, name)

    monkeypatch.setattr(syscalls, "_refuse_by_name", forget)
    kind, words = inside(seal, lambda: None)
    assert (kind, str(words).split(":")[0]) == ("raised", "CageError")
    assert f"{forgotten} answers" in str(words)


def test_a_seal_of_nothing_but_a_listener_that_nobody_answers_is_made_whole() -> None:
    def attempt() -> object:
        assert cage.count_way_out(lambda _listener: None)  # It is closed again, and nobody has it.
        before = {trial.answer for trial in cage.try_way_out()}
        cage.seal_server()
        return before, {trial.answer for trial in cage.try_way_out()}

    assert inside(lambda: None, attempt) == ("value", ({"ENOSYS"}, {"EPERM"}))


def test_where_the_kernel_cannot_tell_of_refused_calls_nothing_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise CageError(missing="it is too old")

    monkeypatch.setattr(syscalls, "ask_for_outward_calls", refuse)
    handed: list[int] = []
    assert not cage.count_way_out(handed.append)
    monkeypatch.setattr(syscalls, "pyseccomp", None)
    assert not cage.count_way_out(handed.append)
    assert handed == []
