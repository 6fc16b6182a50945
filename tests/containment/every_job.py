"""Runs every kind of job in this process, loaded as the engine's child loads, and prints what it tried.

``python every_job.py SET ALIGNING_SET SAMPLE`` does the work; ``python every_job.py`` makes one attempt and no more.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
import wave
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from appliance.engine.pipeline import Pipeline
    from appliance.transcript import Transcript

THREADS = 2
FIRST_S, CLIP_S = 6, 12  # Both speakers are heard there.
RATE_HZ = 16_000
PATIENCE_S = 12.0  # onnxruntime, left to itself, waits eight seconds after it was loaded before it reports.

# What Python tells its audit hooks before it reaches out or starts a program.
ATTEMPTS = (
    "socket.bind", "socket.connect", "socket.getaddrinfo", "socket.gethostbyaddr", "socket.gethostbyname",
    "socket.getnameinfo", "socket.sendto", "urllib.Request", "http.client.connect", "ftplib.connect", "smtplib.connect",
)  # fmt: skip
PROGRAMS = ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "os.spawn", "os.fork", "os.forkpty")

tried: list[str] = []
programs: list[str] = []


def note(event: str, arguments: tuple[Any, ...]) -> None:
    """Write down every attempt, before anybody else can refuse it."""
    if event in ATTEMPTS or (event == "socket.__new__" and arguments[1] != socket.AF_UNIX):
        tried.append(f"{event}{arguments[1:]}")
    elif event in PROGRAMS:
        programs.append(str(arguments[0]))


def main(arguments: list[str]) -> None:
    sys.addaudithook(note)
    jobs: dict[str, object] = {}
    if arguments:
        jobs = run_every_job(*map(Path, arguments))
    else:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()
    exporters = [name for name in sys.modules if name.startswith("opentelemetry.")]
    threads = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    report = {"tried": tried, "programs": programs, "jobs": jobs, "exporters": exporters, "threads": threads}
    sys.stdout.write(f"\n{json.dumps(report)}\n")


class Listener:
    """Stands where the server listens to the engine's first word."""

    def send(self, message: object) -> None:
        """Take it and do nothing."""


def run_every_job(models: Path, aligning_models: Path, sample: Path) -> dict[str, object]:
    import numpy as np  # noqa: PLC0415 -- after the hook, as everything below.

    from appliance.options import TranscribeOptions  # noqa: PLC0415
    from appliance.worker.engine_child import _load  # noqa: PLC0415

    pipeline = _load(Listener(), models, THREADS)  # type: ignore[arg-type]  # It says one word and hears none.
    loaded_s = time.monotonic()
    aligning = type(pipeline).load(aligning_models, THREADS)
    with wave.open(str(sample)) as source:
        source.setpos(FIRST_S * RATE_HZ)
        speech = np.frombuffer(source.readframes(CLIP_S * RATE_HZ), dtype=np.int16)
    silence = np.zeros(CLIP_S * RATE_HZ, dtype=np.int16)

    def job(chosen: Pipeline, samples: Any, **options: Any) -> dict[str, object]:
        transcript, _ = chosen.transcribe(samples, TranscribeOptions(**options), lambda _stage, _fraction: None)
        return summary(transcript)

    jobs: dict[str, object] = {
        "language detected, speakers told apart": job(pipeline, speech),
        "language given, nobody told apart": job(pipeline, speech, language="en", diarize=False),
        "exactly two speakers": job(pipeline, speech, language="en", speakers=2),
        "at least three speakers": job(pipeline, speech, language="en", min_speakers=3),
        "at most one speaker": job(pipeline, speech, language="en", max_speakers=1),
        "silence": job(pipeline, silence),
        "silence, nobody told apart": job(pipeline, silence, diarize=False),
        "aligned": job(aligning, speech, language="en"),
        "aligned, language detected, nobody told apart": job(aligning, speech, diarize=False),
        "no aligner for the language": job(aligning, speech, language="de", diarize=False),
    }
    time.sleep(max(0.0, loaded_s + PATIENCE_S - time.monotonic()))
    return jobs


def summary(transcript: Transcript) -> dict[str, object]:
    words = [word for segment in transcript.segments for word in segment.words]
    return {
        "language": transcript.language,
        "segments": len(transcript.segments),
        "speakers": len(transcript.speakers),
        "aligned": any(word.timed_by == "alignment" for word in words),
    }


if __name__ == "__main__":
    main(sys.argv[1:])
