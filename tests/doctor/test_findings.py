from __future__ import annotations

from appliance.doctor.findings import fail, failures, note, ok, refused, sentence
from appliance.errors import PortTakenError


def test_a_sentence_is_filled_in_with_its_facts() -> None:
    assert str(sentence("{name} has {free_bytes}.", name="disk", free_bytes=28_100_000_000)) == "disk has 28.1 GB."


def test_an_error_is_a_failure_in_its_own_words() -> None:
    finding = refused("network", PortTakenError(port=8443))
    assert (finding.verdict, str(finding.what)) == ("fail", str(PortTakenError(port=8443)))


def test_only_failures_are_to_be_acted_on() -> None:
    found = (ok("disk", sentence("a")), note("disk", sentence("b")), fail("disk", sentence("c")))
    assert [str(finding.what) for finding in failures(found)] == ["c"]
