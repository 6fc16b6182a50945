"""A trial with engines that misbehave in every way: what is refused, what is only noted, what is left."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import pytest

from appliance.bundles.selftest import TrialResult
from appliance.bundles.specimens import Specimen
from appliance.config import Settings
from appliance.errors import (
    ApplianceError,
    DeviceError,
    ForbiddenFormatError,
    ModelFileMissingError,
    ModelSetMissingError,
    OutOfMemoryError,
    SelftestAudioError,
    SelftestEngineError,
    SelftestLanguageError,
    SelftestLengthError,
    SelftestLoadError,
    SelftestMemoryError,
    SelftestStopped,
)
from appliance.worker import keeper
from appliance.worker.channel import Channel
from appliance.worker.course import Course
from appliance.worker.keeper import EngineKeeper
from appliance.worker.process import Child
from appliance.worker.stopping import Stop
from appliance.worker.trial import Bench, try_set
from tests.bundles.transcripts import put_specimen, said
from tests.worker.children import children_of_mine

FAKE = Path(__file__).with_name("fake_engine.py")
SPOKEN = said("Hello there.", duration_s=1.0)


@pytest.fixture
def manners(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How the engines that are started next behave, each as the first of the list; the last one stays."""
    chosen: list[str] = []

    def start(*_: object, **__: object) -> Child:
        manner = chosen.pop(0) if len(chosen) > 1 else chosen[0]
        ours, theirs = Channel.pair()
        process = subprocess.Popen(
            [sys.executable, str(FAKE), str(theirs.fileno()), manner], pass_fds=(theirs.fileno(),)
        )
        theirs.close()
        return Child(process, ours)

    monkeypatch.setattr(keeper, "start_child", start)
    monkeypatch.setattr(keeper, "RESTART_PAUSE_S", 0.01)
    monkeypatch.setattr(keeper, "CANCEL_PATIENCE_S", 0.3)
    return chosen


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", models=tmp_path, threads=1)


@pytest.fixture
def signed(tmp_path: Path) -> Specimen:
    return put_specimen(tmp_path, SPOKEN, audio=silence(1), wer_max=0.5)


@pytest.fixture
def own(tmp_path: Path) -> Specimen:
    (tmp_path / "own").mkdir()
    return put_specimen(tmp_path / "own", SPOKEN, audio=silence(1))


