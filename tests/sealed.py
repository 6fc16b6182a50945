"""Run an attempt in a forked process that has sealed itself, and see what it gave."""

from __future__ import annotations

import ctypes
import errno
import os
import pickle
from collections.abc import Callable

import pyseccomp
import pytest

from appliance import cage

MISSING = cage.check_kernel(allow_weaker=True)
needs_whole_seal = pytest.mark.skipif(bool(MISSING), reason=f"this kernel cannot enforce the seal: {MISSING}")

LIBC = ctypes.CDLL(None, use_errno=True)
LIMITS = cage.ProcessLimits(memory_bytes=2**31, open_files=64)
EPERM, EACCES, ENOSYS = ("errno", errno.EPERM), ("errno", errno.EACCES), ("errno", errno.ENOSYS)


def inside(seal: Callable[[], object], attempt: Callable[[], object]) -> tuple[str, object]:
    """Return an attempt's value, its errno, its exception, or how its process ended."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        os.write(writing, pickle.dumps(_outcome(seal, attempt)))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return "signal", os.WTERMSIG(status)
    if not answer:
        return "exit", os.WEXITSTATUS(status)
    outcome = pickle.loads(answer)  # noqa: S301 -- our own child's words.
    assert isinstance(outcome, tuple)
    return outcome


def _outcome(seal: Callable[[], object], attempt: Callable[[], object]) -> tuple[str, object]:
    try:
        seal()
        return "value", attempt()
    except OSError as exc:
        return "errno", exc.errno
    except BaseException as exc:  # noqa: BLE001 -- the parent asserts what it must be.
        return "raised", f"{type(exc).__name__}: {exc}"


def call(name: str, *arguments: int) -> int:
    """Make a system call by name, past the C library's own checks."""
    result = LIBC.syscall(pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name), *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return int(result)


def engine() -> None:
    cage.seal_engine(readable=[], writable=[])


def decoder() -> None:
    cage.seal_decoder(LIMITS)
    cage.seal_decoder_files()


EVERY_SEAL = pytest.mark.parametrize("seal", [engine, decoder, cage.seal_server], ids=["engine", "decoder", "server"])
EITHER_CHILD = pytest.mark.parametrize("seal", [engine, decoder], ids=["engine", "decoder"])
