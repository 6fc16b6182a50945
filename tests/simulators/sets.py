"""A site's model set and its recordings, small enough to be made for each test; no weights in it mean anything."""

from __future__ import annotations

import hashlib
import io
import json
import wave
from pathlib import Path

from appliance.transcript import Segment, Speaker, SpeakerTurn, Transcript, to_json

ROLES: dict[str, dict[str, object]] = {
    "asr": {"path": "asr", "id": "whisper-small.bn", "kind": "ct2", "licence": "MIT", "languages": ["bn", "en"]},
    "segmentation": {"path": "segmentation", "id": "pyannote-3", "kind": "safetensors", "licence": "MIT"},
    "embedding": {"path": "embedding", "id": "campplus", "kind": "onnx", "licence": "Apache-2.0"},
    "clustering": {"path": "clustering", "id": "agglomerative", "kind": "json", "licence": "MIT"},
}
FILES = {
    "asr/model.bin": b"weights" * 500,
    "asr/tokenizer.json": b"{}" * 256,
    "segmentation/model.safetensors": b"more weights" * 90,
    "embedding/frames.onnx": b"graph" * 77,
    "clustering/config.json": b"{}",
    "licences/whisper-small.bn.txt": b"",
}


def tiny_set(folder: Path, name: str = "court", release: str = "3", files: dict[str, bytes] | None = None) -> Path:
    """Write a set and return its folder."""
    contents = FILES | (files or {})
    for path, body in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(body)
    described = {
        "schema": 1,
        "name": name,
        "release": release,
        "roles": {role: {"origin": "made for a test", **facts} for role, facts in ROLES.items()},
        "files": {
            path: {"sha256": hashlib.sha256(body).hexdigest(), "bytes": len(body)} for path, body in contents.items()
        },
    }
    (folder / "set.json").write_text(json.dumps(described))
    return folder


def recordings(folder: Path, *names: str, limits: object = None) -> Path:
    """Write pairs of sound and transcript, and ``limits.json`` where there are limits; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / f"{name}.wav").write_bytes(silence())
        (folder / f"{name}.json").write_bytes(to_json(transcript()))
    if limits is not None:
        (folder / "limits.json").write_text(json.dumps(limits))
    return folder


def silence(samples: int = 1_600) -> bytes:
    """Return a WAV file, mono, 16 kHz."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(2 * samples))
    return buffer.getvalue()


def transcript(text: str = "The court is in session.", *, with_turns: bool = True) -> Transcript:
    """Return what is said in a recording, by one speaker."""
    return Transcript(
        language="en",
        duration_s=2.0,
        models={},
        speakers=(Speaker(id="S1", name="Speaker 1"),),
        segments=(Segment(id=0, start=0.0, end=2.0, speaker="S1", text=text, words=()),),
        turns=(SpeakerTurn(start=0.0, end=2.0, speaker="S1"),) if with_turns else (),
    )
