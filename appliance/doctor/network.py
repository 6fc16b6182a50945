"""What the kernel says about the network: interfaces, routes, sockets. It is read from /proc: no socket is opened."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path

from appliance.doctor.findings import Finding, fail, ok, sentence

NET = Path("/proc/self/net")
PROTOCOLS = ("tcp", "tcp6", "udp", "udp6", "raw", "raw6")
LISTENING = "0A"
ROUTE_UP, ROUTE_REJECT, ROUTE_LOCAL = 0x1, 0x200, 0x80000000
LOOPBACK = "lo"


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface and the addresses of this machine or container on it."""

    name: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """Where the kernel sends what is for a network.

    Attributes:
        destination: Network with its prefix length; 0.0.0.0/0 and ::/0 are everything.
        gateway: Who carries it on, or empty where the network is at hand.
        interface: Where it leaves.
    """

    destination: str
    gateway: str
    interface: str

    @property
    def leads_out(self) -> bool:
        """Whether it is for everything."""
        return self.destination.endswith("/0") and self.interface != LOOPBACK


@dataclass(frozen=True, slots=True)
class OpenSocket:
    """A socket of the internet families.

    Attributes:
        protocol: ``tcp``, ``udp`` or ``raw``.
        local: Address and port on this side.
        remote: Address and port of the other side, or empty.
        is_listening: Whether it waits for others.
        inode: Its number, as processes show it.
    """

    protocol: str
    local: str
    remote: str
    is_listening: bool
    inode: int

    @property
    def port(self) -> int:
        """The port on this side."""
        return int(self.local.rpartition(":")[2])


@dataclass(frozen=True, slots=True)
class Network:
    """All of it at one moment.

    Attributes:
        sockets: Of the server, or None where this process may not see them.
    """

    interfaces: tuple[Interface, ...]
    routes: tuple[Route, ...]
    sockets: tuple[OpenSocket, ...] | None


def read_network(server: int | None, net: Path = NET) -> Network:
    """Read what the kernel says now.

    Args:
        server: Process id of the server, or None where none runs.
        net: The kernel's folder.
    """
    routes = (*parse_routes(_text(net / "route")), *parse_routes6(_text(net / "ipv6_route")))
    addresses = {*parse_addresses(_text(net / "fib_trie")), *parse_addresses6(_text(net / "if_inet6"))}
    interfaces = _interfaces(_text(net / "dev"), addresses, routes)
    return Network(interfaces=interfaces, routes=routes, sockets=None if server is None else _sockets_of(server, net))


def network(seen: Network) -> Iterator[Finding]:
    """Judge the network."""
    yield _of_routes(seen)
    if seen.sockets is not None:
        yield _of_sockets(seen.sockets)


def _of_routes(seen: Network) -> Finding:
    ways_out = [route for route in seen.routes if route.leads_out]
    if all(interface.name == LOOPBACK for interface in seen.interfaces):
        return ok("network", sentence("There is no network here at all, only the loopback of this machine."))
    if not ways_out:
        what = sentence("The network has no way out: no route leads to other networks than those at hand.")
        return ok("network", what)
    what = sentence(
        "The network has a way out through {gateway} on {interface}. The seal keeps every process from it.",
        gateway=ways_out[0].gateway or "-",
        interface=ways_out[0].interface,
    )
    return ok("network", what)


def _of_sockets(sockets: tuple[OpenSocket, ...]) -> Finding:
    """Judge the server's sockets: one listens, and all others came in through it."""
    port = next((each.port for each in sockets if each.is_listening and each.protocol == "tcp"), None)
    stray = next((each for each in sockets if each.protocol != "tcp" or each.port != port), None)
    if stray:
        what = sentence(
            "The server holds a socket that is not for its readers: {protocol} from {local} to {remote}.",
            protocol=stray.protocol,
            local=stray.local,
            remote=stray.remote or "-",
        )
        return fail("network", what, sentence("Stop the appliance and find out what opened it."))
    if port is None:
        return ok("network", sentence("The server holds no socket of a network at all."))
    what = sentence(
        "The server listens at port {port} and holds no other socket than those of its readers ({readers_number} now).",
        port=port,
        readers_number=sum(not each.is_listening for each in sockets),
    )
    return ok("network", what)


