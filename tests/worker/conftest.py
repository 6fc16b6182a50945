"""An appliance to which the tests speak as its pages do, and people who have enrolled at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.worker.workshop import Workshop
from tests.people import Person
from tests.web.appliance import enrolled, open_workshop


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    opened = open_workshop(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def amina(workshop: Workshop) -> Person:
    return enrolled(workshop, "Amina")


@pytest.fixture
def anna(workshop: Workshop) -> Person:
    return enrolled(workshop, "anna")


@pytest.fixture
def ben(workshop: Workshop) -> Person:
    return enrolled(workshop, "ben")
