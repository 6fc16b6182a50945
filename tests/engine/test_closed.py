"""Every way out that a library of the engine knows, taken: each is refused by name, and nothing runs in the open."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from appliance import cage
from appliance.config import CLOSED_ENVIRONMENT, child_environment, differing_environment
from appliance.engine.closed import require_closed_environment
from appliance.errors import CallRefusedError, OpenEnvironmentError
from appliance.worker import process
from appliance.worker.keeper import EngineKeeper
from tests.conftest import REPOSITORY

THREADS = 2
PROGRAM = REPOSITORY / "tests" / "engine" / "closed_rows.py"
URL = "https://models.example.org/weights.pt"
HUB, SNAPSHOT = "huggingface_hub.file_download.hf_hub_download", "huggingface_hub._snapshot_download.snapshot_download"

# Row by row: where the call is refused, and what was wanted.
REFUSED = {
    "pyannote telemetry": ("pyannote.audio.telemetry.set_telemetry_metrics", "something"),
    "pyannote model": (HUB, "pyannote/segmentation-3.0"),
    "pyannote pipeline": (HUB, "pyannote/community-1"),
    "pyannote embedding": (HUB, "hbredin/wespeaker-voxceleb-resnet34-LM"),
    "whisperx aligner of torchaudio": ("torch.hub.load_state_dict_from_url", "https://download.pytorch.org/"),
    "whisperx aligner of the hub": (HUB, "jonatasgrosman/wav2vec2-large-xlsr-53-dutch"),
    "whisperx sentence splitter": ("nltk.download", "punkt_tab"),
    "whisperx silero": ("torch.hub.load", "snakers4/silero-vad"),
    "faster-whisper model": (SNAPSHOT, "Systran/faster-whisper-tiny"),
    "faster-whisper tokenizer": (HUB, "openai/whisper-tiny"),
    "transformers model": (HUB, "facebook/wav2vec2-base"),
    "transformers tokenizer": (HUB, "facebook/wav2vec2-base"),
    "hub file": (HUB, "owner/name"),
    "hub snapshot": (SNAPSHOT, "owner/name"),
    "hub questions": ("requests.Session.send", "http://127.0.0.1:9/api/models/owner/name"),
    "torch.hub.load": ("torch.hub.load", "snakers4/silero-vad"),
    "torch.hub.load_state_dict_from_url": ("torch.hub.load_state_dict_from_url", URL),
    "torch.hub.download_url_to_file": ("torch.hub.download_url_to_file", URL),
    "torchaudio asset": ("torch.hub.download_url_to_file", "https://download.pytorch.org/torchaudio/models/x.pt"),
    "lightning.fabric": ("torch.hub.load_state_dict_from_url", URL),
    "lightning_fabric": ("torch.hub.load_state_dict_from_url", URL),
    "nltk.download": ("nltk.download", "punkt_tab"),
    "nltk.downloader": ("nltk.downloader.Downloader.download", "punkt_tab"),
    "nltk.data": ("nltk (socket.getaddrinfo)", "models.example.org"),
    "urllib": ("urllib.request.OpenerDirector.open", URL),
    "requests": ("requests.Session.send", URL),
    "http.client": ("__main__ (http.client.connect)", "models.example.org"),
    "names": ("__main__ (socket.getaddrinfo)", "models.example.org"),
    "sockets": ("__main__ (socket.getaddrinfo)", "192.0.2.1"),
    "datagrams": ("__main__ (socket.sendto)", "('192.0.2.1', 53)"),
}

# Under the seal, so that the one that is not switched off leaves its traces on the disk and not in a network.
NATIVE = """
import sys
from pathlib import Path
from appliance import cage
cage.seal_engine(readable=[], writable=[Path(sys.argv[1])])
from faster_whisper.vad import get_vad_model
get_vad_model()
"""
MISSING = cage.check_kernel(allow_weaker=True)


@pytest.fixture(scope="module")
def found(starter_set: Path) -> dict[str, Any]:
    """What came of every row, in a process whose libraries are closed as the engine closes them."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(PROGRAM), str(starter_set)],
        env=child_environment(THREADS),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answer = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(answer, dict)
    return answer


@pytest.mark.models
@pytest.mark.parametrize("row", REFUSED)
def test_a_way_out_is_refused_with_the_names_of_who_wanted_what(found: dict[str, Any], row: str) -> None:
    outcome = found["rows"][row]
    library, wanted = REFUSED[row]
    assert (outcome["code"], outcome["library"]) == (CallRefusedError.code, library), outcome["said"]
    assert outcome["wanted"].startswith(wanted)
    assert library in outcome["said"]


