"""A socketpair that carries messages and descriptors between the server and a child."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from array import array
from collections.abc import Iterator, Sequence

import msgspec

from appliance.worker.messages import AnyMessage

MAX_PACKET_BYTES = 65_536  # Messages are small; whatever is big travels as a memfd.
MAX_DESCRIPTORS = 2
ANCILLARY_BYTES = socket.CMSG_LEN(MAX_DESCRIPTORS * array("i").itemsize)


class ChannelClosedError(Exception):
    """The other process is gone."""


class Channel:
    """One end of the pair. SOCK_SEQPACKET keeps message borders, so there is no framing to get wrong."""

    def __init__(self, end: socket.socket) -> None:
        """Take over one end of a SOCK_SEQPACKET pair."""
        self._socket = end
        self._lock = threading.Lock()
        self._users = 0
        self._closed = False
        self._decoder = msgspec.msgpack.Decoder(AnyMessage)

    @classmethod
    def pair(cls) -> tuple[Channel, Channel]:
        """Return two connected ends."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        return cls(ours), cls(theirs)

    @classmethod
    def inherited(cls, descriptor: int) -> Channel:
        """Return the end that the parent passed on under this number."""
        return cls(socket.socket(fileno=descriptor))

    def fileno(self) -> int:
        """Return the descriptor, for passing on and for polling."""
        return self._socket.fileno()

    def send(self, message: AnyMessage, descriptors: Sequence[int] = ()) -> None:
        """Send one message.

        Raises:
            ChannelClosedError: The other process is gone.
        """
        packet = msgspec.msgpack.encode(message)
        try:
            with self._in_use():
                socket.send_fds(self._socket, [packet], list(descriptors))
        except (BrokenPipeError, ConnectionResetError) as exc:
            raise ChannelClosedError from exc

    def offer(self, message: AnyMessage) -> bool:
        """Send one message if there is room for it now; tell whether there was.

        Raises:
            ChannelClosedError: The other process is gone.
        """
        packet = msgspec.msgpack.encode(message)
        try:
            with self._in_use():
                self._socket.sendmsg([packet], [], socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except (BrokenPipeError, ConnectionResetError) as exc:
            raise ChannelClosedError from exc
        return True

    def receive(self, timeout_s: float | None = None) -> tuple[AnyMessage, list[int]]:
        """Wait for one message; the caller owns the descriptors that came with it.

        Raises:
            ChannelClosedError: The other process is gone.
            TimeoutError: Nothing came in time.
            msgspec.ValidationError: The other side does not speak this protocol.
        """
        try:
            with self._in_use():
                self._socket.settimeout(timeout_s)
                packet, ancillary, _, _ = self._socket.recvmsg(
                    MAX_PACKET_BYTES, ANCILLARY_BYTES, socket.MSG_CMSG_CLOEXEC
                )
        except ConnectionResetError as exc:
            raise ChannelClosedError from exc
        descriptors = _descriptors(ancillary)
        if not packet:
            raise ChannelClosedError
        try:
            return self._decoder.decode(packet), descriptors
        except msgspec.MsgspecError:
            for descriptor in descriptors:
                os.close(descriptor)
            raise

    def close(self) -> None:
        """Hang up; the other side sees it at once, and so does a thread of ours that is waiting here.

        The descriptor itself is given back by whoever leaves last: its number could otherwise belong to another file
        while that thread still reads from it.
        """
        with self._lock:
            self._closed = True
            if self._users == 0:
                self._socket.close()  # No shutdown: a child that inherited this end still uses it.
            else:
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    @contextlib.contextmanager
    def _in_use(self) -> Iterator[None]:
        with self._lock:
            if self._closed:
                raise ChannelClosedError
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if self._closed and self._users == 0:
                    self._socket.close()


def _descriptors(ancillary: list[tuple[int, int, bytes]]) -> list[int]:
    """Return the descriptors that came; socket.recv_fds would do, but it drops the flag that closes them on exec."""
    found = array("i")
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            found.frombytes(content[: len(content) - len(content) % found.itemsize])
    return list(found)
