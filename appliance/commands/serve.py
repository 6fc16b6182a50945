"""``appliance serve``: check the kernel, open the data, listen, close the air gap, print how to come in."""

from __future__ import annotations

import argparse
import errno
import logging
import signal
import socket
import sys
from pathlib import Path

import uvicorn

from appliance import cage
from appliance.config import Settings, load_settings, scratch_folder
from appliance.errors import DataFolderError, PortTakenError, SettingsError
from appliance.logs import start_logging
from appliance.records import accounts
from appliance.web.app import create_app
from appliance.web.certificates import authority_fingerprint, read_authority, tls_context
from appliance.worker.consumer import working
from appliance.worker.workshop import Workshop

log = logging.getLogger(__name__)

KERNEL_FIGURES = ("/proc", "/sys")  # Of its own domain; a child narrows this to its own process.
SHUTDOWN_PATIENCE_S = 3  # Event streams never end by themselves.


def run(given: argparse.Namespace) -> int:
    """Serve until a signal ends it."""
    settings = load_settings(data=given.data, keys=given.keys, models=given.models, host=given.host, port=given.port)
    start_logging()
    weaknesses = cage.check_kernel(allow_weaker=settings.allow_weaker_cage)
    listener = _listen(settings)
    _make_folders(settings)
    cage.seal_server_early(
        readable=[settings.models.resolve(), *map(Path, KERNEL_FIGURES)],
        writable=[settings.data.resolve(), settings.keys_folder, scratch_folder()],
        port=settings.port,
        allow_weaker=settings.allow_weaker_cage,
    )
    workshop = Workshop.open(settings, weaknesses)
    try:
        tls = tls_context(settings.keys_folder, settings.names)
        config = uvicorn.Config(
            create_app(workshop),
            ssl_context_factory=lambda _config, _default: tls,
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=SHUTDOWN_PATIENCE_S,
            timeout_keep_alive=30,
            lifespan="off",
            loop="asyncio",  # uvloop drives io_uring, which the seal refuses.
        )
        with working(workshop):
            _stop_once()
            SealedServer(config, workshop).run(sockets=[listener])
    finally:
        workshop.close()
    return 0


class SealedServer(uvicorn.Server):
    """A server that can answer but not call: once it listens, no thread of it can open a socket."""

    def __init__(self, config: uvicorn.Config, workshop: Workshop) -> None:
        """Remember the appliance, to print the way in once it is open."""
        super().__init__(config)
        self._workshop = workshop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then seal, then say so."""
        await super().startup(sockets)
        cage.seal_server(allow_weaker=self._workshop.settings.allow_weaker_cage)
        log.info("listening, sealed", extra={"port": self._workshop.settings.port})
        _print_way_in(self._workshop)


def _stop_once() -> None:
    """Let a signal end the server in order: uvicorn raises it again after it has stopped, and that must not kill."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)


def _print_way_in(workshop: Workshop) -> None:
    address = address_of(workshop.settings)
    lines = [f"\nCloister is ready at {address}"]
    authority = read_authority(workshop.settings.keys_folder)
    if authority:
        lines.append(f"Its certificate authority has the fingerprint\n  {authority_fingerprint(authority)}")
    with workshop.database.write() as session:
        if not accounts.has_live_session(session):
            token = accounts.issue_link(session)
            lines.append(f"Sign in with this link (it works once, within 24 hours):\n  {address}/setup/{token}")
    if workshop.weaknesses:
        lines.append(f"Warning: this kernel enforces a weaker seal: {'; '.join(workshop.weaknesses)}")
    sys.stdout.write("\n".join(lines) + "\n\n")
    sys.stdout.flush()


def address_of(settings: Settings) -> str:
    """Return the address of the appliance as a person types it."""
    port = "" if settings.port == 443 else f":{settings.port}"  # noqa: PLR2004 -- the port of https.
    return f"https://{settings.names[0]}{port}"


def _make_folders(settings: Settings) -> None:
    for folder in (settings.data.resolve(), settings.keys_folder):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as exc:
            raise DataFolderError(folder=str(folder), reason=f"it cannot be made ({exc.strerror})") from exc


def _listen(settings: Settings) -> socket.socket:
    """Bind first: a port that is taken is noticed before anything is made."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICHOST
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
            raise PortTakenError(port=settings.port) from exc
        raise SettingsError(name="host", reason=f"the address cannot be used ({exc.strerror})") from exc
    return listener
