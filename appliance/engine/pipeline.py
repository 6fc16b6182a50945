"""From samples to a transcript: the story of the engine, stage by stage."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from faster_whisper.vad import get_vad_model

from appliance.engine.alignment import Aligner
from appliance.engine.asr import RecognizedWindow
from appliance.engine.assign import assign, speakers_of
from appliance.engine.devices import DevicePlan, describe_device, plan_device
from appliance.engine.diarize import ClusteringPlan, diarize, read_clustering
from appliance.engine.embed import Embedder
from appliance.engine.language import detect_language
from appliance.engine.models import ModelSet
from appliance.engine.recognizers import Recognizers
from appliance.engine.segment import (
    PYANNOTE_RULE,
    SAMPLE_RATE_HZ,
    SILERO_RULE,
    Region,
    Segmentation,
    Segmenter,
    SpeechScores,
    silero_scores,
    speech_regions,
)
from appliance.engine.vbx import VbxPlan
from appliance.engine.windows import windows_of
from appliance.engine.words import sentences
from appliance.errors import OutOfMemoryError, UnknownLanguageError
from appliance.transcript import Transcript

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from appliance.options import TranscribeOptions
    from appliance.transcript import SpeakerTurn

    Progress = Callable[[str, float], None]

SEGMENTATION_BATCH = {"cpu": 4, "cuda": 32}
EMBEDDING_SHARE = 0.9  # Of the progress of diarization; clustering takes little.


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Every model of a set, loaded and warm.

    Attributes:
        models: Role to model id.
        plan: How they run on the device.
        segmenter: Hears speech and local speakers.
        embedder: Hears voices.
        clustering: How voices are grouped.
        recognizers: Hear words.
        model_set: Where aligners are loaded from, when a language first needs one.
        aligners: The last one used, by its language: they are large.
    """

    models: dict[str, str]
    plan: DevicePlan
    segmenter: Segmenter
    embedder: Embedder
    clustering: ClusteringPlan | VbxPlan
    recognizers: Recognizers
    model_set: ModelSet
    aligners: dict[str, Aligner] = field(default_factory=dict)

    @classmethod
    def load(cls, set_folder: Path, threads: int, progress: Progress | None = None) -> Pipeline:
        """Check a model set and load it onto the best device there is.

        Args:
            set_folder: Of a set, with its ``set.json``.
            threads: CPU threads of numeric libraries.
            progress: Takes "load" and the finished fraction after every model.

        Raises:
            ModelError: The set is missing, incomplete or altered, or the device cannot run it.
        """
        report = progress or (lambda _stage, _fraction: None)
        models = ModelSet.open(set_folder)
        report("load", 0.2)
        plan = plan_device(describe_device(), threads)
        torch.set_num_threads(threads)
        place = torch.device(plan.device, plan.index)
        segmenter = Segmenter.load(models.path("segmentation"), place, threads)
        embedder = Embedder.load(models.path("embedding"), threads, place, plan.embedding_batch)
        clustering = read_clustering(models.path("clustering"))
        get_vad_model()  # It stays in memory from here on, so that the first job without speakers is not slower.
        report("load", 0.5)
        recognizers = Recognizers.load(models, plan)
        report("load", 1.0)
        return cls(
            models=dict(models.models),
            plan=plan,
            segmenter=segmenter,
            embedder=embedder,
            clustering=clustering,
            recognizers=recognizers,
            model_set=models,
        )

    def transcribe(
        self, samples: NDArray[np.int16], options: TranscribeOptions, progress: Progress, attempt: int = 1
    ) -> tuple[Transcript, dict[str, float]]:
        """Turn a recording into a transcript.

        Args:
            samples: int16, shape (n_samples,), mono, 16 000 Hz.
            options: What the person chose.
            progress: Takes the stage and its finished fraction between batches; may raise JobCancelled.
            attempt: From 2 on, the smaller device plan is used.

        Returns:
            The transcript, and the seconds that each stage took.

        Raises:
            JobCancelled: As raised by ``progress``.
            OutOfMemoryError: Not even the smallest batch fits into the device.
            UnknownLanguageError: The chosen model does not know the chosen language.
        """
        role = self.model_set.recognizer(options.model)
        known = self.model_set.manifest.roles[role].languages
        if options.language is not None and known and options.language not in known:
            raise UnknownLanguageError(language=options.language, model=self.models[role])
        job = _Job(self, role, samples, options, progress, self.plan.for_attempt(attempt))
        try:
            return job.finish()
        except OutOfMemoryError:
            spare = self.recognizers.others - {role}
            self.recognizers.drop_others()
            if not spare:
                raise
        return job.finish()  # Once more, in the memory of a model that only an earlier job wanted.