def parse_routes(text: str) -> Iterator[Route]:
    """Read /proc/net/route: addresses are hexadecimal in the machine's byte order."""
    for line in text.splitlines()[1:]:
        name, destination, gateway, flags, *_, mask = line.split()[:8]
        if int(flags, 16) & ROUTE_UP and not int(flags, 16) & ROUTE_REJECT:
            length = int(mask, 16).bit_count()
            via = _ipv4(gateway)
            yield Route(f"{_ipv4(destination)}/{length}", "" if via == "0.0.0.0" else via, name)  # noqa: S104 -- "none".


def parse_routes6(text: str) -> Iterator[Route]:
    """Read /proc/net/ipv6_route, without the kernel's own local, multicast and rejecting routes."""
    for line in text.splitlines():
        destination, length, _, _, gateway, *_, flags, name = line.split()
        network_of = IPv6Network((int(destination, 16), int(length, 16)))
        is_route = int(flags, 16) & ROUTE_UP and not int(flags, 16) & (ROUTE_REJECT | ROUTE_LOCAL)
        if is_route and name != LOOPBACK and not network_of.is_multicast:
            via = IPv6Address(int(gateway, 16))
            yield Route(str(network_of), "" if int(via) == 0 else str(via), name)


def parse_addresses(text: str) -> Iterator[tuple[str, str]]:
    """Read this machine's own IPv4 addresses from /proc/net/fib_trie, which does not say on which interface."""
    address = ""
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["|--"]:
            address = words[1]
        elif words[:3] == ["/32", "host", "LOCAL"]:
            yield address, ""


def parse_addresses6(text: str) -> Iterator[tuple[str, str]]:
    """Read this machine's own IPv6 addresses and their interfaces from /proc/net/if_inet6."""
    for line in text.splitlines():
        address, *_, name = line.split()
        yield str(IPv6Address(int(address, 16))), name


def parse_sockets(text: str, protocol: str) -> Iterator[OpenSocket]:
    """Read /proc/net/tcp and its kin."""
    for line in text.splitlines()[1:]:
        _, local, remote, state, _, _, _, _, _, inode = line.split()[:10]
        is_listening = state == LISTENING
        yield OpenSocket(
            protocol=protocol.rstrip("6"),
            local=_end(local),
            remote="" if is_listening or remote.endswith(":0000") else _end(remote),
            is_listening=is_listening,
            inode=int(inode),
        )


def _interfaces(dev: str, addresses: Iterable[tuple[str, str]], routes: tuple[Route, ...]) -> tuple[Interface, ...]:
    names = [line.partition(":")[0].strip() for line in dev.splitlines()[2:]]
    placed: dict[str, list[str]] = {name: [] for name in names}
    for address, name in sorted(addresses):
        placed.setdefault(name or _interface_of(address, routes), []).append(address)
    return tuple(Interface(name, tuple(found)) for name, found in placed.items())


def _interface_of(address: str, routes: tuple[Route, ...]) -> str:
    given = IPv4Address(address)
    if given.is_loopback:
        return LOOPBACK
    at_hand = [route for route in routes if not route.gateway and not route.leads_out]
    networks = ((ip_network(route.destination), route.interface) for route in at_hand)
    return next(
        (name for network_of, name in networks if isinstance(network_of, IPv4Network) and given in network_of), "?"
    )


def _sockets_of(pid: int, net: Path) -> tuple[OpenSocket, ...] | None:
    """Return the sockets of a process, or None where the kernel hides them from us."""
    try:
        inodes = set(_socket_inodes(Path(f"/proc/{pid}/fd")))
    except OSError:
        return None
    found = (each for protocol in PROTOCOLS for each in parse_sockets(_text(net / protocol), protocol))
    return tuple(each for each in found if each.inode in inodes)


def _socket_inodes(folder: Path) -> Iterator[int]:
    for descriptor in os.listdir(folder):  # noqa: PTH208 -- names are enough.
        with contextlib.suppress(FileNotFoundError):  # It was closed meanwhile.
            target = str((folder / descriptor).readlink())
            if target.startswith("socket:["):
                yield int(target[8:-1])


def _end(written: str) -> str:
    address, _, port = written.partition(":")
    if len(address) == 8:  # noqa: PLR2004 -- four bytes in hexadecimal.
        return f"{_ipv4(address)}:{int(port, 16)}"
    words = struct.unpack("=4I", bytes.fromhex(address))
    given = ip_address(struct.pack(">4I", *words))
    mapped = given.ipv4_mapped if isinstance(given, IPv6Address) else None
    return f"{mapped or f'[{given}]'}:{int(port, 16)}"


def _ipv4(written: str) -> str:
    return socket.inet_ntoa(struct.pack("=I", int(written, 16)))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""  # A kernel without IPv6 has no such file.
