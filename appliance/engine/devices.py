"""What the models run on, and how much at once: rules over a description of the device, apart from looking at it."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import ctranslate2
import torch

from appliance.engine.driver import Absence, driver_version, look_for_gpu, why_no_gpu
from appliance.errors import DeviceError

GIBIBYTE = 2**30

BATCHES = (8, 4, 2, 1)  # Peers measured no gain beyond 8; the rest is where to go when memory runs out.
GPU_EMBEDDING_BATCH = 16
CPU_EMBEDDING_BATCH = (
    1  # On a CPU one window after another is as fast as eight at once, and takes an eighth of the memory.
)
SMALL_GPU_BYTES = 6 * GIBIBYTE  # Below this, weights in float16 and a batch of 8 leave no room for the rest.
SMALL_HOST_BYTES = 4 * GIBIBYTE
OLDEST_CAPABILITY = (7, 0)  # Volta: the first with tensor cores, and the first that the locked torch has kernels for.

Capability = tuple[int, int]


@dataclass(frozen=True, slots=True)
class DeviceDescription:
    """What a device says about itself, and what the installed libraries can run on it.

    Attributes:
        device: ``cpu`` or ``cuda``.
        index: Of the GPU among those visible; 0 for a CPU.
        name: As its maker calls it.
        compute_capability: Of a GPU; None for a CPU.
        total_bytes: Memory of the GPU, or the memory this process may use.
        compute_types: What CTranslate2 computes with there.
        kernels: Compute capabilities that the installed torch has machine code for; empty for a CPU.
        driver: Version of the GPU's driver, or empty.
        absence: Why it is a CPU; None for a GPU.
    """

    device: Literal["cpu", "cuda"]
    index: int
    name: str
    compute_capability: Capability | None
    total_bytes: int
    compute_types: frozenset[str]
    kernels: tuple[Capability, ...] = ()
    driver: str = ""
    absence: Absence | None = None


@dataclass(frozen=True, slots=True)
class DevicePlan:
    """How the models run on a device.

    Attributes:
        device: ``cpu`` or ``cuda``.
        index: Of the GPU.
        name: As its maker calls it.
        compute_capability: Of a GPU.
        total_bytes: Memory of the device.
        compute_type: Of CTranslate2.
        asr_batch: Windows of speech transcribed at once.
        embedding_batch: Windows of sound embedded at once.
        ladder: Smaller values for ``asr_batch`` to go through, one after another, when memory runs out.
        threads: CPU threads of numeric libraries.
        driver: Version of the GPU's driver, or empty.
        absence: Why it is a CPU; None for a GPU.
    """

    device: Literal["cpu", "cuda"]
    index: int
    name: str
    compute_capability: Capability | None
    total_bytes: int
    compute_type: str
    asr_batch: int
    embedding_batch: int
    ladder: tuple[int, ...]
    threads: int
    driver: str = ""
    absence: Absence | None = None

    def for_attempt(self, attempt: int) -> DevicePlan:
        """Return this plan for a first attempt, and for a later one the plan two rungs further down the ladder.

        An engine that died in the middle of a job most likely ran out of memory, so a second attempt starts where there
        is room, and not just below where the first one ended.
        """
        if attempt <= 1:
            return self
        below = self.ladder[:2] or (self.asr_batch,)
        return replace(
            self,
            asr_batch=below[-1],
            embedding_batch=max(1, self.embedding_batch // 4),
            ladder=tuple(rung for rung in BATCHES if rung < below[-1]),
        )


def plan_device(description: DeviceDescription, threads: int) -> DevicePlan:
    """Decide how the models run on a device.

    Args:
        description: What is known of the device; nothing is looked up here.
        threads: CPU threads that may be used.

    Raises:
        DeviceError: The device is too old, newer than the installed libraries, or has no usable compute type.
    """
    is_gpu = description.device == "cuda"
    if is_gpu:
        _refuse_without_kernels(description)
    is_small = description.total_bytes < (SMALL_GPU_BYTES if is_gpu else SMALL_HOST_BYTES)
    asr_batch = 4 if is_small else 8
    return DevicePlan(
        device=description.device,
        index=description.index,
        name=description.name,
        compute_capability=description.compute_capability,
        total_bytes=description.total_bytes,
        compute_type=_compute_type(description, is_small=is_small),
        asr_batch=asr_batch,
        embedding_batch=GPU_EMBEDDING_BATCH if is_gpu else CPU_EMBEDDING_BATCH,
        ladder=tuple(rung for rung in BATCHES if rung < asr_batch),
        threads=threads,
        driver=description.driver,
        absence=description.absence,
    )


def describe_device(index: int = 0) -> DeviceDescription:
    """Look at the GPU that torch sees under this index, or at the CPU where there is none.

    Raises:
        DeviceError: There is a GPU that torch cannot use, or that CTranslate2 does not see.
    """
    if not torch.cuda.is_available():
        return _describe_cpu(why_no_gpu(look_for_gpu()))
    properties = torch.cuda.get_device_properties(index)
    if index >= ctranslate2.get_cuda_device_count():
        raise DeviceError(device=properties.name, reason="CTranslate2 does not see it, although torch does")
    return DeviceDescription(
        device="cuda",
        index=index,
        name=properties.name,
        compute_capability=(properties.major, properties.minor),
        total_bytes=properties.total_memory,
        compute_types=frozenset(ctranslate2.get_supported_compute_types("cuda", index)),
        kernels=parse_kernels(torch.cuda.get_arch_list()),
        driver=driver_version(),
    )


def parse_kernels(architectures: list[str]) -> tuple[Capability, ...]:
    """Return the compute capabilities in names such as ``sm_86`` and ``sm_120``; the last digit is the minor number."""
    numbers = [int(name.removeprefix("sm_").rstrip("af")) for name in architectures if name.startswith("sm_")]
    return tuple(divmod(number, 10) for number in numbers)


def _refuse_without_kernels(description: DeviceDescription) -> None:
    capability = description.compute_capability or (0, 0)
    told = f"compute capability {capability[0]}.{capability[1]}"
    if capability < OLDEST_CAPABILITY:
        reason = (
            f"it is too old ({told}, and 7.0 is needed). Set CUDA_VISIBLE_DEVICES to nothing to use the CPU instead"
        )
        raise DeviceError(device=description.name, reason=reason)
    # Machine code runs on its own major number and the same or a later minor one (CUDA C++ Programming Guide, 3.1.2).
    if not any(major == capability[0] and minor <= capability[1] for major, minor in description.kernels):
        reason = f"it is of a kind that this release has no program code for ({told}). Install a newer release"
        raise DeviceError(device=description.name, reason=reason)


def _compute_type(description: DeviceDescription, *, is_small: bool) -> str:
    if description.device == "cpu":
        wanted = ("int8", "float32")
    else:
        wanted = ("int8_float16", "float16") if is_small else ("float16", "int8_float16")
    for compute_type in wanted:
        if compute_type in description.compute_types:
            return compute_type
    raise DeviceError(device=description.name, reason=f"it computes neither in {wanted[0]} nor in {wanted[1]}")


def _describe_cpu(absence: Absence) -> DeviceDescription:
    return DeviceDescription(
        device="cpu",
        index=0,
        name=_cpu_name(),
        compute_capability=None,
        total_bytes=_usable_memory_bytes(),
        compute_types=frozenset(ctranslate2.get_supported_compute_types("cpu")),
        absence=absence,
    )


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # The engine's cage may hide it, and a name is all it is for.
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "unknown processor"


def _usable_memory_bytes() -> int:
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()  # A container's limit, or "max".
    except OSError:
        return physical
    return min(physical, int(limit)) if limit.isdigit() else physical
