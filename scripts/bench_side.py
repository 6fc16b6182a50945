"""One side of part b, in a process of its own: loads, gets warm, is measured, and writes what it found as JSON."""

from __future__ import annotations

import json
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import av
import numpy as np
import torch
from numpy.typing import NDArray

Samples = NDArray[np.int16]
LANGUAGE = "en"


class Side(Protocol):
    """A loaded pipeline: samples in; text, turns and seconds per stage out."""

    def __call__(self, samples: Samples) -> dict[str, Any]:
        """Transcribe a recording and tell its speakers apart."""


def main() -> None:
    """Answer the request in the first argument into the file of the second."""
    request = json.loads(sys.argv[1])
    recording = read(Path(request["recording"]))
    started = time.perf_counter()
    side = {"ours": load_ours, "peer": load_peer}[request["side"]](request)
    load_s = time.perf_counter() - started
    spec = find_spec("pyannote.audio")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("pyannote.audio")
    side(read(Path(spec.origin).parent / "sample" / "sample.wav"))
    started = time.perf_counter()
    found = side(recording)
    total_s = time.perf_counter() - started
    answer = {**found, "total_s": round(total_s, 2), "load_s": round(load_s, 2), "peak_mb": peak_mb()}
    Path(sys.argv[2]).write_text(json.dumps(answer), encoding="utf-8")


def load_ours(request: dict[str, Any]) -> Side:
    """Load the appliance's pipeline."""
    from appliance.engine.pipeline import Pipeline  # noqa: PLC0415 -- each side imports and pays for its own libraries.
    from appliance.options import TranscribeOptions  # noqa: PLC0415 -- as above.

    pipeline = Pipeline.load(Path(request["models"]), request["threads"])

    def transcribe(samples: Samples) -> dict[str, Any]:
        options = TranscribeOptions(language=LANGUAGE)
        transcript, seconds = pipeline.transcribe(samples, options, lambda _stage, _fraction: None)
        return {
            "text": " ".join(segment.text for segment in transcript.segments),
            "turns": [(turn.start, turn.end, turn.speaker) for turn in transcript.turns],
            "seconds": seconds,
        }

    return transcribe


def load_peer(request: dict[str, Any]) -> Side:
    """Load whisperx and pyannote as their documentation says, on the same models."""
    import whisperx  # noqa: PLC0415 -- each side imports and pays for its own libraries.
    from whisperx.diarize import DiarizationPipeline, assign_word_speakers  # noqa: PLC0415 -- as above.

    torch.set_num_threads(request["threads"])
    recognizer = whisperx.load_model(
        str(Path(request["models"]) / "asr"),
        "cpu",
        compute_type="int8",
        language=LANGUAGE,
        threads=request["threads"],
        local_files_only=True,
    )
    diarization = DiarizationPipeline(model_name=request["peer"], device="cpu")

    def transcribe(samples: Samples) -> dict[str, Any]:
        audio = samples.astype(np.float32) / 32768
        marks = [time.perf_counter()]
        result = recognizer.transcribe(audio, batch_size=8, language=LANGUAGE)
        marks.append(time.perf_counter())
        turns = diarization(audio)
        marks.append(time.perf_counter())
        assign_word_speakers(turns, result)
        marks.append(time.perf_counter())
        return {
            "text": " ".join(segment["text"].strip() for segment in result["segments"]),
            "turns": [(row.start, row.end, row.speaker) for row in turns.itertuples()],
            "seconds": dict(zip(("asr", "diarize", "assign"), np.diff(marks).round(2).tolist(), strict=True)),
        }

    return transcribe


def read(path: Path) -> Samples:
    """Decode a recording to 16 kHz mono; outside of what is measured."""
    resampler = av.AudioResampler("s16", "mono", 16_000)
    pieces: list[NDArray[Any]] = []
    with av.open(str(path)) as container:
        for frame in [*container.decode(audio=0), None]:
            pieces += [piece.to_ndarray()[0] for piece in resampler.resample(frame)]
    return np.concatenate(pieces).astype(np.int16)


def peak_mb() -> float:
    """Return the largest resident memory of this process; not getrusage's, which counts the parent before exec."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (line,) = [line for line in lines if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
