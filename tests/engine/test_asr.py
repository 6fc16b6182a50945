from __future__ import annotations

import wave
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from appliance.engine import asr
from appliance.engine.asr import Decoding, Recognizer
from appliance.engine.devices import DeviceDescription, plan_device
from appliance.engine.language import detect_language
from appliance.engine.recognized import RecognizedWindow
from appliance.engine.segment import Region
from appliance.engine.windows import Window
from appliance.engine.words import sentences
from appliance.errors import JobCancelled, ModelFileMissingError, OutOfMemoryError
from tests.conftest import corpus_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from appliance.engine.asr import _Task

pytestmark = pytest.mark.models

CPU = DeviceDescription("cpu", 0, "test", None, 2**34, frozenset({"int8", "float32"}))
PLAN = plan_device(CPU, threads=2)


def ignore(_stage: str, _fraction: float) -> None:
    """Take progress and do nothing with it."""


def read_wav(path: Path) -> NDArray[np.int16]:
    with wave.open(str(path)) as content:
        assert content.getframerate() == 16_000
        return np.frombuffer(content.readframes(content.getnframes()), dtype=np.int16)


def read_corpus(name: str) -> NDArray[np.int16]:
    resampler = av.AudioResampler("s16", "mono", 16_000)
    with av.open(str(corpus_file(name))) as container:
        frames = [*container.decode(audio=0), None]
        return np.concatenate([out.to_ndarray()[0] for frame in frames for out in resampler.resample(frame)])


def all_of(samples: NDArray[np.int16]) -> list[Window]:
    return [Window((Region(0.0, len(samples) / 16_000),))]


def text_of(recognized: Sequence[RecognizedWindow]) -> str:
    return " ".join(segment.text for segment in sentences(recognized))


@pytest.fixture(scope="module")
def recognizer(starter_set: Path) -> Recognizer:
    return Recognizer.load(starter_set / "asr", PLAN)


@pytest.fixture(scope="module")
def call(sample_wav: Path) -> NDArray[np.int16]:
    return read_wav(sample_wav)


CALL_WINDOWS = [Window((Region(6.6, 8.3),)), Window((Region(9.8, 14.7), Region(14.9, 18.0)))]


@pytest.fixture(scope="module")
def recognized(recognizer: Recognizer, call: NDArray[np.int16]) -> list[RecognizedWindow]:
    return recognizer.recognize(call, CALL_WINDOWS, "en", ignore)


def test_a_telephone_call_is_understood(recognized: list[RecognizedWindow]) -> None:
    assert "Diane" in text_of(recognized) or "hello" in text_of(recognized).lower()


def test_windows_come_in_order_of_time(recognized: list[RecognizedWindow]) -> None:
    starts = [each.window.start_s for each in recognized]
    assert starts == sorted(starts)


def test_words_lie_in_their_window_one_behind_another(recognized: list[RecognizedWindow]) -> None:
    for each in recognized:
        times = [moment for word in each.words for moment in (word.start, word.end)]
        assert each.window.start_s <= min(times)
        assert max(times) <= each.window.end_s
        starts = [word.start for word in each.words]
        assert starts == sorted(starts)


def test_the_words_are_the_text(recognized: list[RecognizedWindow]) -> None:
    for each in recognized:
        assert "".join(word.text for word in each.words).split() == each.text.split()
        assert {word.timed_by for word in each.words} == {"attention"}


def test_without_speech_nothing_runs(recognizer: Recognizer, call: NDArray[np.int16]) -> None:
    assert recognizer.recognize(call, [], "en", ignore) == []


def test_what_speech_detection_took_for_speech_in_silence_gives_no_text(recognizer: Recognizer) -> None:
    silence = np.zeros(5 * 16_000, dtype=np.int16)
    assert recognizer.recognize(silence, all_of(silence), "en", ignore) == []


def test_progress_rises_to_one_and_can_cancel(recognizer: Recognizer, call: NDArray[np.int16]) -> None:
    told: list[tuple[str, float]] = []

    def cancel(stage: str, fraction: float) -> None:
        told.append((stage, fraction))
        raise JobCancelled

    one_at_a_time = recognizer.with_plan(replace(PLAN, asr_batch=1, threads=1))
    with pytest.raises(JobCancelled):
        one_at_a_time.recognize(call, CALL_WINDOWS, "en", cancel)
    assert [stage for stage, _ in told] == ["asr"]
    assert 0 < told[0][1] < 1


def test_language_is_heard(recognizer: Recognizer, call: NDArray[np.int16]) -> None:
    language, probability = detect_language(recognizer, call, CALL_WINDOWS, ignore)
    assert language == "en"
    assert probability > 0.5


