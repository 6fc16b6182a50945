"""The second starter set, which is built when a test first needs it and stays beside the first."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from appliance.engine.convert import build_starter
from appliance.errors import OriginError
from tests.conftest import REPOSITORY

FOLDER = REPOSITORY / "models" / "starter-en"


@cache
def starter_en() -> Path:
    """Return the folder of the set; skips where its packages can neither be found nor be downloaded."""
    try:
        build_starter(REPOSITORY / "models" / "catalog.toml", REPOSITORY / "offline_wheels", FOLDER, "starter-en")
    except OriginError as missing:
        pytest.skip(f"the set starter-en cannot be built here: {missing}")
    return FOLDER
