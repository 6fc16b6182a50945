"""Everything at once, and the same on paper."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.cage import Trial
from appliance.config import Settings
from appliance.doctor.attempts import Attempts
from appliance.doctor.checkup import Subject, examine
from appliance.doctor.report import TOPICS, as_json, as_text
from appliance.errors import ApplianceError, DecoderDiedError, DeviceError, ModelSetMissingError
from appliance.worker.proof import Proof
from appliance.worker.warden import Refused
from tests.doctor.ready import NOW, READY
from tests.doctor.saying import said

OPEN = Proof("decoder", NOW, (Trial("connect", refused=False, answer="open"),))


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    return Subject(Settings(data=tmp_path / "data"), weaknesses=(), processes={}, ready=READY)


def test_a_fault_of_the_gap_is_the_verdict(subject: Subject) -> None:
    checkup = examine(replace(subject, proofs=(OPEN,)))
    assert not checkup.gap_holds
    assert str(checkup.verdict) == "The air gap is not whole."


def test_another_fault_is_told_without_doubting_the_gap(subject: Subject) -> None:
    checkup = examine(replace(subject, ready=None, fault=ModelSetMissingError(folder="/models", reason="empty")))
    assert checkup.gap_holds
    assert checkup.failed
    assert "Something else needs your attention" in str(checkup.verdict)


def test_a_test_that_could_not_be_made_fails(subject: Subject) -> None:
    assert str(DecoderDiedError()) in said(examine(replace(subject, untested=DecoderDiedError())).findings, "fail")


@pytest.mark.parametrize(
    ("fault", "topic"),
    [
        (DeviceError(device="NVIDIA GeForce GTX 1080", reason="it is too old"), "device"),
        (ModelSetMissingError(folder="/models", reason="set.json is not there"), "models"),
    ],
)
def test_why_the_engine_does_not_start_stands_where_it_belongs(
    subject: Subject, fault: ApplianceError, topic: str
) -> None:
    failed = [
        finding
        for finding in examine(replace(subject, ready=None, fault=fault)).findings
        if finding.what.facts == fault.facts
    ]
    assert [(finding.topic, finding.verdict) for finding in failed] == [(topic, "fail")]


def test_an_engine_that_is_still_loading_is_no_fault(subject: Subject) -> None:
    checkup = examine(replace(subject, ready=None))
    assert "loading its models" in said(checkup.findings, "note")
    assert checkup.plan is None


def test_what_only_the_running_appliance_knows_is_left_to_it(subject: Subject) -> None:
    checkup = examine(replace(subject, ready=None, runs_elsewhere=True))
    assert "its page “Air gap” shows" in said(checkup.findings, "note")


def test_every_topic_has_a_heading(subject: Subject) -> None:
    known = replace(subject, attempts=Attempts(is_counting=True, since=NOW, refused=()))
    assert {finding.topic for finding in examine(known).findings} == set(TOPICS)


def test_the_json_says_everything_that_was_seen(subject: Subject) -> None:
    attempts = Attempts(is_counting=True, since=NOW, refused=(Refused("engine", "socket", 2),))
    told = json.loads(as_json(examine(replace(subject, attempts=attempts, proofs=(OPEN,)))))
    assert told["ok"] is False
    assert told["attempts"]["refused"] == [{"process": "engine", "call": "socket", "count": 2}]
    assert told["proofs"][0]["trials"] == [{"call": "connect", "refused": False, "answer": "open"}]
    assert told["plan"]["compute_type"] == "int8"
    assert told["languages"] == [
        {"code": "en", "transcribed_by": "whisper", "aligned_by": "w2v", "diarized_by": "campplus"}
    ]
    assert {finding["verdict"] for finding in told["findings"]} <= {"ok", "note", "fail"}
    assert all(finding["what"] for finding in told["findings"])


def test_the_text_says_everything_that_an_auditor_files(subject: Subject) -> None:
    attempts = Attempts(is_counting=True, since=NOW, refused=(Refused("engine", "socket", 2),))
    checkup = examine(replace(subject, attempts=attempts, proofs=(OPEN,)))
    text = as_text(checkup, str)
    assert f"Version: {checkup.version}" in text
    assert checkup.made_at.strftime("%Y-%m-%d %H:%M:%S UTC") in text
    assert "Engine: socket: 2" in text
    assert "Decoder, 2027-03-01 12:00:00 UTC:\n    connect open" in text
    assert "lo: 127.0.0.1" in text
    assert "whisper, w2v, campplus:\n    en" in text
    plain = " ".join(text.split())
    for finding in checkup.findings:
        assert " ".join(str(finding.what).split()) in plain
