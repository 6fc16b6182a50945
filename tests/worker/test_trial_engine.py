"""A real engine tries a real set on real speech: true limits, limits too strict, and everything that may stop it."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from pyannote.database.util import load_rttm

from appliance.bundles.selftest import TrialResult
from appliance.bundles.specimens import Specimen
from appliance.config import Settings
from appliance.errors import (
    SelftestEngineError,
    SelftestLoadError,
    SelftestSpeakersError,
    SelftestStopped,
    SelftestWordsError,
)
from appliance.transcript import Transcript
from appliance.worker.course import Course
from appliance.worker.keeper import EngineKeeper
from appliance.worker.stopping import Stop
from appliance.worker.trial import Bench, engine_of, try_set
from tests.bundles.transcripts import put_specimen, said
from tests.worker.children import children_of_mine

pytestmark = pytest.mark.models

Report = Callable[[Course], None]


@pytest.fixture(scope="session")
def reference(sample_wav: Path) -> Transcript:
    """What is said in the sample, and by whom, as those who published it wrote it down."""
    lines = sample_wav.with_suffix(".stm").read_text(encoding="utf-8").splitlines()
    text = " ".join(line.split(maxsplit=5)[5] for line in lines if not line.startswith(";;"))
    (turns,) = load_rttm(str(sample_wav.with_suffix(".rttm"))).values()
    told = [(segment.start, segment.end, label) for segment, _, label in turns.itertracks(yield_label=True)]
    return said(text, turns=told)


@pytest.fixture
def settings(starter_set: Path, tmp_path: Path) -> Settings:
    return Settings(models=starter_set, data=tmp_path / "data", threads=2)


@pytest.fixture
def specimen(tmp_path: Path, sample_wav: Path, reference: Transcript) -> Callable[[float, float], Specimen]:
    def with_limits(wer_max: float, der_max: float) -> Specimen:
        return put_specimen(tmp_path, reference, audio=sample_wav.read_bytes(), wer_max=wer_max, der_max=der_max)

    return with_limits


def ignored(_: Course) -> None:
    """Take how far it is and do nothing."""


def bench(settings: Settings, report: Report = ignored, stop: Stop | None = None) -> Bench:
    return Bench(settings, report, stop or Stop())


def kill_engine(at: Course) -> None:
    """End the candidate's engine in the middle of the first recording, as the kernel does when memory runs out."""
    for engine in children_of_mine("appliance.worker.engine_child") if at.clip and at.fraction > 0.4 else ():
        os.kill(engine, signal.SIGKILL)


def test_a_set_that_keeps_its_limits_passes_and_leaves_no_process(
    settings: Settings, specimen: Callable[[float, float], Specimen], starter_set: Path
) -> None:
    told: list[Course] = []
    result = try_set(starter_set, [specimen(0.25, 0.10)], bench(settings, told.append))
    result.require()
    (clip,) = result.candidate.signed
    assert (clip.name, clip.audio_s, clip.passed) == ("ward.wav", 30.0, True)
    assert 0 < clip.seconds < 120
    assert 0 < (clip.wer or 0) <= 0.25
    facts = result.candidate.facts
    assert (facts.name, facts.models["asr"], facts.device in ("cpu", "cuda")) == ("starter", "whisper-base", True)
    assert "bn" in facts.languages
    assert (result.active, result.languages_gained) == (None, ())
    fractions = [course.fraction for course in told]
    assert fractions == sorted(fractions)
    assert (told[0].clip, told[-1].clip, told[-1].clips) == (0, 1, 1)
    assert TrialResult.decode(result.encode()) == result
    assert children_of_mine() == []


def test_a_set_that_hears_worse_than_was_promised_is_refused_with_the_figure(
    settings: Settings, specimen: Callable[[float, float], Specimen], starter_set: Path
) -> None:
    strict = [specimen(0.01, 0.9), specimen(0.9, 0.0)]
    words, speakers = try_set(starter_set, strict, bench(settings)).candidate.signed
    with pytest.raises(SelftestWordsError, match=r"ward\.wav .* at most 1\.00 %"):
        words.require()
    with pytest.raises(SelftestSpeakersError, match=r"ward\.wav .* at most 0\.00 %"):
        speakers.require()


def test_both_columns_are_measured_and_the_candidate_has_ended_by_then(
    settings: Settings, specimen: Callable[[float, float], Specimen], starter_set: Path
) -> None:
    at_work = bench(settings)

    def active() -> AbstractContextManager[EngineKeeper]:
        assert children_of_mine("appliance.worker.engine_child") == []
        return engine_of(starter_set, at_work)

    signed = specimen(0.25, 0.10)
    own = dataclasses.replace(signed, name="ours.wav", wer_max=None, der_max=None)
    result = try_set(starter_set, [signed, own], at_work, active)
    assert result.active is not None
    assert result.active.totals.wer == result.candidate.totals.wer
    assert result.active.own_totals.der == result.candidate.own_totals.der
    assert (result.active.own[0].name, result.languages_gained, result.languages_lost) == ("ours.wav", (), ())
    assert children_of_mine() == []


def test_a_set_with_an_altered_file_is_refused_by_its_name(
    settings: Settings, specimen: Callable[[float, float], Specimen], starter_set: Path, tmp_path: Path
) -> None:
    altered = tmp_path / "set"
    shutil.copytree(starter_set, altered, ignore=shutil.ignore_patterns("model.bin"))
    (altered / "asr" / "model.bin").write_bytes(b"nothing that was trained")
    with pytest.raises(SelftestLoadError, match=r"asr/model\.bin .* models in use go on working") as refused:
        try_set(altered, [specimen(0.25, 0.10)], bench(settings))
    assert refused.value.cause == "model.file_altered"
    assert children_of_mine() == []


def test_a_stop_in_the_middle_leaves_no_process(
    settings: Settings, specimen: Callable[[float, float], Specimen], starter_set: Path
) -> None:
    stop = Stop()

    def when_at_work(at: Course) -> None:
        if at.clip and at.fraction > 0.4 and not stop.asked:
            threading.Thread(target=stop).start()

    with pytest.raises(SelftestStopped):
        try_set(starter_set, [specimen(0.25, 0.10)] * 3, bench(settings, when_at_work, stop))
    assert stop.asked
    assert children_of_mine() == []


def test_a_stop_while_the_set_is_loaded_leaves_no_process(
    settings: Settings, specimen: Callable[[float, float], Specimen], starter_set: Path
) -> None:
    stop = Stop()
    timer = threading.Timer(0.3, stop)
    timer.start()
    with pytest.raises(SelftestStopped):
        try_set(starter_set, [specimen(0.25, 0.10)], bench(settings, stop=stop))
    timer.join()
    assert children_of_mine() == []


def test_a_killed_engine_ends_the_trial_in_words_and_leaves_no_process(
    settings: Settings, specimen: Callable[[float, float], Specimen], starter_set: Path
) -> None:
    with pytest.raises(SelftestEngineError, match=r"stopped while it tried a model set on ward\.wav"):
        try_set(starter_set, [specimen(0.25, 0.10)], bench(settings, kill_engine))
    assert children_of_mine() == []
