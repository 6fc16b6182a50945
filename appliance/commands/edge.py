"""``appliance edge``: carry bytes between a TCP port and the socket of an appliance that has no network at all.

TLS ends in the appliance: what passes here is sealed for it, and this process holds no key, no file and no secret. It
is the only one of the profile `sealed` that has a network, and the kernel lets it reach nothing but the one socket.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import signal
import socket
from pathlib import Path

from appliance import cage
from appliance.commands.listening import listen
from appliance.config import Settings, load_settings
from appliance.errors import SettingsError
from appliance.logs import start_logging

log = logging.getLogger(__name__)

BLOCK_BYTES = 2**16
MOST_VISITORS = 512  # Each takes two descriptors and two blocks; more than these wait in the kernel's queue.


def run(given: argparse.Namespace) -> int:
    """Carry until a signal ends it."""
    settings = load_settings(host=given.host, port=given.port)
    start_logging()
    target = given.socket.resolve()
    if not target.parent.is_dir():
        raise SettingsError(name="socket", reason=f"the folder {target.parent} is not there")
    cage.check_kernel(allow_weaker=settings.allow_weaker_cage)
    listener = listen(Settings(host=settings.host, port=settings.port, socket=None))
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(_carry_all(listener, target, allow_weaker=settings.allow_weaker_cage))
    return 0


async def _carry_all(listener: socket.socket, target: Path, *, allow_weaker: bool) -> None:
    visitors = asyncio.Semaphore(MOST_VISITORS)

    async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with visitors:
            await _carry(reader, writer, target)

    server = await asyncio.start_server(visit, sock=listener, limit=BLOCK_BYTES)
    cage.seal_edge(allow_weaker=allow_weaker)  # A visitor may be there, but no byte was read yet.
    log.info("listening, sealed", extra={"port": listener.getsockname()[1]})
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel if task else server.close)
    async with server:
        await server.serve_forever()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: Path) -> None:
    """Join one visitor to the appliance, until either has said its last."""
    try:
        inner_reader, inner_writer = await asyncio.open_unix_connection(target, limit=BLOCK_BYTES)
    except OSError as exc:
        log.warning("the appliance does not answer", extra={"error": type(exc).__name__})
        await _close(writer)
        return
    try:
        await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))
    except OSError:
        pass  # One side is gone, which ends the other.
    finally:
        await _close(inner_writer)
        await _close(writer)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry one direction to its end; a slow reader slows the writer down."""
    while block := await reader.read(BLOCK_BYTES):
        writer.write(block)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
