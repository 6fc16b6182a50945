"""What it means that torch sees no GPU, from what machines were recorded to show."""

from __future__ import annotations

import dataclasses

import pytest

from appliance.engine import driver
from appliance.engine.driver import GpuSigns, look_for_gpu, parse_driver, why_no_gpu
from appliance.errors import DeviceError

NOTHING = GpuSigns(has_devices=False, driver="", has_library=False, is_hidden=False)
WHOLE = GpuSigns(has_devices=True, driver="570.124.06", has_library=True, is_hidden=False)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        (
            (
                "NVRM version: NVIDIA UNIX x86_64 Kernel Module  470.256.02  Thu May  2 14:37:44 UTC 2024\n"
                "GCC version:  gcc version 12.2.0 (Debian 12.2.0-14)\n"
            ),
            "470.256.02",
        ),
        (
            (
                "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.124.06  Release Build  (dvs@U16)\n"
                "GCC version:  gcc version 13.3.0 (Ubuntu 13.3.0-6ubuntu2~24.04)\n"
            ),
            "570.124.06",
        ),
        ("NVRM version: NVIDIA UNIX x86_64 Kernel Module  390.157  Wed Oct 12 09:19:07 UTC 2022\n", "390.157"),
        ("something else", ""),
    ],
    ids=["470", "570 open", "390", "none"],
)
def test_the_version_is_read_from_how_the_driver_describes_itself(text: str, version: str) -> None:
    assert parse_driver(text) == version


def test_a_machine_without_a_gpu_runs_on_its_cpu() -> None:
    assert why_no_gpu(NOTHING) == "none"


def test_a_gpu_that_was_not_given_to_the_container_is_told_from_none() -> None:
    assert why_no_gpu(dataclasses.replace(NOTHING, driver="570.124.06")) == "outside"


def test_who_hides_the_gpu_gets_the_cpu_whatever_is_wrong_with_the_gpu() -> None:
    assert why_no_gpu(dataclasses.replace(WHOLE, driver="390.157", is_hidden=True)) == "hidden"


@pytest.mark.parametrize("version", ["390.157", "470.256.02", "515.105.01", "525.53"])
def test_a_driver_too_old_for_our_cuda_is_refused_by_its_number(version: str) -> None:
    with pytest.raises(DeviceError, match=rf"{version} is too old.*525\.60\.13.*CUDA_VISIBLE_DEVICES"):
        why_no_gpu(dataclasses.replace(WHOLE, driver=version))


def test_a_container_without_the_drivers_library_is_told_which_toolkit_is_missing() -> None:
    with pytest.raises(DeviceError, match="NVIDIA Container Toolkit"):
        why_no_gpu(dataclasses.replace(WHOLE, has_library=False))


@pytest.mark.parametrize("version", ["525.60.13", "570.124.06", ""])
def test_a_driver_that_is_new_enough_and_does_not_answer_is_not_called_old(version: str) -> None:
    with pytest.raises(DeviceError, match="does not answer") as refused:
        why_no_gpu(dataclasses.replace(WHOLE, driver=version))
    assert "too old" not in str(refused.value)


def test_an_empty_list_of_gpus_hides_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert look_for_gpu().is_hidden
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert not look_for_gpu().is_hidden
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert not look_for_gpu().is_hidden


def test_a_library_that_is_not_there_is_no_fault_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "DRIVER_LIBRARY", "libnot-there.so.1")
    assert not look_for_gpu().has_library
    monkeypatch.setattr(driver, "DRIVER_LIBRARY", "libc.so.6")
    assert look_for_gpu().has_library
