"""Settings: the command line before the environment before the file, and every mistake named."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.config import load_settings
from appliance.errors import SettingsError


@pytest.fixture
def settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "settings.toml"
    monkeypatch.setenv("CLOISTER_SETTINGS", str(path))
    return path


def test_the_command_line_goes_before_the_environment_before_the_file(
    settings_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_file.write_text('port = 1001\nthreads = 3\nnames = ["a.example.org"]\n')
    monkeypatch.setenv("CLOISTER_PORT", "1002")
    settings = load_settings(threads=7)
    assert (settings.port, settings.threads, settings.names) == (1002, 7, ("a.example.org",))
    assert load_settings(port=1003).port == 1003


def test_a_file_that_is_named_but_not_there_is_refused(settings_file: Path) -> None:
    with pytest.raises(SettingsError, match="there is no file"):
        load_settings()


@pytest.mark.parametrize("content", ["port ==", "\xff\xfe", "port = 'many'", "prot = 8443", "port = 99999"])
def test_a_mistake_in_the_file_is_refused_in_words(settings_file: Path, content: str) -> None:
    settings_file.write_text(content, encoding="latin-1")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "not usable" in str(caught.value)