def silence(seconds: int) -> bytes:
    """A recording of silence."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(16_000)
        writer.writeframes(bytes(32_000 * seconds))
    return file.getvalue()


def bench(settings: Settings, stop: Stop | None = None, report: Callable[[Course], None] | None = None) -> Bench:
    return Bench(settings, report or (lambda _: None), stop or Stop())


def tried(settings: Settings, *specimens: Specimen, at: Bench | None = None) -> TrialResult:
    return try_set(settings.models, specimens, at or bench(settings))


def test_what_the_engine_heard_is_measured(manners: list[str], settings: Settings, signed: Specimen) -> None:
    manners.append("hears: hello there")
    result = tried(settings, signed)
    assert (result.candidate.signed[0].wer, result.passed) == (0.0, True)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ModelFileMissingError(path="asr/model.bin"), r"asr/model\.bin is missing"),
        (ModelSetMissingError(folder="set", reason="set.json is missing"), r"machine: set\.json is missing\. They"),
        (DeviceError(device="GeForce", reason="it is too old"), "GeForce: it is too old"),
    ],
)
def test_a_set_that_cannot_be_used_here_is_refused_with_the_reason(
    manners: list[str], settings: Settings, signed: Specimen, error: ApplianceError, words: str
) -> None:
    manners.append(f"refuses: {error.code} {error.facts}")
    with pytest.raises(SelftestLoadError, match=words):
        tried(settings, signed)
    assert children_of_mine() == []


@pytest.mark.parametrize("manner", ["dies at start", f"refuses: {OutOfMemoryError.code} {{}}"])
def test_an_engine_that_does_not_live_to_load_the_set_lacks_memory(
    manners: list[str], settings: Settings, signed: Specimen, manner: str
) -> None:
    manners.append(manner)
    with pytest.raises(SelftestMemoryError, match="transcription paused"):
        tried(settings, signed)
    assert children_of_mine() == []


def test_memory_that_runs_out_at_a_recording_is_refused_the_same_way(
    manners: list[str], settings: Settings, signed: Specimen
) -> None:
    manners.append(f"fails: {OutOfMemoryError.code}")
    with pytest.raises(SelftestMemoryError):
        tried(settings, signed)


def test_after_a_lack_of_memory_the_same_call_succeeds_with_the_engine_in_use_paused(
    manners: list[str], settings: Settings, signed: Specimen
) -> None:
    manners += ["dies at start", "dies at start", "dies at start", "hears: hello", "hears: hello there"]
    with pytest.raises(SelftestMemoryError):
        tried(settings, signed)
    result = try_set(settings.models, [signed], bench(settings), resumed(settings))
    assert result.active is not None
    assert (result.candidate.signed[0].wer, result.active.signed[0].wer) == (0.5, 0.0)


def resumed(settings: Settings) -> Callable[[], AbstractContextManager[EngineKeeper]]:
    """The engine in use, which its owner starts again as soon as it is asked for."""

    @contextmanager
    def open_() -> Iterator[EngineKeeper]:
        engine = EngineKeeper(settings.models, 1, allow_weaker=False)
        engine.open()
        yield engine
        engine.close()

    return open_


@pytest.mark.parametrize("manner", ["dies at work", "answers for another job", "seals nonsense", "fails: engine"])
def test_an_engine_that_breaks_at_a_recording_of_the_bundle_ends_the_trial_in_words(
    manners: list[str], settings: Settings, signed: Specimen, manner: str
) -> None:
    manners.append(manner)
    with pytest.raises(SelftestEngineError, match=r"tried a model set on ward\.wav"):
        tried(settings, signed)
    assert children_of_mine() == []


def test_what_is_wrong_with_a_sites_own_recording_is_noted_and_the_others_are_tried(
    manners: list[str], settings: Settings, signed: Specimen, own: Specimen, tmp_path: Path
) -> None:
    manners.append("hears: hello there")
    folders = [tmp_path / name for name in ("playlist", "short", "other")]
    for folder in folders:
        folder.mkdir()
    playlist = put_specimen(folders[0], SPOKEN, audio=b"#EXTM3U\n/etc/passwd\n")
    other_length = put_specimen(folders[1], said("Hello there.", duration_s=90.0), audio=silence(1))
    other_language = put_specimen(folders[2], said("Bonjour.", duration_s=1.0, language="fr"), audio=silence(1))
    result = tried(settings, playlist, other_length, other_language, own, signed)
    *refused, heard = result.candidate.own
    expected = (ForbiddenFormatError, SelftestLengthError, SelftestLanguageError)
    for clip, error in zip(refused, expected, strict=True):
        assert clip.refusal is not None
        assert isinstance(clip.refusal.error(), error)
    assert (heard.wer, heard.refusal, result.passed) == (0.0, None, True)


def test_a_set_that_lacks_the_language_of_its_own_test_is_refused(
    manners: list[str], settings: Settings, tmp_path: Path
) -> None:
    manners.append("hears: hello there")
    french = put_specimen(tmp_path, said("Bonjour.", duration_s=1.0, language="fr"), audio=silence(1), wer_max=0.5)
    with pytest.raises(SelftestLanguageError, match=r"ward\.wav is in a language \(fr\)"):
        tried(settings, french)


def test_a_set_in_use_that_cannot_be_measured_does_not_stand_in_the_way(
    manners: list[str], settings: Settings, signed: Specimen
) -> None:
    manners += ["hears: hello there", "refuses: model.file_missing {'path': 'asr/model.bin'}"]
    result = try_set(settings.models, [signed], bench(settings), resumed(settings))
    assert (result.passed, result.active) == (True, None)
    assert result.active_refusal is not None
    assert isinstance(result.active_refusal.error(), SelftestLoadError)


def test_a_recording_that_the_set_in_use_cannot_hear_is_noted(
    manners: list[str], settings: Settings, signed: Specimen
) -> None:
    manners += ["hears: hello there", "dies at work"]
    result = try_set(settings.models, [signed], bench(settings), resumed(settings))
    assert result.active is not None
    (clip,) = result.active.signed
    assert clip.refusal is not None
    assert isinstance(clip.refusal.error(), SelftestEngineError)
    assert result.passed


def test_the_engine_in_use_goes_on_after_a_trial_was_stopped_in_it(
    manners: list[str], settings: Settings, signed: Specimen
) -> None:
    manners += ["hears: hello there", "stops when asked"]
    stop = Stop()
    engine = EngineKeeper(settings.models, 1, allow_weaker=False)

    def when_it_is_at_work(at: Course) -> None:
        if at.part == "active" and at.clip and engine._working_on:
            stop()

    def active() -> AbstractContextManager[EngineKeeper]:
        engine.open()
        return nullcontext(engine)

    try:
        with pytest.raises(SelftestStopped):
            try_set(settings.models, [signed], bench(settings, stop, when_it_is_at_work), active)
        assert engine.wait_ready().models["asr"] == "stops when asked"
        assert len(children_of_mine()) == 1
    finally:
        engine.close()


def test_a_stop_while_the_engine_in_use_is_busy_does_not_wait_for_its_job(
    manners: list[str], settings: Settings, signed: Specimen
) -> None:
    manners.append("hears: hello there")
    stop, another_job = Stop(), bytes(16)
    engine = EngineKeeper(settings.models, 1, allow_weaker=False)

    def stop_when_it_waits() -> None:
        while len(engine._line._standing) < 2:
            time.sleep(0.01)
        stop()

    @contextmanager
    def active() -> Iterator[EngineKeeper]:
        engine.open()
        with engine._line.turn_of(another_job):
            threading.Thread(target=stop_when_it_waits).start()
            yield engine

    try:
        with pytest.raises(SelftestStopped):
            try_set(settings.models, [signed], bench(settings, stop), active)
    finally:
        engine.close()
    assert children_of_mine() == []


def test_a_recording_of_a_bundle_that_is_none_is_refused_from_inside_the_cage(
    manners: list[str], settings: Settings, tmp_path: Path
) -> None:
    manners.append("hears: hello there")
    playlist = put_specimen(tmp_path, SPOKEN, audio=b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", wer_max=0.5)
    with pytest.raises(SelftestAudioError, match=r"ward\.wav cannot be decoded"):
        tried(settings, playlist)
    assert children_of_mine() == []


def test_a_trial_that_was_stopped_before_starts_nothing(
    manners: list[str], settings: Settings, signed: Specimen
) -> None:
    manners.append("hears: hello there")
    stop = Stop()
    stop()
    with pytest.raises(SelftestStopped):
        tried(settings, signed, at=bench(settings, stop))
    assert children_of_mine() == []


def test_a_deaf_engine_is_stopped_at_once(manners: list[str], settings: Settings, signed: Specimen) -> None:
    manners.append("deaf")
    stop = Stop()

    def when_it_is_at_work(at: Course) -> None:
        if at.clip and at.fraction > 0.9:
            threading.Thread(target=stop).start()

    with pytest.raises(SelftestStopped):
        tried(settings, signed, at=bench(settings, stop, when_it_is_at_work))
    assert children_of_mine() == []


def test_a_stop_reaches_only_what_is_still_at_work() -> None:
    stop, ended = Stop(), []
    with stop.by(lambda: ended.append("first")):
        pass
    with stop.by(lambda: ended.append("second")):
        stop()
    assert ended == ["second"]
    with pytest.raises(SelftestStopped), stop.by(lambda: None):
        pass
