"""What came of trying a set, made up: for tests of what follows from it."""

from __future__ import annotations

from appliance.bundles.figures import ClipResult
from appliance.bundles.scoring import Counts
from appliance.bundles.selftest import Column, SetFacts, TrialResult


def made_up(*, passes: bool = True) -> TrialResult:
    """Return a trial in which every limit was kept, or one was not."""
    return TrialResult(
        tried_at="2026-11-26T08:00:00Z", candidate=_column("tiny", passes), active=_column("starter", True)
    )


def _column(name: str, passes: bool) -> Column:  # noqa: FBT001 -- as above.
    words = Counts(errors=1 if passes else 9, words=10)
    clip = ClipResult(name="ward.wav", language="en", audio_s=30.0, seconds=3.0, words=words, wer_max=0.15)
    facts = SetFacts(
        name=name,
        release="1",
        models={"asr": name},
        languages=("en",),
        device="cpu",
        device_name="a CPU",
        compute_type="int8",
        asr_batch=8,
        load_s=1.0,
    )
    return Column(facts=facts, signed=(clip,))
