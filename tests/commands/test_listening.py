"""Where the server is reached: what is taken, stale or impossible."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from appliance.commands.listening import listen
from appliance.config import Settings
from appliance.errors import PortTakenError, SettingsError


def test_a_unix_socket_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with listen(Settings(socket=path)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_socket_that_a_killed_server_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "s"
    listen(Settings(socket=path)).close()
    assert path.is_socket()
    with listen(Settings(socket=path)), socket.socket(socket.AF_UNIX) as visitor:
        visitor.connect(str(path))


def test_a_socket_that_somebody_answers_on_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with listen(Settings(socket=path)), pytest.raises(SettingsError, match="another program answers there"):
        listen(Settings(socket=path))


def test_a_file_in_the_place_of_the_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.write_text("mine")
    with pytest.raises(SettingsError):
        listen(Settings(socket=path))
    assert path.read_text() == "mine"


def test_a_path_that_is_too_long_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="socket"):
        listen(Settings(socket=tmp_path / ("x" * 120)))


def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(PortTakenError):
            listen(Settings(host="127.0.0.1", port=other.getsockname()[1]))


def test_a_name_is_no_address_to_listen_on() -> None:
    with pytest.raises(SettingsError, match="numeric address"):
        listen(Settings(host="localhost"))
