"""Why torch sees no GPU: rules over the signs that a driver leaves, apart from looking for them."""

from __future__ import annotations

import ctypes
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from appliance.config import gpu_is_hidden
from appliance.errors import DeviceError

Absence = Literal["none", "hidden", "outside"]

DRIVER_FILE = Path("/proc/driver/nvidia/version")  # Of the host's kernel; a container sees it with or without a GPU.
DRIVER_VERSION = re.compile(r"NVRM version:.*?\s(\d{3,}(?:\.\d+)+)\s")
DRIVER_LIBRARY = "libcuda.so.1"
DEVICE_FILES = "nvidia[0-9]*"

OLDEST_DRIVER = "525.60.13"
"""Source: NVIDIA, CUDA Compatibility, minor version compatibility: the first driver that runs programs of CUDA 12.x."""

UNNAMED = "NVIDIA GPU"
OR_THE_CPU = "Set CUDA_VISIBLE_DEVICES to nothing to use the CPU instead"


@dataclass(frozen=True, slots=True)
class GpuSigns:
    """What can be seen of a GPU without its driver's help.

    Attributes:
        has_devices: Whether its files are in /dev.
        driver: Version of the driver in the kernel, or empty where there is none.
        has_library: Whether the driver's library for programs can be loaded.
        is_hidden: Whether somebody told CUDA to see none.
    """

    has_devices: bool
    driver: str
    has_library: bool
    is_hidden: bool


def why_no_gpu(signs: GpuSigns) -> Absence:
    """Decide what it means that torch sees no GPU.

    Returns:
        ``none`` where there is none, ``hidden`` where somebody wants it so, ``outside`` where the machine has one that
        was not given to this container.

    Raises:
        DeviceError: There is a GPU for us, and it cannot be used. To go on with the CPU would take twenty times as long
            and nobody would know why; who wants that says so.
    """
    if signs.is_hidden:
        return "hidden"
    if not signs.has_devices:
        return "outside" if signs.driver else "none"
    raise DeviceError(device=UNNAMED, reason=f"{_trouble(signs)}. {OR_THE_CPU}")


def look_for_gpu() -> GpuSigns:
    """Look at what is there."""
    return GpuSigns(
        has_devices=any(Path("/dev").glob(DEVICE_FILES)),
        driver=driver_version(),
        has_library=_loads(DRIVER_LIBRARY),
        is_hidden=gpu_is_hidden(),
    )


def driver_version() -> str:
    """Return the version of the NVIDIA driver in the kernel, or nothing where there is none."""
    try:
        return parse_driver(DRIVER_FILE.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return ""


def parse_driver(text: str) -> str:
    """Return the version in the driver's own description of itself, or nothing where it has none."""
    found = DRIVER_VERSION.search(text)
    return found[1] if found else ""


def _trouble(signs: GpuSigns) -> str:
    if signs.driver and _numbers(signs.driver) < _numbers(OLDEST_DRIVER):
        return (
            f"its driver {signs.driver} is too old for the CUDA 12 that this release brings, which needs "
            f"{OLDEST_DRIVER} or newer. Install a newer driver on the host and start the machine again"
        )
    if not signs.has_library:
        return (
            f"the driver's library {DRIVER_LIBRARY} is not to be found. In a container, install the NVIDIA Container "
            "Toolkit on the host and start with the runtime nvidia"
        )
    return (
        f"its driver {signs.driver or 'in the kernel'} does not answer. Look whether nvidia-smi works on the host; "
        "after an update of the driver the machine has to be started again"
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
