"""``appliance transcribe``: the same two caged children without the server; one JSON line a file."""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from appliance import cage
from appliance.bundles.readiness import set_to_load
from appliance.bundles.store import Store
from appliance.config import Settings, load_settings
from appliance.crypto.envelope import DocumentType, new_document_id, new_file_key, open_document
from appliance.errors import ApplianceError, DataFolderError, EngineDiedError, OptionError, UnreadableMediaError
from appliance.exports import FORMATS
from appliance.logs import start_logging
from appliance.options import TranscribeOptions
from appliance.transcript import Transcript, from_json
from appliance.worker.choices import require_choice
from appliance.worker.decoding import decode
from appliance.worker.keeper import EngineKeeper
from appliance.worker.messages import Decode, Transcribe
from appliance.worker.progress import Standing

Report = Callable[[str, float], None]


def run(given: argparse.Namespace) -> int:
    """Transcribe every file; return 0 when all of them were."""
    settings = load_settings(models=given.models)
    options = TranscribeOptions(
        language=given.language,
        diarize=given.diarize,
        speakers=given.speakers,
        min_speakers=given.min_speakers,
        max_speakers=given.max_speakers,
        model=given.model,
    )
    formats = _formats(given.formats)
    out = _folder(given.out)
    start_logging(logging.ERROR)
    cage.check_kernel(allow_weaker=settings.allow_weaker_cage)
    models = given.models or set_to_load(Store(settings.data, settings.models))[0]
    engine = EngineKeeper(models, settings.threads, allow_weaker=settings.allow_weaker_cage)
    bench = Bench(settings, engine, options)
    names = output_names(given.files)
    failures = 0
    engine.open()
    try:
        require_choice(engine.wait_ready().loaded.choices, options)
        for path in given.files:
            line, transcript = bench.transcribe(path)
            if transcript:
                line["outputs"] = [str(write(out, names[path], name, transcript)) for name in formats]
            failures += transcript is None
            sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
            sys.stdout.flush()
    finally:
        engine.close()
    return 1 if failures else 0


@dataclass(frozen=True, slots=True)
class Bench:
    """The engine and what it is asked to do."""

    settings: Settings
    engine: EngineKeeper
    options: TranscribeOptions

    def transcribe(self, path: Path) -> tuple[dict[str, object], Transcript | None]:
        """Transcribe one file; a failure is an answer too."""
        try:
            with progress_bar(path.name) as report:
                transcript, seconds = self._transcribe(path, report)
        except ApplianceError as error:
            return {"file": str(path), "ok": False, "code": error.code, "message": str(error)}, None
        line: dict[str, object] = {
            "file": str(path),
            "ok": True,
            "language": transcript.language,
            "duration_s": round(transcript.duration_s, 2),
            "speakers": len(transcript.speakers),
            "seconds": {stage: round(spent, 3) for stage, spent in seconds.items()},
        }
        return line, transcript

    def _transcribe(self, path: Path, report: Report) -> tuple[Transcript, dict[str, float]]:
        started = time.monotonic()
        with _opened(path) as audio:
            request = Decode(
                audio_id=None,
                file_key=None,
                size_bytes=os.fstat(audio).st_size,
                max_duration_s=self.settings.max_recording_hours * 3600,
            )
            pcm = decode(request, audio, report, lambda _child: None, allow_weaker=self.settings.allow_weaker_cage)
        decode_s = time.monotonic() - started
        document_id, file_key = new_document_id(), new_file_key()

        def attempt(number: int) -> tuple[dict[str, float], bytes]:
            job = Transcribe(
                job_id=document_id, options=self.options, document_id=document_id, file_key=file_key, attempt=number
            )
            answer, sealed = self.engine.transcribe(job, pcm.descriptor, report)
            return answer.seconds, sealed

        try:
            seconds, sealed = attempt(1)
        except EngineDiedError:
            seconds, sealed = attempt(2)
        finally:
            pcm.close()
        plain = open_document(file_key, sealed, DocumentType.TRANSCRIPT, document_id, 1)
        return from_json(plain), {"decode": decode_s, **seconds}


def output_names(paths: list[Path]) -> dict[Path, str]:
    """Name the outputs after the files; where two files differ only in their ending, keep the ending."""
    stems = Counter(path.stem for path in paths)
    return {path: path.stem if stems[path.stem] == 1 else path.name for path in paths}


def write(out: Path, name: str, format_name: str, transcript: Transcript) -> Path:
    """Write one export whole or not at all."""
    export = FORMATS[format_name]
    target = out / f"{name}{export.suffix}"
    descriptor, partial = tempfile.mkstemp(dir=out, prefix=".cloister-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(export.render(transcript))
        Path(partial).replace(target)
    except OSError as exc:
        Path(partial).unlink(missing_ok=True)
        raise DataFolderError(folder=str(out), reason=f"{target.name} cannot be written ({exc.strerror})") from exc
    return target


@contextlib.contextmanager
def progress_bar(name: str) -> Iterator[Report]:
    """Show a bar on a terminal, and nothing where standard error is not one."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(name, total=1.0)

        def report(stage: str, fraction: float) -> None:
            standing = Standing(stage, fraction, 0.0)
            bar.update(task, completed=standing.fraction, description=f"{name} · {stage}")

        yield report


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    """Open a recording for reading; only the descriptor travels to the decoder."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as exc:
        raise OptionError(name="FILE", value=str(path), reason=f"it cannot be opened ({exc.strerror})") from exc
    try:
        if not Path(f"/proc/self/fd/{descriptor}").is_file():
            raise UnreadableMediaError
        yield descriptor
    finally:
        os.close(descriptor)


def _formats(given: str) -> list[str]:
    names = [name.strip().lower() for name in given.split(",") if name.strip()]
    for name in names:
        if name not in FORMATS:
            raise OptionError(name="formats", value=name, reason=f"choose from {', '.join(FORMATS)}")
    if not names:
        raise OptionError(name="formats", value=given, reason=f"choose from {', '.join(FORMATS)}")
    return names


def _folder(out: Path) -> Path:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise DataFolderError(folder=str(out), reason=f"it cannot be made ({exc.strerror})") from exc
    return out