@pytest.mark.models
def test_every_row_that_is_tried_is_expected(found: dict[str, Any]) -> None:
    assert set(found["rows"]) == set(REFUSED)


@pytest.mark.models
def test_telemetry_has_no_exporter_and_no_thread_even_when_it_is_called(found: dict[str, Any]) -> None:
    assert found["facts"]["exporters"] == []
    assert found["facts"]["threads"] == []


@pytest.mark.models
def test_clients_that_nothing_needs_cannot_be_imported(found: dict[str, Any]) -> None:
    assert found["facts"]["importable"] == []


@pytest.mark.skipif(bool(MISSING), reason=f"this kernel cannot enforce the seal: {MISSING}")
@pytest.mark.parametrize(("switch", "traces"), [("1", False), ("0", True)], ids=["switched off", "left alone"])
def test_the_reporter_in_native_code_makes_no_identifier(tmp_path: Path, switch: str, *, traces: bool) -> None:
    environment = child_environment(THREADS) | {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", NATIVE, str(tmp_path)],
        env=environment | {"ORT_DISABLE_TELEMETRY": switch},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert bool(list(tmp_path.rglob("*onnxruntime*"))) is traces


class Environment(dict[str, str]):
    """An environment in which pytest does not leave its own note of the running test."""

    def __setitem__(self, name: str, value: str) -> None:
        """Take everything but that note."""
        if name != "PYTEST_CURRENT_TEST":
            super().__setitem__(name, value)


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a child, as this process's own."""
    environment = Environment(child_environment(THREADS))
    monkeypatch.setattr(os, "environ", environment)
    return environment


def test_the_environment_that_children_get_is_closed(closed: dict[str, str]) -> None:
    assert set(CLOSED_ENVIRONMENT.items()) <= set(closed.items())
    require_closed_environment(THREADS)


def test_pythons_own_choice_of_a_locale_leaves_it_closed(closed: dict[str, str]) -> None:
    closed["LC_CTYPE"] = "C.UTF-8"
    require_closed_environment(THREADS)


@pytest.mark.parametrize("name", CLOSED_ENVIRONMENT)
@pytest.mark.parametrize("value", [None, "", "anything else"])
def test_a_switch_that_is_missing_or_other_is_refused_by_name(
    closed: dict[str, str], name: str, value: str | None
) -> None:
    if value is None:
        del closed[name]
    else:
        closed[name] = value
    with pytest.raises(OpenEnvironmentError, match=name):
        require_closed_environment(THREADS)


@pytest.mark.parametrize(
    "name",
    [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
        "NO_PROXY",
        "HF_TOKEN",
        "HF_TOKEN_PATH",
        "HUGGING_FACE_HUB_TOKEN",
        "HF_HUB_CACHE",
        "PYANNOTE_API_KEY",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "AWS_SECRET_ACCESS_KEY",
        "PYTHONPATH",
        "LD_PRELOAD",
    ],
)
def test_a_foreign_variable_is_refused_by_name_and_its_value_is_not_told(closed: dict[str, str], name: str) -> None:
    closed[name] = "hf_secret"
    with pytest.raises(OpenEnvironmentError, match=name) as refused:
        require_closed_environment(THREADS)
    assert "hf_secret" not in str(refused.value)


@pytest.mark.parametrize("name", ["HOME", "TMPDIR", "HF_HOME", "TORCH_HOME", "NLTK_DATA", "MPLCONFIGDIR"])
def test_a_folder_of_caches_outside_the_scratch_folder_is_refused(
    closed: dict[str, str], name: str, tmp_path: Path
) -> None:
    closed[name] = str(tmp_path)
    with pytest.raises(OpenEnvironmentError, match=name):
        require_closed_environment(THREADS)


def test_every_difference_is_told_at_once(closed: dict[str, str]) -> None:
    closed["https_proxy"] = "x"
    del closed["DO_NOT_TRACK"]
    assert differing_environment(THREADS) == ("DO_NOT_TRACK", "https_proxy")


def test_the_downloader_that_hides_from_audit_hooks_is_refused_where_it_is_installed(
    closed: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hf_xet.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(OpenEnvironmentError, match="hf_xet"):
        require_closed_environment(THREADS)


def test_an_engine_with_a_proxy_in_its_environment_does_not_load_its_models(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment = child_environment(THREADS) | {"https_proxy": "http://192.0.2.1:3128"}
    monkeypatch.setattr(process, "child_environment", lambda _threads: environment)
    engine = EngineKeeper(tmp_path, THREADS, allow_weaker=True)
    engine.open()
    try:
        with pytest.raises(OpenEnvironmentError, match="https_proxy"):
            engine.wait_ready()
    finally:
        engine.close()
