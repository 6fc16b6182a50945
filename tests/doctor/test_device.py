from __future__ import annotations

import msgspec

from appliance.doctor.device import device
from appliance.worker.messages import Plan
from tests.doctor.saying import said, verdicts
from tests.worker.fake_engine import PLAN


def gpu(**more: object) -> Plan:
    known: dict[str, object] = {
        "device": "cuda",
        "name": "NVIDIA L40S",
        "compute_capability": (8, 9),
        "total_bytes": 47_665_000_000,
        "compute_type": "float16",
        "driver": "570.124.06",
        "absence": None,
    }
    return msgspec.structs.replace(PLAN, **known | more)


def test_a_gpu_is_told_with_everything_that_its_administrator_is_asked_for() -> None:
    findings = list(device(gpu()))
    assert verdicts(findings) == ["ok", "ok"]
    assert said(findings) == (
        "GPU 0 is in use: NVIDIA L40S, compute capability 8.9, driver 570.124.06, 47.7 GB.\n"
        "The models compute in float16, with 8 windows of speech at once."
    )


def test_a_small_gpu_is_a_note() -> None:
    small = gpu(asr_batch=4, total_bytes=4_085_000_000, compute_type="int8_float16")
    assert "has only 4.1 GB" in said(device(small), "note")


def test_a_gpu_that_the_container_was_not_given_is_a_note_with_the_way_to_it() -> None:
    outside = msgspec.structs.replace(PLAN, absence="outside")
    assert "NVIDIA Container Toolkit" in said(device(outside), "note")


def test_a_cpu_by_choice_and_one_by_need_are_both_well() -> None:
    hidden = msgspec.structs.replace(PLAN, absence="hidden")
    assert verdicts([*device(PLAN), *device(hidden)]) == ["ok"] * 4
    assert "There is no NVIDIA GPU" in said(device(PLAN))
    assert "CUDA_VISIBLE_DEVICES hides every GPU" in said(device(hidden))
