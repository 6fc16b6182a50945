"""``appliance health``: ask the server on this machine whether it answers; for the container's health check."""

from __future__ import annotations

import argparse
import json
import socket
import ssl
import sys
from http.client import HTTPConnection, HTTPException

from appliance.config import Settings, load_settings

PATIENCE_S = 4.0  # The container gives up after five.
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- compared with, not bound.


def run(given: argparse.Namespace) -> int:
    """Print what the server answers; status 0 if it does, and, where asked, only if jobs can be taken too."""
    settings = load_settings(host=given.host, port=given.port, socket=given.socket)
    try:
        is_ready = _ask(settings)
    except (OSError, HTTPException, ValueError) as exc:
        sys.stderr.write(f"The appliance does not answer: {exc}\n")
        return 1
    sys.stdout.write("ready\n" if is_ready else "answers; the models are being loaded\n")
    return 0 if is_ready or not given.ready else 1


def _ask(settings: Settings) -> bool:
    """Return whether the engine can take a job.

    Raises:
        OSError: Nobody answers.
        HTTPException, ValueError: The answer is not the appliance's.
    """
    # Whoever answers on this machine's own address is only asked for a word; no certificate has to vouch for it.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = HTTPConnection("localhost")
    connection.sock = context.wrap_socket(_connect(settings), server_hostname="localhost")
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        if answer.status != 200:  # noqa: PLR2004 -- the one good status.
            raise ValueError(f"it answers with status {answer.status}")
        return bool(json.loads(answer.read())["ready"])
    except KeyError as exc:
        raise ValueError("it answers with something else") from exc
    finally:
        connection.close()


def _connect(settings: Settings) -> socket.socket:
    if settings.socket is None:
        address = ANY_ADDRESS.get(settings.host, settings.host)
        return socket.create_connection((address, settings.port), PATIENCE_S)
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(PATIENCE_S)
    try:
        connection.connect(str(settings.socket))
    except OSError:
        connection.close()
        raise
    return connection
