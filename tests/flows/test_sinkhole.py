"""A whole job in a room whose network leads somewhere: whatever left it would arrive, and would be counted.

The room is a network namespace with a default route to a second one. That plays a host on the same LAN with a way back
and, since it takes every address for its own, the rest of the world.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import selectors
import shutil
import socket
import subprocess
import sys
import threading
import time
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import pytest

from tests.flows.appliance_client import wait_for
from tests.flows.appliance_process import ApplianceProcess, free_port

pytestmark = [
    pytest.mark.models,
    pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("ip") is None or not Path("/proc/sys/net/ipv6").exists(),
        reason="making network namespaces needs root, iproute2 and a kernel with IPv6",
    ),
]

ROOM, LAN = f"cloister-room-{os.getpid()}", f"cloister-lan-{os.getpid()}"
ROOM_LINK, LAN_LINK = "room", "lan"
LAN_HOST, LAN_HOST_6 = "10.213.0.2", "fd00:c10:57e4::2"
WORLD = "198.51.100.7"
TCP_PORTS, UDP_PORTS = (80, 443), (53, 443)
CLIP_S = 8
PATIENCE_S = 12.0  # onnxruntime, left to itself, waits eight seconds after it was loaded before it reports.

CLONE_NEWNET = 0x4000_0000
ETH_P_ALL, ETH_P_IP, ETH_P_IPV6 = 0x0003, 0x0800, 0x86DD
PACKET_OUTGOING = 4
HOP_BY_HOP, ICMPV6 = 0, 58
LIBC = ctypes.CDLL(None, use_errno=True)
IPV6_IS_OFF = Path("/proc/sys/net/ipv6/conf/all/disable_ipv6")  # Of the namespace of the thread that looks.

NETWORK = f"""
-n {ROOM} link set lo up
-n {LAN} link set lo up
link add {ROOM_LINK} netns {ROOM} type veth peer name {LAN_LINK} netns {LAN}
-n {ROOM} addr add 10.213.0.1/24 dev {ROOM_LINK}
-n {LAN} addr add {LAN_HOST}/24 dev {LAN_LINK}
-n {ROOM} addr add fd00:c10:57e4::1/64 dev {ROOM_LINK} nodad
-n {LAN} addr add {LAN_HOST_6}/64 dev {LAN_LINK} nodad
-n {LAN} link set {LAN_LINK} up
-n {ROOM} link set {ROOM_LINK} up
-n {ROOM} route add default via {LAN_HOST}
-n {ROOM} -6 route add default via {LAN_HOST_6}
-n {LAN} route add local default dev lo table main
"""

# What a program that nothing seals does in the room. Each line of it arrives, or the count below proves nothing.
CONTROL = f"""
import json, socket
heard = []
for family, host in ((socket.AF_INET, "{LAN_HOST}"), (socket.AF_INET, "{WORLD}"), (socket.AF_INET6, "{LAN_HOST_6}")):
    with socket.socket(family, socket.SOCK_STREAM) as caller:
        caller.settimeout(10)
        caller.connect((host, 443))
        heard.append(caller.recv(100).decode())
for host in ("{LAN_HOST}", "{WORLD}"):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
        caller.sendto(b"a question", (host, 53))
with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as caller:
    caller.sendto(bytes((8, 0, 0xF7, 0xFF, 0, 0, 0, 0)), ("{WORLD}", 0))
print(json.dumps(heard))
"""

# What an administrator's shell could hand down, asking every library to call.
TALKATIVE = {
    "CLOISTER_HOST": "0.0.0.0",  # noqa: S104 -- in a room of its own.
    "PYANNOTE_METRICS_ENABLED": "1",
    "ORT_DISABLE_TELEMETRY": "0",
    "OTEL_SDK_DISABLED": "false",
    "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{LAN_HOST}:443",
    "HF_HUB_OFFLINE": "0",
    "TRANSFORMERS_OFFLINE": "0",
    "HF_ENDPOINT": f"http://{LAN_HOST}:443",
    "HF_TOKEN": "hf_secret",
    "http_proxy": f"http://{LAN_HOST}:443",
    "https_proxy": f"http://{LAN_HOST}:443",
}


@contextlib.contextmanager
def inside(namespace: str) -> Iterator[None]:
    """Move this thread to a network namespace; what it opens and starts meanwhile belongs there."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    there = os.open(f"/run/netns/{namespace}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _enter(there)
        try:
            yield
        finally:
            _enter(home)
    finally:
        os.close(there)
        os.close(home)


def _enter(descriptor: int) -> None:
    if LIBC.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


