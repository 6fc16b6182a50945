"""The whole story in the container: start, upload over the published TLS port, transcript, export; nothing leaves."""

from __future__ import annotations

import ipaddress
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.flows.appliance_client import wait_for
from tests.image.containers import Composed, docker, inspect
from tests.image.leaving import Departures, counting

pytestmark = [pytest.mark.timeout(600), pytest.mark.skipif(os.geteuid() != 0, reason="only root sees packets")]

PROFILES = {
    "open": {"services": (), "answers": "appliance"},
    "sealed": {"services": ("edge",), "answers": "sealed"},
}


def departures_of(appliance: Composed) -> tuple[str, Departures]:
    """The bridge of the appliance's network, and a count for it."""
    [network] = json.loads(docker("network", "inspect", f"{appliance.project}_front").stdout)
    [configuration] = network["IPAM"]["Config"]
    gateway = configuration.get("Gateway") or str(next(ipaddress.ip_network(configuration["Subnet"]).hosts()))
    departures = Departures(
        subnet=ipaddress.IPv4Network(configuration["Subnet"]),
        gateway=ipaddress.IPv4Address(gateway.split("/")[0]),
        port=appliance.port,
    )
    return f"br-{network['Id'][:12]}", departures


@pytest.fixture(scope="module", params=PROFILES)
def told(request: pytest.FixtureRequest, image: str, sample: bytes) -> Iterator[tuple[Composed, Departures, str]]:
    """An appliance that has done a job, and what left its network meanwhile."""
    profile = PROFILES[request.param]
    appliance = Composed(services=profile["services"], answers=str(profile["answers"]))
    with ExitStack() as ending:
        ending.callback(appliance.end)
        appliance.create()
        bridge, departures = departures_of(appliance)
        ending.enter_context(counting(bridge, departures))
        appliance.start()
        recording_id = appliance.upload(sample, "Interview.wav", language="en")
        appliance.transcript_of(recording_id)
        yield appliance, departures, recording_id


Told = tuple[Composed, Departures, str]


def test_a_recording_becomes_a_transcript_with_its_two_speakers(told: Told) -> None:
    appliance, _, recording_id = told
    transcript = appliance.transcript_of(recording_id)
    assert [speaker["name"] for speaker in transcript["speakers"]] == ["Speaker 1", "Speaker 2"]
    assert "Yankee" in " ".join(segment["text"] for segment in transcript["segments"])


@pytest.mark.parametrize("form", ["txt", "srt", "vtt", "json", "rttm"])
def test_every_file_form_can_be_downloaded(told: Told, form: str) -> None:
    appliance, _, recording_id = told
    with appliance.client() as client:
        answer = client.get(f"/recordings/{recording_id}/download/{form}")
    assert answer.status_code == 200
    assert answer.content


def test_no_packet_leaves(told: Told) -> None:
    _, departures, _ = told
    assert departures.answers > 0, "the watcher saw nothing at all"
    assert departures.packets == []


def test_the_watcher_sees_a_packet_that_leaves(told: Told, image: str) -> None:
    appliance, _, _ = told
    bridge, departures = departures_of(appliance)
    speak = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('198.51.100.7', 53))"
    with counting(bridge, departures):
        docker(
            "run", "--rm", "--network", f"{appliance.project}_front", "--entrypoint", "python3", image, "-c", speak
        )  # fmt: skip
        wait_for(lambda: departures.packets, 5, "the packet")
    assert departures.packets == ["protocol 17 from port " + departures.packets[0].split()[4] + " to 198.51.100.7"]


def test_the_container_that_works_has_no_network_where_it_is_sealed(told: Told) -> None:
    appliance, _, _ = told
    interfaces = appliance.execute("ls", "/sys/class/net").split()
    if appliance.answers == "sealed":
        assert interfaces == ["lo"]
        assert inspect(appliance.container)["HostConfig"]["NetworkMode"] == "none"
    else:
        assert "eth0" in interfaces


def test_docker_calls_it_healthy(told: Told) -> None:
    appliance, _, _ = told
    wait_for(
        lambda: inspect(appliance.container)["State"]["Health"]["Status"] == "healthy", 60, "Docker to call it healthy"
    )


def test_a_killed_container_starts_again_with_its_data_and_its_session(told: Told) -> None:
    appliance, _, recording_id = told
    appliance.kill()
    appliance.start()
    assert appliance.transcript_of(recording_id)["speakers"]
