"""Closes this process's libraries, then asks each of them for what it would fetch: ``python closed_rows.py SET``.

Prints what came of it as JSON. A process of its own, because what is closed stays closed until the process ends.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import socket
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from appliance.engine.closed import close_libraries
from appliance.errors import ApplianceError

URL = "https://models.example.org/weights.pt"

Row = Callable[[], object]


def rows(models: Path, scratch: Path) -> dict[str, Row]:
    """Return every row of the table of ways out, as a call that takes it; imported here, after everything is closed."""
    import numpy as np  # noqa: PLC0415 -- after the libraries are closed, as everything below.

    no_tokenizer = scratch / "asr"
    no_tokenizer.mkdir()
    for path in (models / "asr").iterdir():
        if path.name != "tokenizer.json":
            (no_tokenizer / path.name).symlink_to(path)
    silence = np.zeros(16_000, dtype=np.float32)
    text = [{"text": "Hello there.", "start": 0.0, "end": 1.0}]
    letters = {"language": "en", "type": "huggingface", "dictionary": {letter: n for n, letter in enumerate("|helotr")}}
    return {
        "pyannote telemetry": lambda: of("pyannote.audio.telemetry", "set_telemetry_metrics")(True),
        "pyannote model": lambda: of("pyannote.audio", "Model").from_pretrained("pyannote/segmentation-3.0"),
        "pyannote pipeline": lambda: of("pyannote.audio", "Pipeline").from_pretrained("pyannote/community-1"),
        "pyannote embedding": lambda: of(
            "pyannote.audio.pipelines.speaker_verification", "ONNXWeSpeakerPretrainedSpeakerEmbedding"
        )("hbredin/wespeaker-voxceleb-resnet34-LM"),
        "whisperx aligner of torchaudio": lambda: of("whisperx.alignment", "load_align_model")("en", "cpu"),
        "whisperx aligner of the hub": lambda: of("whisperx.alignment", "load_align_model")("nl", "cpu"),
        "whisperx sentence splitter": lambda: of("whisperx.alignment", "align")(text, None, letters, silence, "cpu"),
        "whisperx silero": lambda: of("whisperx.vads.silero", "Silero")(vad_onset=0.5, chunk_size=30),
        "faster-whisper model": lambda: of("faster_whisper", "WhisperModel")("tiny"),
        "faster-whisper tokenizer": lambda: of("faster_whisper", "WhisperModel")(str(no_tokenizer), device="cpu"),
        "transformers model": lambda: of("transformers", "Wav2Vec2ForCTC").from_pretrained("facebook/wav2vec2-base"),
        "transformers tokenizer": lambda: of("transformers", "AutoTokenizer").from_pretrained("facebook/wav2vec2-base"),
        "hub file": lambda: of("huggingface_hub", "hf_hub_download")("owner/name", "config.json"),
        "hub snapshot": lambda: of("huggingface_hub", "snapshot_download")("owner/name"),
        "hub questions": lambda: of("huggingface_hub", "HfApi")().model_info("owner/name"),
        "torch.hub.load": lambda: of("torch.hub", "load")("snakers4/silero-vad", "silero_vad"),
        "torch.hub.load_state_dict_from_url": lambda: of("torch.hub", "load_state_dict_from_url")(URL),
        "torch.hub.download_url_to_file": lambda: of("torch.hub", "download_url_to_file")(URL, str(scratch / "x")),
        "torchaudio asset": lambda: of("torchaudio.utils", "download_asset")("models/x.pt", path=scratch / "x.pt"),
        "lightning.fabric": lambda: of("lightning.fabric.utilities.cloud_io", "_load")(URL),
        "lightning_fabric": lambda: of("lightning_fabric.utilities.cloud_io", "_load")(URL),
        "nltk.download": lambda: of("nltk", "download")("punkt_tab"),
        "nltk.downloader": lambda: of("nltk.downloader", "Downloader")().download("punkt_tab"),
        "nltk.data": lambda: of("nltk.data", "load")(URL, format="raw"),
        "urllib": lambda: urllib.request.urlopen(URL),
        "requests": lambda: of("requests", "get")(URL),
        "http.client": lambda: http.client.HTTPSConnection("models.example.org").connect(),
        "names": lambda: socket.getaddrinfo("models.example.org", 443),
        "sockets": lambda: socket.create_connection(("192.0.2.1", 443), timeout=1),
        "datagrams": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 53)),
    }


def of(module: str, name: str) -> Any:
    return getattr(import_module(module), name)


def outcome(row: Row) -> dict[str, object]:
    """Return the error of the tree that a call ended with, also where the library put its own in front of it."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            row()
    except BaseException as exc:  # noqa: BLE001 -- whatever it is, the test says what it must be.
        error: BaseException | None = exc
        while error and not isinstance(error, ApplianceError):
            error = error.__cause__ or error.__context__
        if isinstance(error, ApplianceError):
            return {"code": error.code, **error.facts, "said": str(error)}
        return {"code": type(exc).__name__, "said": str(exc)}
    return {"code": "nothing", "said": "it went through"}


def main(models: Path) -> None:
    close_libraries()
    before = {thread.name for thread in threading.enumerate()}
    with tempfile.TemporaryDirectory() as scratch:
        found = {name: outcome(row) for name, row in rows(models, Path(scratch)).items()}
    of("huggingface_hub.utils", "send_telemetry")("canary")
    for name in of("pyannote.audio.telemetry", "__dict__"):
        if name.startswith("track_"):
            of("pyannote.audio.telemetry", name)(None)
    facts = {
        "threads": sorted({thread.name for thread in threading.enumerate()} - before),
        "exporters": sorted(name for name in sys.modules if name.startswith("opentelemetry.")),
        "importable": sorted(name for name in ("aiohttp", "grpc", "hf_xet", "httpx") if importable(name)),
    }
    sys.stdout.write(json.dumps({"rows": found, "facts": facts}))


def importable(name: str) -> bool:
    try:
        import_module(name)
    except ImportError:
        return False
    return True


if __name__ == "__main__":
    main(Path(sys.argv[1]))
