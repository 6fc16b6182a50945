"""Commands run within the tests' own process here, which must not be sealed: tests of the seal start a process."""

from __future__ import annotations

import pytest

from appliance.commands.bundle import sealing


@pytest.fixture(autouse=True)
def unsealed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "seal", lambda *_given, **_choices: None)
