"""The image, built before by scripts/build; without it these tests are skipped, unless they are what was asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.image.containers import IMAGE, Composed, engine_answers, image_is_there

MISSING = f"there is no container engine with the image {IMAGE}: run scripts/build"


@pytest.fixture(scope="session", autouse=True)
def image() -> str:
    if not (engine_answers() and image_is_there()):
        if os.environ.get("CLOISTER_TEST_IMAGE") == "required":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    return IMAGE


@pytest.fixture(scope="module")
def composed(image: str) -> Iterator[Composed]:
    """`docker compose up`, on a CPU."""
    appliance = Composed()
    try:
        appliance.create()
        appliance.start()
        yield appliance
    finally:
        appliance.end()


@pytest.fixture(scope="session")
def sample(sample_wav: os.PathLike[str]) -> bytes:
    with open(sample_wav, "rb") as file:  # noqa: PTH123 -- a fixture of the root gives the path.
        return file.read()
