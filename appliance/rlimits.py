"""What a process may use up and leave behind: limits that the kernel keeps, and no dumps of its memory."""

from __future__ import annotations

import ctypes
import math
import resource
import time

PR_SET_DUMPABLE = 4


def forbid_dumps() -> None:
    """Keep memory out of core files, and out of reach of other processes of the same user."""
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    limit(resource.RLIMIT_CORE, 0)


def limit_work(cpu_s: float, file_bytes: int) -> None:
    """Limit what is still to come, once it is known how much the work may take.

    Args:
        cpu_s: Processor seconds from now on; then the kernel ends the process.
        file_bytes: Largest size of any file, anonymous ones included; writing past it fails.
    """
    limit(resource.RLIMIT_CPU, math.ceil(time.process_time() + cpu_s))
    limit(resource.RLIMIT_FSIZE, file_bytes)


def limit(kind: int, value: int) -> None:
    """Set soft and hard limit alike; a hard limit that is already lower stays."""
    hard = resource.getrlimit(kind)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))
