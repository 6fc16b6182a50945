"""Appliances for the flows: one that is shared, because loading models takes a while, and fresh ones for faults."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.appliance_process import ApplianceProcess


@pytest.fixture(scope="session")
def shared_appliance(tmp_path_factory: pytest.TempPathFactory, starter_set: Path) -> Iterator[ApplianceProcess]:
    appliance = ApplianceProcess(tmp_path_factory.mktemp("shared"))
    appliance.start()
    yield appliance
    assert appliance.stop() == 0
    appliance.end()


@pytest.fixture
def fresh_appliance(tmp_path: Path, starter_set: Path) -> Iterator[ApplianceProcess]:
    appliance = ApplianceProcess(tmp_path)
    appliance.start()
    yield appliance
    appliance.end()


@pytest.fixture(scope="session")
def sample(sample_wav: Path) -> bytes:
    return sample_wav.read_bytes()


@pytest.fixture(scope="session")
def long_sample(sample_wav: Path) -> bytes:
    """The sample twice: a minute, so that there is time to break in."""
    with wave.open(str(sample_wav)) as source:
        parameters, frames = source.getparams(), source.readframes(source.getnframes())
    content = io.BytesIO()
    with wave.open(content, "wb") as repeated:
        repeated.setparams(parameters)
        repeated.writeframes(frames * 2)
    return content.getvalue()
