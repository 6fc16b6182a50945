"""Speech recognition: windows of speech in, text with the time of every word out, by Whisper on CTranslate2."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.feature_extractor import FeatureExtractor
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_ctranslate2_storage, get_suppressed_tokens

from appliance.engine.decoding import LIKELIEST, WITHOUT_LOOPS, Decoding
from appliance.engine.hotwords import Hotwords, is_echo
from appliance.engine.recognized import (
    RecognizedWindow,
    is_invented,
    is_loop_of_nobody,
    without_repetition,
)
from appliance.engine.repetition import compression_ratio, repeats
from appliance.engine.segment import FULL_SCALE, SAMPLE_RATE_HZ
from appliance.engine.windows import halved, shared_out, wave
from appliance.engine.words import left_out, timestamp_spans, words_in_window
from appliance.errors import ModelFileMissingError, OutOfMemoryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from ctranslate2 import StorageView
    from ctranslate2.models import WhisperGenerationResult
    from numpy.typing import NDArray

    from appliance.engine.devices import DevicePlan
    from appliance.engine.windows import Window

    Progress = Callable[[str, float], None]

__all__ = ["Decoding", "RecognizedWindow", "Recognizer"]

FRAMES_PER_S = 100
MAX_FRAMES = 3000
# Whisper was trained on thirty seconds, filled up with silence. It does as well with two seconds of silence, and the
# encoder then works on what is there: a clip of five seconds takes a fifth of the time.
SILENCE_AFTER_FRAMES = 200
MAX_TOKENS = 448  # What the decoder has positions for, the prompt included.
TOKENS_PER_S = 30  # The densest scripts take about 25; more is a loop, which need not run to its end.
TOKENS_TO_SPARE = 32

MAX_WORKERS = 4  # Each holds a batch in memory.

NO_HOTWORDS = Hotwords()


class Recognizer:
    """Whisper, ready to run."""

    def __init__(self, model: WhisperModel, plan: DevicePlan) -> None:
        self._model = model
        self._plan = plan
        self._workers = _workers(plan)
        self._features = FeatureExtractor(feature_size=model.model.n_mels)

    @classmethod
    def load(cls, folder: Path, plan: DevicePlan) -> Recognizer:
        """Load a converted Whisper model.

        Args:
            folder: Of the role ``asr`` in a checked set, an absolute path.
            plan: Device, compute type, threads and batch.

        Raises:
            ModelFileMissingError: A file is not there, which faster-whisper would otherwise try to download.
        """
        for name in ("model.bin", "tokenizer.json", "config.json"):
            if not (folder / name).is_file():
                raise ModelFileMissingError(path=str(folder / name))
        model = WhisperModel(
            str(folder),
            device=plan.device,
            device_index=plan.index,
            compute_type=plan.compute_type,
            cpu_threads=max(1, plan.threads // _workers(plan)),
            num_workers=_workers(plan),
            local_files_only=True,
        )
        return cls(model, plan)

    def with_plan(self, plan: DevicePlan) -> Recognizer:
        """Return the same loaded model under another plan for batches."""
        return Recognizer(self._model, plan)

    def recognize(
        self,
        samples: NDArray[np.int16],
        windows: Sequence[Window],
        language: str,
        progress: Progress,
        hotwords: Hotwords = NO_HOTWORDS,
    ) -> list[RecognizedWindow]:
        """Recognise windows of a recording.

        Args:
            samples: int16, shape (n_samples,), mono, 16 000 Hz.
            windows: Of speech; without any, nothing runs.
            language: One of Whisper's codes.
            progress: Takes "asr" and the finished fraction after every batch; may raise to stop.
            hotwords: Names and terms that stand before the text of every window.

        Returns:
            In order of time, windows without text left out.

        Raises:
            OutOfMemoryError: Not even one window at a time fits.
        """
        tokenizer = self._tokenizer(language)
        task = _Task(samples, tokenizer, progress, sum(window.duration_s for window in windows), hotwords)
        duration_s = len(samples) / SAMPLE_RATE_HZ
        within = [window.within(duration_s) for window in windows]
        recognized = self._hear_all(task, shared_out(within, self._workers))
        recognized += self._hear_all(task, [part for each in recognized for part in left_out(each, tokenizer)])
        spoken = [each for each in recognized if each.words and not is_invented(each)]
        return sorted(spoken, key=lambda each: each.window.start_s)

    def hotwords(self, terms: Sequence[str], language: str) -> Hotwords:
        """Return as many of some terms as fit before the text of a window."""
        tokenizer = self._tokenizer(language)
        return Hotwords.fitting(terms, tokenizer.encode, tokenizer.eot)

    def language_probabilities(self, samples: NDArray[np.int16], window: Window) -> dict[str, float]:
        """Return how likely each language is in a window, by Whisper's codes."""
        encoded = self._encode(self._features_of(samples, [window], LIKELIEST))
        return {token[2:-2]: probability for token, probability in self._model.model.detect_language(encoded)[0]}

    @property
    def is_multilingual(self) -> bool:
        """Whether the model knows more than English."""
        return bool(self._model.model.is_multilingual)

    def _tokenizer(self, language: str) -> Tokenizer:
        return Tokenizer(self._model.hf_tokenizer, self._model.model.is_multilingual, "transcribe", language)

    def _hear_all(self, task: _Task, windows: Sequence[Window]) -> list[RecognizedWindow]:
        """Hear windows; one in which more was said than the decoder has room for is halved, and heard again in parts.

        Dense scripts, such as Bengali's, take several tokens a letter. What does not fit is missing without a trace.
        """
        whole: list[RecognizedWindow] = []
        waiting = list(windows)
        while waiting:
            recognized, waiting = self._hear(task, waiting), []
            for each in recognized:
                halves = halved(each.window, task.samples) if each.is_cut and each.words else []
                waiting += halves
                whole += [] if halves else [each]
        return whole

    def _hear(self, task: _Task, windows: Sequence[Window]) -> list[RecognizedWindow]:
        # Windows of like length share a batch, as the longest sets its cost; and where memory is short, the
        # longest find out first.
        queue = sorted(windows, key=lambda window: -window.duration_s)
        rungs = [self._plan.asr_batch, *self._plan.ladder]
        recognized: list[RecognizedWindow] = []
        with ThreadPoolExecutor(self._workers) as pool:
            while queue:
                batches = wave(queue, self._workers, rungs[0])
                try:
                    found = []
                    for batch, heard in zip(
                        batches, pool.map(partial(self._recognize_batch, task), batches), strict=True
                    ):
                        found += heard
                        task.advance(sum(window.duration_s for window in batch))
                except RuntimeError as exc:
                    if "out of memory" not in str(exc).lower():
                        raise
                    rungs.pop(0)
                    if not rungs:
                        raise OutOfMemoryError from exc
                    continue
                recognized += found
                queue = queue[sum(map(len, batches)) :]
        return recognized

    def _recognize_batch(self, task: _Task, batch: Sequence[Window]) -> list[RecognizedWindow]:
        recognized = self._believed(task, batch, LIKELIEST)
        looping = [number for number, each in enumerate(recognized) if repeats(each.text)]
        if looping:
            second = self._believed(task, [batch[number] for number in looping], WITHOUT_LOOPS)
            for number, each in zip(looping, second, strict=True):
                is_empty = is_loop_of_nobody(recognized[number]) or is_loop_of_nobody(each)
                recognized[number] = replace(each, words=()) if is_empty else without_repetition(each)
        return recognized

    def _believed(self, task: _Task, batch: Sequence[Window], decoding: Decoding) -> list[RecognizedWindow]:
        """Hear windows, and those again without the terms in which these may have done harm.

        What looks like an echo of the terms is held against what is heard without.
        """
        recognized = list(self._decode(task, batch, decoding))
        if not task.hotwords.text:
            return recognized
        again = [at for at, each in enumerate(recognized) if task.hotwords.may_have_harmed(each)]
        if again:
            plain = self._decode(task, [batch[at] for at in again], replace(decoding, knows_terms=False))
            for at, each in zip(again, plain, strict=True):
                if is_echo(recognized[at], each):
                    recognized[at] = each
        return recognized

    def _decode(self, task: _Task, batch: Sequence[Window], decoding: Decoding) -> Iterator[RecognizedWindow]:
        encoded = self._encode(self._features_of(task.samples, batch, decoding))
        results, room = self._generate(task, encoded, batch, decoding)
        eot = task.tokenizer.eot
        text_tokens = [[token for token in result.sequences_ids[0] if token < eot] for result in results]
        n_frames = [min(MAX_FRAMES, round(window.duration_s * FRAMES_PER_S)) for window in batch]
        alignments = self._model.find_alignment(task.tokenizer, text_tokens, encoded, n_frames)
        for window, result, alignment in zip(batch, results, alignments, strict=True):
            tokens = tuple(result.sequences_ids[0])
            words = words_in_window(alignment, window, timestamp_spans(tokens, task.tokenizer, window))
            text = task.tokenizer.decode(list(tokens))
            yield RecognizedWindow(
                window=window,
                tokens=tokens,
                words=words,
                text=text,
                # The score is a mean over the tokens alone; Whisper's thresholds count the end of text as one more.
                avg_logprob=result.scores[0] * len(tokens) / (len(tokens) + 1),
                no_speech_prob=result.no_speech_prob,
                compression_ratio=compression_ratio(text),
                is_cut=len(tokens) >= room,
            )

    def _features_of(
        self, samples: NDArray[np.int16], batch: Sequence[Window], decoding: Decoding
    ) -> NDArray[np.float32]:
        longest = max(round(window.duration_s * FRAMES_PER_S) for window in batch)
        n_frames = MAX_FRAMES if decoding.fills_window else min(MAX_FRAMES, longest + SILENCE_AFTER_FRAMES)
        n_frames += n_frames % 2  # The encoder halves them.
        features = np.zeros((len(batch), self._model.model.n_mels, n_frames), dtype=np.float32)
        for row, window in zip(features, batch, strict=True):
            first, last = round(window.start_s * SAMPLE_RATE_HZ), round(window.end_s * SAMPLE_RATE_HZ)
            found = self._features(samples[first:last].astype(np.float32) / FULL_SCALE)[:, :n_frames]
            row[:, : found.shape[1]] = found
        return features

    def _encode(self, features: NDArray[np.float32]) -> StorageView:
        if self._plan.device != "cpu":
            return self._model.encode(features)
        # A CPU's caches hold the work on one window; eight at once take a fifth longer.
        return get_ctranslate2_storage(np.concatenate([np.asarray(self._model.encode(row)) for row in features]))

    def _generate(
        self, task: _Task, encoded: StorageView, batch: Sequence[Window], decoding: Decoding
    ) -> tuple[list[WhisperGenerationResult], int]:
        """Return what the decoder wrote, and how many tokens it had room for."""
        prompt = self._prompt(task, decoding)
        longest_s = max(window.duration_s for window in batch)
        most = min(MAX_TOKENS, len(prompt) + TOKENS_TO_SPARE + round(TOKENS_PER_S * longest_s))
        found: list[WhisperGenerationResult] = self._model.model.generate(
            encoded,
            [prompt] * len(batch),
            beam_size=decoding.beam,
            no_repeat_ngram_size=decoding.no_repeat_ngram,
            max_length=most,
            suppress_tokens=get_suppressed_tokens(task.tokenizer, [-1]),
            return_scores=True,
            return_no_speech_prob=True,
        )
        return found, min(most // 2, most - len(prompt))  # CTranslate2 gives a text half of the positions at most.

    def _prompt(self, task: _Task, decoding: Decoding) -> list[int]:
        hotwords = task.hotwords.text if decoding.knows_terms else ""
        prompt: list[int] = self._model.get_prompt(task.tokenizer, previous_tokens=[], hotwords=hotwords or None)
        return prompt


@dataclass(slots=True)
class _Task:
    """One recording on its way through the recogniser."""

    samples: NDArray[np.int16]
    tokenizer: Tokenizer
    progress: Progress
    total_s: float
    hotwords: Hotwords
    done_s: float = 0.0

    def advance(self, seconds: float) -> None:
        self.done_s += seconds
        self.progress("asr", min(1.0, self.done_s / self.total_s))


def _workers(plan: DevicePlan) -> int:
    """Return how many batches run at once: a GPU is busy with one, a CPU's cores share nothing but the weights."""
    return min(plan.threads, MAX_WORKERS) if plan.device == "cpu" else 1
