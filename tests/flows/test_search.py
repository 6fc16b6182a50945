"""Search through the whole appliance: what the engine hears is found, and what is deleted is not."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.flows.appliance_client import wait_for
from tests.flows.appliance_process import ApplianceProcess

pytestmark = pytest.mark.models


def search(client: httpx.Client, query: str) -> dict[str, Any]:
    answer = client.post("/search", json={"query": query})
    answer.raise_for_status()
    return dict(answer.json())


def test_what_was_heard_is_found_until_it_is_deleted(fresh_appliance: ApplianceProcess, sample: bytes) -> None:
    recording_id = fresh_appliance.upload(sample, name="telephone.wav")
    assert fresh_appliance.wait_ended(recording_id) == "done"
    with fresh_appliance.client() as client:
        spoken = client.get(f"/recordings/{recording_id}/transcript.json").json()["transcript"]
        segment = max(spoken["segments"], key=lambda segment: len(segment["text"]))
        query = f'"{segment["text"].strip()}"'
        wait_for(lambda: search(client, query)["found"]["recordings"] == 1, 10, "the transcript to be found")
        place = search(client, query)["found"]["groups"][0]["places"][0]
        assert (place["position"], place["start"]) == (segment["id"], segment["start"])

    fresh_appliance.kill()
    fresh_appliance.start()
    with fresh_appliance.client() as client:
        wait_for(lambda: search(client, query)["progress"]["is_ready"], 20, "the search to be built again")
        assert search(client, query)["found"]["recordings"] == 1
        client.delete(f"/recordings/{recording_id}").raise_for_status()
        assert search(client, query)["found"]["recordings"] == 0
        assert search(client, "telephone")["found"]["recordings"] == 0
    assert segment["text"].strip() not in fresh_appliance.log.read_text()