@dataclass
class Sinkhole:
    """The host at the other end of the wire: it answers everything and remembers it.

    Attributes:
        packets: Protocol, destination and length of every packet that arrived.
        calls: Peers whose connections it took.
        datagrams: What was sent to its open ports.
    """

    packets: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    datagrams: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Open every socket; must be called in the namespace."""
        self._selector = selectors.DefaultSelector()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._listen)
        capture = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        capture.bind((LAN_LINK, ETH_P_ALL))
        self._watch(capture, self._note)
        for port in TCP_PORTS:
            for family, every in ((socket.AF_INET, ""), (socket.AF_INET6, "::")):
                self._watch(socket.create_server((every, port), family=family), self._answer)
        for port in UDP_PORTS:
            receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            receiver.bind(("", port))
            self._watch(receiver, lambda ready: self.datagrams.append(ready.recv(2000)))
        self._thread.start()

    def close(self) -> None:
        self._stopped.set()
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]  # Each is a socket.
        self._selector.close()

    def forget(self) -> None:
        for kind in (self.packets, self.calls, self.datagrams):
            kind.clear()

    def _watch(self, opened: socket.socket, ready: Callable[[socket.socket], None]) -> None:
        self._selector.register(opened, selectors.EVENT_READ, ready)

    def _listen(self) -> None:
        while not self._stopped.is_set():
            for key, _ in self._selector.select(0.1):
                key.data(key.fileobj)

    def _answer(self, listener: socket.socket) -> None:
        caller, address = listener.accept()
        with caller:
            caller.sendall(b"hello")
            self.calls.append(str(address[0]))

    def _note(self, capture: socket.socket) -> None:
        packet, (_, protocol, kind, *_) = capture.recvfrom(2000)
        if kind != PACKET_OUTGOING and (described := describe(protocol, packet)):
            self.packets.append(described)


def describe(protocol: int, packet: bytes) -> str | None:
    """Return what a packet is, or None for how a kernel itself keeps in touch with its neighbours."""
    if protocol == ETH_P_IP:
        return f"IPv4, protocol {packet[9]}, to {socket.inet_ntop(socket.AF_INET, packet[16:20])}"
    if protocol == ETH_P_IPV6:
        following = packet[40] if packet[6] == HOP_BY_HOP else packet[6]
        kind = packet[48] if packet[6] == HOP_BY_HOP else packet[40]
        if following == ICMPV6 and kind in range(130, 144):  # Neighbour discovery and multicast listeners.
            return None
        return f"IPv6, protocol {following}, to {socket.inet_ntop(socket.AF_INET6, packet[24:40])}"
    return None  # ARP.


@pytest.fixture(scope="module")
def sinkhole() -> Iterator[Sinkhole]:
    with contextlib.ExitStack() as ending:
        for namespace in (ROOM, LAN):
            done = subprocess.run(["ip", "netns", "add", namespace], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                pytest.skip(f"this machine makes no network namespaces: {done.stderr.strip()}")
            ending.callback(subprocess.run, ["ip", "netns", "delete", namespace], check=True)
            with inside(namespace):
                IPV6_IS_OFF.write_text("0")  # A machine without IPv6 hands that down; the test is to cover both.
        for line in NETWORK.strip().splitlines():
            subprocess.run(["ip", *line.split()], check=True, capture_output=True)
        with inside(LAN):
            opened = Sinkhole()
        ending.callback(opened.close)
        yield opened


@pytest.fixture(scope="module")
def clip(sample_wav: Path) -> bytes:
    content = BytesIO()
    with wave.open(str(sample_wav)) as source, wave.open(content, "wb") as target:
        target.setparams(source.getparams())
        target.writeframes(source.readframes(CLIP_S * source.getframerate()))
    return content.getvalue()


def test_what_an_unsealed_program_sends_from_the_room_arrives_and_is_counted(sinkhole: Sinkhole) -> None:
    with inside(ROOM):
        done = subprocess.run([sys.executable, "-c", CONTROL], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["hello"] * 3
    wait_for(lambda: len(sinkhole.datagrams) == 2, 5, "the datagrams")
    assert len(sinkhole.calls) == 3
    for expected in (
        f"IPv4, protocol 6, to {LAN_HOST}",
        f"IPv4, protocol 6, to {WORLD}",
        f"IPv6, protocol 6, to {LAN_HOST_6}",
        f"IPv4, protocol 17, to {WORLD}",
        f"IPv4, protocol 1, to {WORLD}",
    ):
        assert expected in sinkhole.packets


def test_no_packet_leaves_the_room_during_a_whole_job(
    sinkhole: Sinkhole, starter_set: Path, clip: bytes, tmp_path: Path
) -> None:
    time.sleep(1)  # For what is still on the way from the test above.
    sinkhole.forget()
    with inside(ROOM):
        appliance = ApplianceProcess(tmp_path, port=free_port(), settings=TALKATIVE)
        try:
            appliance.start()
            appliance.wait_engine()
            loaded_s = time.monotonic()
            recording_id = appliance.upload(clip, language="en")
            assert appliance.wait_ended(recording_id) == "done"
            with appliance.client() as client:
                transcript = client.get(f"/recordings/{recording_id}/transcript.json").json()["transcript"]
            time.sleep(max(0.0, loaded_s + PATIENCE_S - time.monotonic()))
            assert appliance.stop() == 0
        finally:
            appliance.end()
    assert transcript["segments"]
    assert (sinkhole.packets, sinkhole.calls, sinkhole.datagrams) == ([], [], [])
