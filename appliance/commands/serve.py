"""``appliance serve``: check the kernel, open the data, listen, close the air gap, print how to come in."""

from __future__ import annotations

import argparse
import logging
import signal
import socket
import sys
from contextlib import ExitStack

import uvicorn

from appliance import cage
from appliance.certificates import authority_fingerprint, read_authority, tls_context
from appliance.commands.folders import KERNEL_FIGURES, model_folders
from appliance.commands.listening import listen
from appliance.config import Settings, load_settings, scratch_folder
from appliance.doctor.findings import failures
from appliance.doctor.machine import require_clock
from appliance.doctor.tls import certificate_served
from appliance.errors import DataFolderError
from appliance.logs import start_logging
from appliance.owners import require_own
from appliance.records import invitations
from appliance.web.app import create_app
from appliance.web.plain_http import tell_plain_visitors
from appliance.worker import library
from appliance.worker.consumer import working
from appliance.worker.workshop import Workshop

log = logging.getLogger(__name__)

SHUTDOWN_PATIENCE_S = 3  # Event streams never end by themselves.


def run(given: argparse.Namespace) -> int:
    """Serve until a signal ends it."""
    settings = load_settings(
        data=given.data,
        keys=given.keys,
        models=given.models,
        host=given.host,
        port=given.port,
        socket=given.socket,
    )
    start_logging()
    require_clock()
    weaknesses = cage.check_kernel(allow_weaker=settings.allow_weaker_cage)
    listener = listen(settings)
    _make_folders(settings)
    cage.seal_server_early(
        readable=[*model_folders(settings), *KERNEL_FIGURES],
        writable=[settings.data.resolve(), settings.keys_folder, scratch_folder()],
        port=None if settings.socket else settings.port,
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
            proxy_headers=False,  # Nobody stands before us who would have to be believed.
            timeout_graceful_shutdown=SHUTDOWN_PATIENCE_S,
            timeout_keep_alive=30,
            lifespan="off",
            loop="asyncio",  # uvloop drives io_uring, which the seal refuses.
        )
        tell_plain_visitors(address_of(settings))
        library.resume(workshop)
        workshop.warden.open()
        with ExitStack() as at_end:
            _stop_once()
            SealedServer(config, workshop, at_end).run(sockets=[listener])
    finally:
        workshop.close()
    return 0


class SealedServer(uvicorn.Server):
    """A server that can answer but not call: once it listens, no thread of it can open a socket."""

    def __init__(self, config: uvicorn.Config, workshop: Workshop, at_end: ExitStack) -> None:
        """Take the appliance, and where to say what must be stopped when the server has ended, however it ends."""
        super().__init__(config)
        self._workshop = workshop
        self._at_end = at_end

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then seal, then start the children, which inherit the seal, then say so.

        Until the seal stands nothing has started a thread, and nobody is answered: this never waits in between.
        """
        await super().startup(sockets)
        self._workshop.warden.count()
        cage.seal_server(allow_weaker=self._workshop.settings.allow_weaker_cage)
        self._at_end.enter_context(working(self._workshop))
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
        token = invitations.first_link(session)
    if token:
        how = "Its first administrator comes in by this link (it works once, within 24 hours)"
        lines.append(f"{how}:\n  {address}/setup/{token}")
    if workshop.weaknesses:
        lines.append(f"Warning: this kernel enforces a weaker seal: {'; '.join(workshop.weaknesses)}")
    for finding in failures(certificate_served(workshop.settings.keys_folder, workshop.settings.names)):
        log.warning("browsers refuse the certificate")
        lines.append(f"Warning: {finding.what} {finding.advice}")
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
        require_own(folder)
