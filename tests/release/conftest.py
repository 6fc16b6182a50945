from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.release.releases import Target, Workshop


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the releases 1.0.0 and 1.1.0, made once and only copied from."""
    home = tmp_path_factory.mktemp("made")
    workshop = Workshop(home / "workshop")
    for version, created in (("1.0.0", "2026-11-23T10:00:00Z"), ("1.1.0", "2027-01-10T10:00:00Z")):
        workshop.build(version, created=created)
        workshop.release(version, home)
    return home


@pytest.fixture
def release(made: Path, tmp_path: Path) -> Path:
    """The release 1.0.0 on a stick."""
    return Path(shutil.copytree(made / "cloister-1.0.0", tmp_path / "stick" / "cloister-1.0.0"))


@pytest.fixture
def newer(made: Path, tmp_path: Path) -> Path:
    """The release 1.1.0 on a stick."""
    return Path(shutil.copytree(made / "cloister-1.1.0", tmp_path / "stick" / "cloister-1.1.0"))


@pytest.fixture
def target(tmp_path: Path) -> Target:
    """A machine without a network."""
    return Target(tmp_path / "target")


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """A machine that makes releases, with the image 1.0.0 built."""
    workshop = Workshop(tmp_path / "workshop")
    workshop.build("1.0.0")
    return workshop
