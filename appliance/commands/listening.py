"""The one place the server is reached at: a TCP port, or a Unix socket where it has no network at all."""

from __future__ import annotations

import errno
import socket
from pathlib import Path

from appliance.config import Settings
from appliance.errors import PortTakenError, SettingsError


def listen(settings: Settings) -> socket.socket:
    """Bind first: a place that is taken is noticed before anything is made.

    Raises:
        PortTakenError: Another program listens on the port.
        SettingsError: The address or the path cannot be used.
    """
    return _listen_on_path(settings.socket) if settings.socket else _listen_on_port(settings.host, settings.port)


def _listen_on_port(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICHOST
        )[0]
    except socket.gaierror as exc:
        raise SettingsError(name="host", reason="it must be a numeric address such as 0.0.0.0") from exc
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen()  # Another server that bound the same port with SO_REUSEADDR is only noticed here.
    except OSError as exc:
        listener.close()
        if exc.errno == errno.EADDRINUSE:
            raise PortTakenError(port=port) from exc
        raise SettingsError(name="host", reason=f"the address cannot be used ({exc.strerror})") from exc
    return listener


def _listen_on_path(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    try:
        if path.is_socket():
            _refuse_living(path)
            path.unlink()  # What a server that was killed has left.
        listener.bind(str(path))
        path.chmod(0o600)  # The edge runs as the same user, and nobody else has to come in this way.
        listener.listen()
    except OSError as exc:
        listener.close()
        reason = f"{path} cannot be listened on ({exc.strerror or exc})"
        raise SettingsError(name="socket", reason=reason) from exc
    return listener


def _refuse_living(path: Path) -> None:
    """Leave a socket alone that somebody still answers on.

    Raises:
        OSError: Somebody does.
    """
    with socket.socket(socket.AF_UNIX) as visitor:
        try:
            visitor.connect(str(path))
        except OSError:
            return
    raise OSError(errno.EADDRINUSE, "another program answers there")
