from __future__ import annotations

import dataclasses

import pytest

from appliance.engine.devices import (
    GIBIBYTE,
    DeviceDescription,
    describe_device,
    parse_kernels,
    plan_device,
)
from appliance.errors import DeviceError

# What the locked torch answers to torch.cuda.get_arch_list().
KERNELS = parse_kernels(["sm_70", "sm_75", "sm_80", "sm_86", "sm_90", "sm_100", "sm_120"])
ALL_TYPES = frozenset({"float32", "float16", "bfloat16", "int8", "int8_float16", "int8_float32", "int8_bfloat16"})
MEBIBYTE = 2**20


def gpu(name: str, capability: tuple[int, int], mebibytes: int, types: frozenset[str] = ALL_TYPES) -> DeviceDescription:
    return DeviceDescription(
        device="cuda",
        index=0,
        name=name,
        compute_capability=capability,
        total_bytes=mebibytes * MEBIBYTE,
        compute_types=types,
        kernels=KERNELS,
    )


def cpu(gibibytes: int, types: frozenset[str] = frozenset({"float32", "int8", "int8_float32"})) -> DeviceDescription:
    return DeviceDescription("cpu", 0, "Xeon", None, gibibytes * GIBIBYTE, types)


@pytest.mark.parametrize(
    ("description", "compute_type", "asr_batch"),
    [
        (gpu("Tesla V100-SXM2-16GB", (7, 0), 16144, ALL_TYPES - {"bfloat16", "int8_bfloat16"}), "float16", 8),
        (gpu("NVIDIA GeForce GTX 1650", (7, 5), 3896, ALL_TYPES - {"bfloat16", "int8_bfloat16"}), "int8_float16", 4),
        (gpu("Tesla T4", (7, 5), 14913, ALL_TYPES - {"bfloat16", "int8_bfloat16"}), "float16", 8),
        (gpu("NVIDIA GeForce RTX 3050 Laptop GPU", (8, 6), 3897), "int8_float16", 4),
        (gpu("NVIDIA A100-SXM4-80GB", (8, 0), 81153), "float16", 8),
        (gpu("NVIDIA RTX A6000", (8, 6), 48539), "float16", 8),
        (gpu("NVIDIA RTX 2000 Ada Generation Laptop GPU", (8, 9), 7806), "float16", 8),
        (gpu("NVIDIA L40S", (8, 9), 45457), "float16", 8),
        (gpu("NVIDIA H100 80GB HBM3", (9, 0), 81559), "float16", 8),
        (gpu("NVIDIA H200", (9, 0), 143156), "float16", 8),
        (gpu("NVIDIA B200", (10, 0), 182641), "float16", 8),
        (gpu("NVIDIA GeForce RTX 5090", (12, 0), 32109), "float16", 8),
        (cpu(24), "int8", 8),
        (cpu(2), "int8", 4),
        (cpu(24, frozenset({"float32"})), "float32", 8),
    ],
    ids=lambda value: value.name if isinstance(value, DeviceDescription) else str(value),
)
def test_plan_fits_the_device(description: DeviceDescription, compute_type: str, asr_batch: int) -> None:
    plan = plan_device(description, threads=2)

    assert (plan.compute_type, plan.asr_batch) == (compute_type, asr_batch)
    assert (plan.device, plan.name, plan.total_bytes) == (
        description.device,
        description.name,
        description.total_bytes,
    )


@pytest.mark.parametrize(
    ("name", "capability"),
    [
        ("NVIDIA GeForce GTX 1080", (6, 1)),
        ("Quadro P620", (6, 1)),
        ("Tesla P100-PCIE-16GB", (6, 0)),
        ("Tesla M60", (5, 2)),
        ("Tesla K80", (3, 7)),
    ],
)
def test_gpu_older_than_volta_is_refused_in_words(name: str, capability: tuple[int, int]) -> None:
    with pytest.raises(DeviceError) as refused:
        plan_device(gpu(name, capability, 16_000), threads=2)

    assert name in str(refused.value)
    assert "too old" in str(refused.value)
    assert f"{capability[0]}.{capability[1]}" in str(refused.value)


@pytest.mark.parametrize("capability", [(11, 0), (13, 0)])
def test_gpu_newer_than_the_kernels_is_refused_in_words(capability: tuple[int, int]) -> None:
    with pytest.raises(DeviceError, match="newer release"):
        plan_device(gpu("NVIDIA X1", capability, 100_000), threads=2)


@pytest.mark.parametrize("capability", [(8, 9), (10, 3), (12, 1)])
def test_machine_code_of_an_earlier_minor_number_is_enough(capability: tuple[int, int]) -> None:
    assert plan_device(gpu("NVIDIA X2", capability, 48_000), threads=2).compute_capability == capability


def test_machine_code_of_a_later_minor_number_is_not_enough() -> None:
    only_ampere_consumer = dataclasses.replace(gpu("NVIDIA A100", (8, 0), 40_000), kernels=((8, 6),))

    with pytest.raises(DeviceError):
        plan_device(only_ampere_consumer, threads=2)


def test_device_without_a_usable_compute_type_is_refused() -> None:
    with pytest.raises(DeviceError, match="neither in float16 nor in int8_float16"):
        plan_device(gpu("NVIDIA L40S", (8, 9), 45_000, frozenset({"float32"})), threads=2)


def test_gpu_without_fast_float16_falls_back_to_int8_float16() -> None:
    assert (
        plan_device(gpu("NVIDIA X3", (8, 6), 45_000, ALL_TYPES - {"float16"}), threads=2).compute_type == "int8_float16"
    )


@pytest.mark.parametrize(("mebibytes", "ladder"), [(45_000, (4, 2, 1)), (3_900, (2, 1))])
def test_ladder_holds_the_smaller_batches(mebibytes: int, ladder: tuple[int, ...]) -> None:
    assert plan_device(gpu("NVIDIA L40S", (8, 9), mebibytes), threads=2).ladder == ladder


def test_first_attempt_runs_the_whole_plan() -> None:
    plan = plan_device(cpu(24), threads=2)

    assert plan.for_attempt(1) == plan


def test_second_attempt_runs_a_smaller_plan() -> None:
    plan = plan_device(gpu("NVIDIA L40S", (8, 9), 45_000), threads=2)

    smaller = plan.for_attempt(2)

    assert (smaller.asr_batch, smaller.embedding_batch, smaller.ladder) == (2, 4, (1,))
    assert smaller.compute_type == plan.compute_type


def test_second_attempt_never_goes_below_one() -> None:
    plan = plan_device(cpu(2), threads=2).for_attempt(2).for_attempt(2).for_attempt(2)

    assert (plan.asr_batch, plan.embedding_batch, plan.ladder) == (1, 1, ())


def test_the_plan_tells_the_driver() -> None:
    described = dataclasses.replace(gpu("NVIDIA L40S", (8, 9), 45_457), driver="570.124.06")

    assert plan_device(described, threads=2).driver == "570.124.06"


def test_the_plan_tells_why_it_is_a_cpu() -> None:
    assert plan_device(dataclasses.replace(cpu(24), absence="outside"), threads=2).absence == "outside"


def test_architecture_names_are_capabilities() -> None:
    assert parse_kernels(["sm_70", "sm_90a", "sm_120", "compute_120"]) == ((7, 0), (9, 0), (12, 0))


def test_this_machine_can_be_described_and_planned_for() -> None:
    description = describe_device()

    plan = plan_device(description, threads=2)

    assert plan.total_bytes > GIBIBYTE
    assert plan.compute_type in description.compute_types