@dataclass(frozen=True, slots=True)
class _Job:
    """One recording on its way through the stages."""

    pipeline: Pipeline
    role: str
    samples: NDArray[np.int16]
    options: TranscribeOptions
    progress: Progress
    plan: DevicePlan
    seconds: dict[str, float] = field(default_factory=dict)

    def finish(self) -> tuple[Transcript, dict[str, float]]:
        """Go through all stages, from the beginning; memory that is missing is told in one way."""
        self.seconds.clear()
        try:
            return self.run(), self.seconds
        except torch.OutOfMemoryError as exc:
            raise OutOfMemoryError from exc

    def run(self) -> Transcript:
        segmentation, scores, regions = self.segment()
        windows = windows_of(regions, scores)
        recognizer = self.pipeline.recognizers.get(self.role).with_plan(self.plan)
        with self.timed("language"):
            language = self.options.language
            if language is None:
                language, _ = detect_language(recognizer, self.samples, windows, self.progress)
        with self.timed("asr"):
            recognized = recognizer.recognize(self.samples, windows, language, self.progress)
        with self.timed("words"):
            segments = sentences(self.align(recognized, language))
        turns = self.turns(segmentation) if segmentation else ()
        with self.timed("assign"):
            segments = assign(segments, turns)
        return Transcript(
            language=language,
            duration_s=len(self.samples) / SAMPLE_RATE_HZ,
            models=self.pipeline.model_set.models_with(self.role),
            model_set=self.pipeline.model_set.title,
            speakers=speakers_of(turns),
            segments=segments,
            turns=turns,
        )

    def segment(self) -> tuple[Segmentation | None, SpeechScores, list[Region]]:
        """Find speech: with speakers by pyannote's network, whose one pass serves both; without by Silero's."""
        duration_s = len(self.samples) / SAMPLE_RATE_HZ
        with self.timed("segment"):
            if not self.options.diarize:
                scores = silero_scores(self.samples, self.of_stage("segment"))
                return None, scores, speech_regions(scores, duration_s, SILERO_RULE)
            segmentation = self.pipeline.segmenter.segment(
                self.samples,
                self.pipeline.clustering.window_step_s,
                SEGMENTATION_BATCH[self.plan.device],
                self.of_stage("segment"),
            )
            return segmentation, segmentation.speech, speech_regions(segmentation.speech, duration_s, PYANNOTE_RULE)

    def align(self, recognized: list[RecognizedWindow], language: str) -> list[RecognizedWindow]:
        """Time the words by alignment where the set has an aligner for the language; else attention has timed them."""
        folder = self.pipeline.model_set.aligner(language)
        if folder is None:
            return recognized
        aligners = self.pipeline.aligners
        if language not in aligners:
            aligners.clear()
            aligners[language] = Aligner.load(folder, language, torch.device(self.plan.device, self.plan.index))
        return aligners[language].align(self.samples, recognized, self.progress)

    def turns(self, segmentation: Segmentation) -> tuple[SpeakerTurn, ...]:
        """Tell the speakers apart."""
        pipeline = self.pipeline
        with self.timed("embed"):
            embeddings = pipeline.embedder.embed(
                self.samples,
                segmentation,
                self.of_stage("diarize", 0.0, EMBEDDING_SHARE),
                self.plan.embedding_batch,
            )
        with self.timed("diarize"):
            report = self.of_stage("diarize", EMBEDDING_SHARE, 1.0)
            return diarize(segmentation, embeddings, pipeline.clustering, self.options, report)

    def of_stage(self, stage: str, first: float = 0.0, last: float = 1.0) -> Callable[[float], None]:
        """Return a function that reports a fraction as one of this stage, between ``first`` and ``last``."""
        return lambda fraction: self.progress(stage, first + (last - first) * fraction)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Record how long a stage takes."""
        started = time.perf_counter()
        yield
        self.seconds[stage] = round(time.perf_counter() - started, 3)
