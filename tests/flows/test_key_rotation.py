"""Keys are rotated, by the server in the background and by command, and what was made before opens after."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys

import pytest

from appliance.records.keyschema import count_documents, read_epochs
from tests.conftest import REPOSITORY
from tests.flows.appliance_client import wait_for
from tests.flows.appliance_process import ApplianceProcess

pytestmark = pytest.mark.models


def test_a_transcript_made_before_rotations_opens_after_them(fresh_appliance: ApplianceProcess, sample: bytes) -> None:
    recording_id = fresh_appliance.upload(sample, "before.wav", language="en", diarize=False)
    assert fresh_appliance.wait_ended(recording_id) == "done"
    made = shown(fresh_appliance, recording_id)
    assert fresh_appliance.stop() == 0

    command = [sys.executable, "-m", "appliance", "keys", "rotate", "--data", str(fresh_appliance.data)]
    answer = subprocess.run(command, env=os.environ, capture_output=True, text=True, cwd=REPOSITORY, check=False)
    assert answer.stdout.startswith("Epoch 2 is in use; 2 file keys were wrapped under it"), answer.stderr
    fresh_appliance.start()
    assert shown(fresh_appliance, recording_id) == made

    assert fresh_appliance.stop() == 0
    make_older(fresh_appliance, days=31)
    fresh_appliance.start()
    # The server's own rules let it read the root key again, long after it has closed everything else.
    wait_for(lambda: fresh_appliance.logged("keys rotated", epoch=3, count=2), 20, "the server to rotate its keys")
    assert shown(fresh_appliance, recording_id) == made
    assert [epoch.number for epoch in read_epochs(fresh_appliance.data)] == [3]
    assert count_documents(fresh_appliance.data) == {3: 2}

    after = fresh_appliance.upload(sample, "after.wav", language="en", diarize=False)
    assert fresh_appliance.wait_ended(after) == "done"
    wait_for(lambda: count_documents(fresh_appliance.data) == {3: 4}, 10, "two more keys under the new epoch")
    fresh_appliance.kill()
    fresh_appliance.start()
    assert shown(fresh_appliance, recording_id) == made


def shown(appliance: ApplianceProcess, recording_id: str) -> str:
    with appliance.client() as client:
        answer = client.get(f"/recordings/{recording_id}/transcript.json")
        answer.raise_for_status()
        assert answer.json()["transcript"]["segments"]
        page = client.get(f"/recordings/{recording_id}")
        assert "before" in page.text
        return answer.text


def make_older(appliance: ApplianceProcess, days: int) -> None:
    connection = sqlite3.connect(appliance.data / "keys.db")
    connection.execute("UPDATE keks SET made_at = made_at - ?", (days * 86_400,))
    connection.commit()
    connection.close()
