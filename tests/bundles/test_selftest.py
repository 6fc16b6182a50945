"""What came of a trial: limits that are kept or not, both columns, and what may be written to disk."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from appliance.bundles.figures import ClipResult, Refusal, Totals
from appliance.bundles.scoring import Counts, SpeakerErrors
from appliance.bundles.selftest import Column, SetFacts, TrialResult, score, unheard
from appliance.bundles.specimens import Specimen
from appliance.errors import (
    SelftestEngineError,
    SelftestLanguageError,
    SelftestLengthError,
    SelftestReferenceError,
    SelftestSpeakersError,
    SelftestWordsError,
)
from appliance.options import LANGUAGES
from tests.bundles.transcripts import put_specimen, said

FACTS = SetFacts(
    name="starter",
    release="1",
    models={"asr": "tiny"},
    languages=("bn", "en"),
    device="cpu",
    device_name="fake",
    compute_type="int8",
    asr_batch=8,
    load_s=1.0,
)


def result(errors: int = 1, wrong_s: float = 0.5, **changes: object) -> ClipResult:
    clip = ClipResult(
        name="ward.wav",
        language="en",
        audio_s=30.0,
        seconds=3.0,
        words=Counts(errors=errors, words=10),
        speakers=SpeakerErrors(speech_s=10.0, missed_s=wrong_s, invented_s=0.0, confused_s=0.0),
        wer_max=0.1,
        der_max=0.05,
    )
    return msgspec.structs.replace(clip, **changes)


def trial(
    *signed: ClipResult, own: tuple[ClipResult, ...] = (), languages: tuple[str, ...] = ("en", "fr")
) -> TrialResult:
    facts = msgspec.structs.replace(FACTS, languages=languages)
    return TrialResult(
        tried_at="2026-11-26T12:00:00Z",
        candidate=Column(facts=FACTS, signed=signed, own=own),
        active=Column(facts=facts, signed=signed, own=own),
    )


def test_a_limit_that_is_just_reached_is_kept() -> None:
    assert result().passed
    trial(result()).require()


def test_a_rate_is_compared_in_the_steps_of_a_limit() -> None:
    assert result(
        speakers=SpeakerErrors(speech_s=3.0, missed_s=0.1, invented_s=0.1, confused_s=0.1), der_max=0.1
    ).passed
    assert result(words=Counts(errors=1, words=3), wer_max=0.3333).passed


def test_too_many_wrong_words_are_refused_with_what_was_measured() -> None:
    with pytest.raises(SelftestWordsError, match=r"ward\.wav and got 20\.00 % .* at most 10\.00 %"):
        trial(result(), result(errors=2)).require()


def test_too_many_wrong_speakers_are_refused_with_what_was_measured() -> None:
    with pytest.raises(SelftestSpeakersError, match=r"speakers of 6\.00 % .* at most 5\.00 %"):
        trial(result(wrong_s=0.6)).require()


def test_a_limit_about_which_nothing_was_measured_is_not_kept() -> None:
    silent = result(words=None, speakers=None, refusal=Refusal.of(SelftestEngineError(name="ward.wav")))
    assert not trial(silent).passed
    with pytest.raises(SelftestEngineError):
        trial(silent).require()
    with pytest.raises(SelftestSpeakersError):
        result(speakers=None).require()


def test_without_a_limit_nothing_can_fail() -> None:
    assert result(errors=10, wrong_s=10.0, wer_max=None, der_max=None).passed


def test_what_a_site_has_of_its_own_does_not_decide() -> None:
    assert trial(result(), own=(result(errors=10, wer_max=None),)).passed


def test_longer_recordings_weigh_more_in_the_totals() -> None:
    short, long = result(words=Counts(errors=1, words=1)), result(words=Counts(errors=0, words=9))
    totals = Totals.of([short, long, result(words=None)])
    assert totals == Totals(clips=2, audio_s=60.0, seconds=6.0, wer=0.1, der=0.05)
    assert totals.speed == 10.0


def test_totals_of_nothing_are_no_figures() -> None:
    assert (Totals.of([]).wer, Totals.of([]).der, Totals.of([]).speed) == (None, None, None)


def test_languages_gained_and_lost_are_told() -> None:
    both = trial(result())
    assert (both.languages_gained, both.languages_lost) == (("bn",), ("fr",))
    for_all = trial(result(), languages=())
    assert for_all.languages_gained == ()
    assert len(for_all.languages_lost) == len(LANGUAGES) - 2
    alone = msgspec.structs.replace(both, active=None)
    assert (alone.languages_gained, alone.languages_lost) == ((), ())


def test_a_trial_is_read_as_it_was_written() -> None:
    assert TrialResult.decode(trial(result()).encode()) == trial(result())


def test_the_names_of_a_sites_own_recordings_are_not_written_to_disk() -> None:
    refused = result(
        name="Witness K.wav", refusal=Refusal.of(SelftestLanguageError(name="Witness K.wav", language="fr"))
    )
    written = trial(result(), own=(result(name="Operation Nightfall.wav"), refused)).encode()
    assert b"Witness" not in written
    assert b"Nightfall" not in written
    read = TrialResult.decode(written)
    assert read is not None
    assert [clip.name for clip in read.candidate.own] == ["1", "2"]
    assert read.candidate.signed[0].name == "ward.wav"


@pytest.mark.parametrize("written", [b"", b"{}", b"\xff\xfe", b"[" * 10_000, b'{"tried_at":"yesterday"}'])
def test_what_is_no_record_of_a_trial_counts_as_never_tried(written: bytes) -> None:
    assert TrialResult.decode(written) is None


def test_a_refusal_is_the_same_error_after_it_was_written() -> None:
    error = Refusal.of(SelftestWordsError(name="a.wav", measured_percent=12.5, limit_percent=10.0)).error()
    assert isinstance(error, SelftestWordsError)
    assert error.measured_percent == 12.5


@pytest.fixture
def specimen(tmp_path: Path) -> Specimen:
    return put_specimen(tmp_path, said("Hello there.", turns=[(0, 9, "S1")]), wer_max=0.1, der_max=0.1)


def test_what_was_heard_is_measured_against_the_reference(specimen: Specimen) -> None:
    measured = score(specimen, said("hello their", turns=[(0, 9, "x")]), 30.2, 2.0)
    assert (measured.wer, measured.der, measured.passed) == (0.5, 0.0, False)
    assert (measured.audio_s, measured.seconds) == (30.2, 2.0)


def test_the_ends_of_turns_may_be_off_by_a_little(specimen: Specimen) -> None:
    assert score(specimen, said("", turns=[(0.1, 8.9, "x")]), 30.0, 1.0).der == 0.0
    assert score(specimen, said("", turns=[(0.3, 8.9, "x")]), 30.0, 1.0).der != 0.0


def test_speakers_are_not_measured_where_nobody_wrote_them_down(tmp_path: Path) -> None:
    specimen = put_specimen(tmp_path, said("Hello there."))
    assert score(specimen, said("hello", turns=[(0, 9, "x")]), 30.0, 1.0).der is None


def test_a_reference_of_another_recording_is_told(specimen: Specimen) -> None:
    with pytest.raises(SelftestLengthError, match=r"has 45 seconds, .* of 30 seconds"):
        score(specimen, said("hello"), 45.0, 1.0)


def test_a_reference_that_changed_meanwhile_is_read_with_the_same_care(specimen: Specimen) -> None:
    (specimen.root / specimen.transcript).write_bytes(b"{}")
    with pytest.raises(SelftestReferenceError):
        score(specimen, said("hello"), 30.0, 1.0)


def test_a_recording_without_figures_keeps_its_limits(specimen: Specimen) -> None:
    silent = unheard(specimen, SelftestEngineError(name=specimen.name))
    assert (silent.wer_max, silent.der_max, silent.wer, silent.passed) == (0.1, 0.1, None, False)
