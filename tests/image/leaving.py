"""Counts packets that try to leave a container, at the host's end of its network."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

ETH_P_ALL = 0x0003
ETH_P_IP, ETH_P_IPV6 = 0x0800, 0x86DD
TCP, ICMPV6 = 6, 58
PACKET_OUTGOING = 4
ETHERNET_BYTES = 14


@dataclass
class Departures:
    """What a container sent that answers nobody.

    Attributes:
        subnet: Of the container's network.
        port: Whose answers are let pass.
        gateway: The host's address in it, from which the host itself speaks.
    """

    subnet: ipaddress.IPv4Network
    gateway: ipaddress.IPv4Address
    port: int
    packets: list[str] = field(default_factory=list)
    answers: int = 0

    def look(self, frame: bytes) -> None:
        """Judge one Ethernet frame: only IP packets from the container count, and answers of its server do not."""
        [protocol] = struct.unpack_from("!H", frame, 12)
        packet = frame[ETHERNET_BYTES:]
        if protocol == ETH_P_IP:
            self._look_v4(packet)
        elif protocol == ETH_P_IPV6 and packet[6] not in (0, ICMPV6):
            # The kernel announces its addresses by ICMPv6 with hop-by-hop options; no program sends these.
            self.packets.append(f"IPv6 next header {packet[6]} to {ipaddress.IPv6Address(packet[24:40])}")

    def _look_v4(self, packet: bytes) -> None:
        source, target = ipaddress.IPv4Address(packet[12:16]), ipaddress.IPv4Address(packet[16:20])
        if source not in self.subnet or source == self.gateway:
            return
        protocol, header_bytes = packet[9], (packet[0] & 15) * 4
        source_port = struct.unpack_from("!H", packet, header_bytes)[0] if protocol in (6, 17) else 0
        is_first = protocol == TCP and packet[header_bytes + 13] & 0b10010 == 0b00010  # SYN without ACK.
        if protocol == TCP and source_port == self.port and target == self.gateway and not is_first:
            self.answers += 1
        else:
            self.packets.append(f"protocol {protocol} from port {source_port} to {target}")


@contextlib.contextmanager
def counting(bridge: str, departures: Departures) -> Iterator[Departures]:
    """Watch a bridge of the host; needs root."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as listener:
        listener.bind((bridge, 0))
        listener.settimeout(0.2)
        stop = threading.Event()

        def watch() -> None:
            while not stop.is_set():
                with contextlib.suppress(TimeoutError):
                    frame, address = listener.recvfrom(65536)
                    if address[2] != PACKET_OUTGOING:
                        departures.look(frame)

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield departures
        finally:
            stop.set()
            thread.join()
