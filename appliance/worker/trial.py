"""Try a model set before it is used: a real engine loads it and hears every recording, and what it heard is measured.

::

    candidate  engine of its own ── loads ── hears each recording ── ends, whatever happens
    active     the engine in use, or another one that the caller opens ── hears the same recordings

The recordings are strangers' files, so that a decoder in its cage reads them, as for any job. Nothing that was heard is
written down: figures are all that is left.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from appliance.bundles.figures import ClipResult, Refusal
from appliance.bundles.selftest import Column, SetFacts, TrialResult, score, unheard
from appliance.bundles.specimens import Specimen
from appliance.config import Settings
from appliance.crypto.envelope import DocumentType, new_document_id, new_file_key, open_document
from appliance.errors import (
    ApplianceError,
    CryptoError,
    DecoderDiedError,
    DeviceError,
    EngineDiedError,
    EngineError,
    EngineStartError,
    MediaError,
    ModelError,
    ModelSetMissingError,
    OutOfMemoryError,
    SelftestAudioError,
    SelftestEngineError,
    SelftestLanguageError,
    SelftestLoadError,
    SelftestMemoryError,
    SelftestStopped,
)
from appliance.options import TranscribeOptions
from appliance.transcript import Transcript, from_json
from appliance.worker.course import Clock, Part, Report
from appliance.worker.decoding import Pcm, decode
from appliance.worker.keeper import EngineClosedError, EngineKeeper
from appliance.worker.messages import Decode, Ready, Transcribe
from appliance.worker.sealing import FIRST_VERSION
from appliance.worker.stopping import Stop

Opened = Callable[[], AbstractContextManager[EngineKeeper]]


@dataclass(frozen=True, slots=True)
class Bench:
    """What a trial works with.

    Attributes:
        settings: Of the appliance: threads, limits, the cage.
        report: Told how far it is.
        stop: Ends it.
    """

    settings: Settings
    report: Report
    stop: Stop


def try_set(folder: Path, specimens: Sequence[Specimen], bench: Bench, active: Opened | None = None) -> TrialResult:
    """Load a set in an engine of its own, have it hear every recording, and measure what it heard.

    The candidate's engine has ended before ``active`` is called, and there is none of it left after an error either. A
    caller whose machine is too small for two sets pauses its own engine, calls this again, and starts its engine again
    in ``active``.

    Args:
        folder: Of the set, with its ``set.json``.
        specimens: Those of the bundle, and the site's own.
        bench: What to work with.
        active: Opens the engine in use, or another one with the set in use; the recordings take their turns between
            its jobs. None measures the candidate alone.

    Returns:
        The figures, also where a limit was not kept: ``TrialResult.require`` refuses that.

    Raises:
        SelftestLoadError: The set is incomplete or altered, or this machine cannot run it.
        SelftestMemoryError: The engine ran out of memory, or did not live to load the set.
        SelftestError: A recording of the bundle could not be heard; says which, and why.
        EngineError: The engine was not let start, or a library of it wanted to call out.
        SelftestStopped: Somebody stopped it.
        EngineClosedError: The appliance is shutting down.
    """
    clock = Clock(bench.report, specimens, columns=2 if active else 1)
    try:
        with engine_of(folder, bench) as candidate:
            column = _measure(candidate, specimens, bench, clock.part("candidate"), is_candidate=True)
        beside, refusal = _beside(active, specimens, bench, clock) if active else (None, None)
    except (EngineClosedError, ApplianceError) as exc:
        if bench.stop.asked and not isinstance(exc, SelftestStopped):  # Whatever it looked like to who was at work.
            raise SelftestStopped from exc
        raise
    tried_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return TrialResult(tried_at=tried_at, candidate=column, active=beside, active_refusal=refusal)


@contextmanager
def engine_of(folder: Path, bench: Bench) -> Iterator[EngineKeeper]:
    """Keep an engine with a set of one's own while the block runs; a stop ends it at once.

    Raises:
        SelftestStopped: Somebody asked before.
    """
    settings = bench.settings
    keeper = EngineKeeper(folder, settings.threads, allow_weaker=settings.allow_weaker_cage)
    with bench.stop.by(keeper.close):
        try:
            keeper.open()
            yield keeper
        finally:
            keeper.close()


def _beside(
    active: Opened, specimens: Sequence[Specimen], bench: Bench, clock: Clock
) -> tuple[Column | None, Refusal | None]:
    """Measure the set in use; that it cannot be measured is no reason against the other."""
    try:
        with active() as keeper:
            return _measure(keeper, specimens, bench, clock.part("active"), is_candidate=False), None
    except ApplianceError as error:
        bench.stop.check()
        return None, Refusal.of(error)


def _measure(
    keeper: EngineKeeper, specimens: Sequence[Specimen], bench: Bench, part: Part, *, is_candidate: bool
) -> Column:
    part.loading()
    ready = _loaded(keeper)
    results: list[ClipResult] = []
    for number, specimen in enumerate(specimens, 1):
        bench.stop.check()
        part.begins(number)
        try:
            results.append(_hear(keeper, ready, specimen, bench, part))
        except ApplianceError as exc:
            bench.stop.check()
            error = _told(exc, specimen)
            if is_candidate and specimen.is_signed:
                raise _of_bundle(error, specimen) from exc
            results.append(unheard(specimen, error))
    paired = list(zip(specimens, results, strict=True))
    return Column(
        facts=_facts(ready),
        signed=tuple(result for specimen, result in paired if specimen.is_signed),
        own=tuple(result for specimen, result in paired if not specimen.is_signed),
    )


def _loaded(keeper: EngineKeeper) -> Ready:
    """Wait for the models; what is said of the set in use does not fit one that is only tried."""
    try:
        return keeper.wait_ready()
    except ModelError as exc:
        raise SelftestLoadError(cause=exc.code, reason=_reason(exc)) from exc
    except (OutOfMemoryError, EngineStartError) as exc:
        raise SelftestMemoryError from exc


def _hear(keeper: EngineKeeper, ready: Ready, specimen: Specimen, bench: Bench, progress: Part) -> ClipResult:
    """Have one recording decoded and transcribed, and measure it."""
    languages = ready.loaded.languages
    if languages and specimen.language not in languages:
        raise SelftestLanguageError(name=specimen.name, language=specimen.language)
    started = time.monotonic()
    pcm = _decode(specimen, bench, progress)
    decode_s = time.monotonic() - started
    try:
        heard, engine_s = _transcribe(keeper, pcm, specimen, bench, progress)
    finally:
        pcm.close()
    return score(specimen, heard, pcm.duration_s, decode_s + engine_s)


def _decode(specimen: Specimen, bench: Bench, progress: Part) -> Pcm:
    settings = bench.settings

    def report(stage: str, fraction: float) -> None:
        bench.stop.check()
        progress(stage, fraction)

    with specimen.opened() as audio:
        request = Decode(
            audio_id=None,
            file_key=None,
            size_bytes=os.fstat(audio).st_size,
            max_duration_s=settings.max_recording_hours * 3600,
        )
        return decode(request, audio, report, lambda _child: None, allow_weaker=settings.allow_weaker_cage)


def _transcribe(
    keeper: EngineKeeper, pcm: Pcm, specimen: Specimen, bench: Bench, progress: Part
) -> tuple[Transcript, float]:
    """Return what the engine heard, and the seconds that it worked for it.

    There is no second attempt: an engine that dies of a recording with this set would die of people's, too. The
    language is the reference's, so that the figures tell how well a set hears, and not how well it guesses.
    """
    job_id, file_key = new_document_id(), new_file_key()
    options = TranscribeOptions(language=specimen.language, diarize=specimen.has_speakers)
    request = Transcribe(job_id=job_id, options=options, document_id=job_id, file_key=file_key, attempt=1)

    def report(stage: str, fraction: float) -> None:
        if bench.stop.asked:  # The stop may have come before the job was in the engine, when there was none to cancel.
            keeper.cancel(job_id)
        else:
            progress(stage, fraction)

    def cancel() -> None:
        keeper.cancel(job_id)

    with bench.stop.by(cancel):
        answer, sealed = keeper.transcribe(request, pcm.descriptor, report)
    try:
        heard = from_json(open_document(file_key, sealed, DocumentType.TRANSCRIPT, job_id, FIRST_VERSION))
    except (CryptoError, msgspec.DecodeError, ValueError) as exc:  # An engine that seals no transcript is broken.
        raise SelftestEngineError(name=specimen.name) from exc
    return heard, sum(answer.seconds.values())


def _told(error: ApplianceError, specimen: Specimen) -> ApplianceError:
    """Return what to tell an administrator, where the error's own words are for who uploaded a recording."""
    if isinstance(error, (OutOfMemoryError, EngineStartError)):
        return SelftestMemoryError()
    if isinstance(error, EngineDiedError) or type(error) is EngineError:
        return SelftestEngineError(name=specimen.name)
    return error


def _of_bundle(error: ApplianceError, specimen: Specimen) -> ApplianceError:
    """Return the same for a recording that came with the bundle: who made that is to mend it."""
    if isinstance(error, (MediaError, DecoderDiedError)):
        return SelftestAudioError(name=specimen.name, reason=str(error))
    return error


def _reason(error: ModelError) -> str:
    match error:
        case ModelSetMissingError(reason=reason):
            return reason
        case DeviceError(device=device, reason=reason):
            return f"{device}: {reason}"
    return str(error).rstrip(".")


def _facts(ready: Ready) -> SetFacts:
    return SetFacts(
        name=ready.loaded.name,
        release=ready.loaded.release,
        models=ready.models,
        languages=ready.loaded.languages,
        device=ready.plan.device,
        device_name=ready.plan.name,
        compute_type=ready.plan.compute_type,
        asr_batch=ready.plan.asr_batch,
        load_s=ready.load_s,
    )
