"""The second starter set, which is built when a test first needs it and stays beside the first."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

FOLDER = REPOSITORY / "models" / "starter-en"


@cache
def starter_en() -> Path:
    """Return the folder of the set; skips where its packages can neither be found nor be downloaded."""
    command = [sys.executable, "-W", "ignore", "-m", "appliance.engine.convert", "starter-en", "--out", str(FOLDER)]
    ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if ran.returncode:
        pytest.skip(f"the set starter-en cannot be built here: {ran.stderr[-500:]}")
    return FOLDER
