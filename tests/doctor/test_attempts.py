from __future__ import annotations

from datetime import UTC, datetime

from appliance.cage import Trial
from appliance.doctor.attempts import Attempts, attempts, proofs
from appliance.worker.proof import Proof
from appliance.worker.warden import Refused
from tests.doctor.saying import said, verdicts

NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
REFUSED, OPEN = Trial("socket(AF_INET)", True, "EPERM"), Trial("connect", False, "open")


def test_no_attempt_is_what_everybody_expects() -> None:
    assert attempts(Attempts(True, NOW, ())).verdict == "ok"


def test_attempts_that_were_refused_are_a_note_with_their_number() -> None:
    known = Attempts(
        is_counting=True, since=NOW, refused=(Refused("engine", "socket", 2), Refused("decoder", "bind", 3))
    )
    finding = attempts(known)
    assert finding.verdict == "note"
    assert "5 times" in str(finding.what)
    assert "Nothing got through" in str(finding.what)


def test_a_kernel_that_does_not_count_is_told_so() -> None:
    finding = attempts(Attempts(is_counting=False, since=NOW, refused=()))
    assert finding.verdict == "note"
    assert "refused all the same" in str(finding.what)


def test_attempts_counted_before_the_counting_broke_are_not_forgotten() -> None:
    finding = attempts(Attempts(is_counting=False, since=NOW, refused=(Refused("engine", "socket", 1),)))
    assert "tried to call out" in str(finding.what)


def test_a_proof_with_every_way_refused_is_well() -> None:
    assert verdicts(proofs((Proof("engine", NOW, (REFUSED, REFUSED)),))) == ["ok"]


def test_one_way_out_that_is_open_fails_by_process_and_call() -> None:
    made = (Proof("server", NOW, (REFUSED,)), Proof("decoder", NOW, (REFUSED, OPEN)))
    findings = list(proofs(made))
    assert verdicts(findings) == ["ok", "fail"]
    assert "decoder" in said(findings, "fail")
    assert "connect" in said(findings, "fail")