class ShortOfMemory(Recognizer):
    """Has memory for so many windows at once and no more."""

    room = 0

    def _decode(self, _task: _Task, batch: Sequence[Window], _decoding: Decoding) -> Iterator[RecognizedWindow]:
        if len(batch) > self.room:
            raise RuntimeError("CUDA failed with error out of memory")
        for window in batch:
            yield RecognizedWindow(window, (), (), "", -0.2, 0.0, 0.0)
        self.batches.append(len(batch))

    @property
    def batches(self) -> list[int]:
        sizes: list[int] = self.__dict__.setdefault("sizes", [])
        return sizes


@pytest.fixture
def short_of_memory(recognizer: Recognizer) -> ShortOfMemory:
    return ShortOfMemory(recognizer._model, replace(PLAN, asr_batch=8, ladder=(4, 2, 1)))


def test_where_memory_runs_out_fewer_windows_are_heard_at_once(short_of_memory: ShortOfMemory) -> None:
    short_of_memory.room = 2
    samples = np.zeros(16_000, dtype=np.int16)
    short_of_memory.recognize(samples, all_of(samples) * 5, "en", ignore)
    assert sorted(short_of_memory.batches) == [1, 2, 2]


def test_where_not_one_window_fits_the_job_ends_with_a_reason(short_of_memory: ShortOfMemory) -> None:
    samples = np.zeros(16_000, dtype=np.int16)
    with pytest.raises(OutOfMemoryError):
        short_of_memory.recognize(samples, all_of(samples), "en", ignore)


def test_a_model_without_its_tokenizer_is_refused_by_name(starter_set: Path, tmp_path: Path) -> None:
    for name in ("model.bin", "config.json"):
        (tmp_path / name).symlink_to(starter_set / "asr" / name)
    with pytest.raises(ModelFileMissingError, match=r"tokenizer\.json"):
        Recognizer.load(tmp_path, PLAN)


def test_a_folder_that_is_not_there_is_refused_and_not_downloaded(tmp_path: Path) -> None:
    with pytest.raises(ModelFileMissingError):
        Recognizer.load(tmp_path / "base", PLAN)


def test_whisper_caught_in_a_loop_gets_out_of_it(recognizer: Recognizer) -> None:
    samples = read_corpus("diar/ami_en2001e_30s.flac")
    text = text_of(recognizer.recognize(samples, all_of(samples), "en", ignore))
    words = text.lower().split()
    assert len(words) < 130
    assert max(words.count(word) for word in set(words)) < 15


@pytest.mark.parametrize("positions", [60, 80, 160])
def test_what_the_decoder_has_no_room_for_is_heard_by_itself(
    recognizer: Recognizer, call: NDArray[np.int16], monkeypatch: pytest.MonkeyPatch, positions: int
) -> None:
    windows = [Window((Region(6.5, 29.9),))]
    whole = set(text_of(recognizer.recognize(call, windows, "en", ignore)).lower().split())
    monkeypatch.setattr(asr, "MAX_TOKENS", positions)
    parts = text_of(recognizer.recognize(call, windows, "en", ignore)).lower()
    assert "diane" in parts or "new jersey" in parts
    assert all(name in parts for name in ("chicago", "yankee", "jersey now"))
    assert len(set(parts.split()) & whole) > 0.7 * len(whole)


def test_a_loop_is_left_the_same_way_each_time(recognizer: Recognizer) -> None:
    samples = read_corpus("diar/ami_en2001e_30s.flac")
    first, second = (text_of(recognizer.recognize(samples, all_of(samples), "en", ignore)) for _ in range(2))
    assert first == second


def test_chinese_words_have_times_without_spaces(recognizer: Recognizer) -> None:
    samples = read_corpus("asr/zh_aishell3_ssb10200388.wav")
    (found,) = recognizer.recognize(samples, all_of(samples), "zh", ignore)
    assert len(found.words) > 3
    assert " " not in text_of([found])


def test_a_recording_that_changes_its_language_is_transcribed(recognizer: Recognizer) -> None:
    samples = read_corpus("asr/ende_fw_multilingual.mp3")[25 * 16_000 : 41 * 16_000]
    windows = all_of(samples)
    language, _ = detect_language(recognizer, samples, windows, ignore)
    assert recognizer.recognize(samples, windows, language, ignore)


def test_read_speech_is_understood_word_for_word(recognizer: Recognizer) -> None:
    samples = read_corpus("asr/en_jfk.flac")
    text = text_of(recognizer.recognize(samples, all_of(samples), "en", ignore))
    assert "ask not what your country can do for you" in text.lower().replace(",", "")
