"""The network, from what kernels were recorded to say, and from this machine's own."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from appliance.doctor import network
from appliance.doctor.network import Interface, Network, OpenSocket, Route, read_network
from tests.doctor.saying import said, verdicts

ROUTES = """\
Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010013AC	0003	0	0	0	00000000	0	0	0
eth0	000013AC	00000000	0001	0	0	0	0000FFFF	0	0	0
eth0	0000000A	00000000	0200	0	0	0	000000FF	0	0	0
"""
ROUTES6 = """\
fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd000000000000000000000000000001 00000400 00000003 00000000 00000003     eth0
fe8000000000000000fc00fffe000001 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000003 00000000 80200001     eth0
ff000000000000000000000000000000 08 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000003 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
"""  # noqa: E501 -- as the kernel writes it.
ADDRESSES = """\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 127.0.0.0
        /8 host LOCAL
     |-- 127.0.0.1
        /32 host LOCAL
     |-- 172.19.0.2
        /32 host LOCAL
     |-- 172.19.255.255
        /32 link BROADCAST
"""
ADDRESSES6 = """\
fe8000000000000000fc00fffe000001 02 40 20 80     eth0
00000000000000000000000000000001 01 80 10 80       lo
"""
DEVICES = """\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     128       2    0    0    0     0          0         0      128       2    0    0    0     0       0          0
  eth0:    1024       8    0    0    0     0          0         0     1024       8    0    0    0     0       0          0
"""  # noqa: E501 -- as the kernel writes it.
SOCKETS = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:20FB 00000000:0000 0A 00000000:00000000 00:00000000 00000000 10001        0 4711 1 0000 100 0 0 10 0
   1: 021300AC:20FB 0100A8C0:C350 01 00000000:00000000 02:0009 00000000 10001        0 4712 2 0000 20 4 30 10 -1
"""
SOCKETS6 = """\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0000000000000000FFFF00000100007F:20FB 0000000000000000FFFF00000200007F:C351 01 00000000:00000000 00:00000000 00000000     0        0 99 1 0
   1: 00000000000000000000000001000000:0035 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 98 1 0
"""  # noqa: E501 -- as the kernel writes it.

LISTENER = OpenSocket("tcp", "0.0.0.0:8443", "", is_listening=True, inode=1)
READER = OpenSocket("tcp", "172.19.0.2:8443", "192.168.0.1:50000", is_listening=False, inode=2)
BRIDGE = (Route("0.0.0.0/0", "172.19.0.1", "eth0"), Route("172.19.0.0/16", "", "eth0"))
BOTH = (Interface("lo", ("127.0.0.1",)), Interface("eth0", ("172.19.0.2",)))


def recorded(folder: Path) -> Path:
    kernel = {
        "route": ROUTES, "ipv6_route": ROUTES6, "fib_trie": ADDRESSES, "if_inet6": ADDRESSES6, "dev": DEVICES,
    }  # fmt: skip
    for name, text in kernel.items():
        (folder / name).write_text(text)
    return folder


def test_interfaces_carry_their_addresses_of_both_families(tmp_path: Path) -> None:
    assert read_network(None, recorded(tmp_path)).interfaces == (
        Interface("lo", ("127.0.0.1", "::1")),
        Interface("eth0", ("172.19.0.2", "fe80::fc:ff:fe00:1")),
    )


def test_routes_that_reject_or_stay_in_the_machine_are_none(tmp_path: Path) -> None:
    assert read_network(None, recorded(tmp_path)).routes == (
        Route("0.0.0.0/0", "172.19.0.1", "eth0"),
        Route("172.19.0.0/16", "", "eth0"),
        Route("fe80::/64", "", "eth0"),
        Route("::/0", "fd00::1", "eth0"),
    )


def test_sockets_are_read_with_both_ends() -> None:
    assert list(network.parse_sockets(SOCKETS, "tcp")) == [
        OpenSocket("tcp", "0.0.0.0:8443", "", is_listening=True, inode=4711),
        OpenSocket("tcp", "172.0.19.2:8443", "192.168.0.1:50000", is_listening=False, inode=4712),
    ]


def test_ipv4_in_an_ipv6_socket_reads_as_ipv4() -> None:
    mapped, plain = network.parse_sockets(SOCKETS6, "udp6")
    assert (mapped.local, mapped.remote) == ("127.0.0.1:8443", "127.0.0.2:50001")
    assert (plain.local, plain.remote, plain.protocol) == ("[::1]:53", "", "udp")


def test_a_container_without_a_network_is_told_so() -> None:
    seen = Network((Interface("lo", ("127.0.0.1", "::1")),), (), ())
    assert "no network here at all" in said(network.network(seen))


def test_a_default_route_is_told_with_its_gateway() -> None:
    assert "a way out through 172.19.0.1 on eth0" in said(network.network(Network(BOTH, BRIDGE, None)))


def test_a_network_without_a_default_route_has_no_way_out() -> None:
    assert "no way out" in said(network.network(Network(BOTH, BRIDGE[1:], None)))


def test_readers_are_counted_and_are_no_fault() -> None:
    findings = list(network.network(Network(BOTH, BRIDGE, (LISTENER, READER))))
    assert verdicts(findings) == ["ok", "ok"]
    assert "port 8443" in said(findings)
    assert "(1 now)" in said(findings)


def test_a_connection_that_the_server_made_itself_fails() -> None:
    outgoing = OpenSocket("tcp", "172.19.0.2:40404", "203.0.113.9:443", is_listening=False, inode=3)
    findings = list(network.network(Network(BOTH, BRIDGE, (LISTENER, READER, outgoing))))
    assert "172.19.0.2:40404 to 203.0.113.9:443" in said(findings, "fail")


def test_a_second_port_fails() -> None:
    other = OpenSocket("tcp", "0.0.0.0:22", "", is_listening=True, inode=3)
    assert "0.0.0.0:22" in said(network.network(Network(BOTH, BRIDGE, (LISTENER, other))), "fail")


def test_a_server_on_a_unix_socket_holds_none_of_a_network() -> None:
    assert "holds no socket of a network" in said(network.network(Network(BOTH, (), ())))


def test_a_real_datagram_socket_of_this_process_is_found_and_fails() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stray:
        stray.bind(("127.0.0.1", 0))
        seen = read_network(os.getpid())
        assert f"udp from 127.0.0.1:{stray.getsockname()[1]}" in said(network.network(seen), "fail")


def test_the_sockets_of_a_process_that_is_gone_are_not_known() -> None:
    assert read_network(2**22 + 1).sockets is None


def test_this_machine_has_a_loopback() -> None:
    loopback = next(each for each in read_network(None).interfaces if each.name == "lo")
    assert "127.0.0.1" in loopback.addresses
