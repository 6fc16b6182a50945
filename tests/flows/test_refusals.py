"""What the commands refuse: in words, with a code, and with nothing left behind."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.errors import PortTakenError
from tests.conftest import REPOSITORY, corpus_file
from tests.flows.appliance_client import begin, send
from tests.flows.appliance_process import ApplianceProcess, free_port
from tests.flows.mounts import mounted


def appliance(*arguments: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "appliance", *map(str, arguments)]
    environment = {**os.environ, "CLOISTER_HOST": "127.0.0.1", **settings}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=120, cwd=REPOSITORY, check=False
    )


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--speakers", "0"], "speakers cannot be 0"),
        (["--speakers", "-3"], "speakers cannot be -3"),
        (["--language", "klingon"], "language cannot be klingon"),
        (["--min-speakers", "4", "--max-speakers", "2"], "more than max_speakers"),
        (["--speakers", "2", "--max-speakers", "3"], "not both"),
        (["--formats", "pdf"], "formats cannot be pdf"),
    ],
)
def test_an_option_that_cannot_be_meant_is_refused_before_anything_starts(
    arguments: list[str], word: str, tmp_path: Path
) -> None:
    answer = appliance("transcribe", "talk.wav", "--out", tmp_path / "out", *arguments)
    assert answer.returncode == 2
    assert word in answer.stderr
    assert "[option]" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not (tmp_path / "out").exists()


def test_a_port_that_is_taken_is_named_and_no_folder_is_made(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        answer = appliance("serve", "--data", tmp_path / "data", "--port", str(port))
    assert answer.returncode == 1
    assert str(PortTakenError(port=port)) in answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_setting_of_the_wrong_kind_is_named(tmp_path: Path) -> None:
    answer = appliance("serve", "--data", tmp_path / "data", CLOISTER_MAX_UPLOAD_BYTES="many")
    assert answer.returncode == 2
    assert "max_upload_bytes" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_data_folder_that_is_read_only_is_refused(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "ro"):
        answer = appliance("serve", "--data", tmp_path / "disk" / "data", "--port", str(free_port()))
    assert answer.returncode == 1
    assert "[data_folder]" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.models
def test_a_model_file_altered_by_one_byte_is_named_and_nothing_is_transcribed(
    tmp_path: Path, starter_set: Path, sample_wav: Path
) -> None:
    altered = tmp_path / "altered"
    shutil.copytree(starter_set, altered)
    victim = altered / "segmentation" / "model.safetensors"
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)
    answer = appliance("transcribe", sample_wav, "--out", tmp_path / "out", "--models", altered)
    assert answer.returncode == 1
    assert "segmentation/model.safetensors" in answer.stderr
    assert "[model.file_altered]" in answer.stderr
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.models
def test_a_speech_model_that_the_set_lacks_is_refused_with_those_that_there_are(
    tmp_path: Path, sample_wav: Path
) -> None:
    answer = appliance("transcribe", sample_wav, "--out", tmp_path / "out", "--model", "fast")
    assert answer.returncode == 2
    assert "no speech model called fast here. There are: default." in answer.stderr
    assert "[choice.model]" in answer.stderr


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\n".join(b"t%d" % number for number in range(300)), "vocabulary.terms"),
        (b"\n".join(b"term %d" % number for number in range(10_000)), "vocabulary.size"),
        (b"fine\n<|endoftext|>\n", "vocabulary.reserved"),
        (b"\xff\xfe not text", "option"),
        (b"x" * 200, "vocabulary.long"),
        (b"x" * 2_000_000, "vocabulary.size"),
        (None, "option"),
    ],
)
def test_a_vocabulary_that_cannot_be_used_is_refused_before_models_are_loaded(
    tmp_path: Path, sample_wav: Path, content: bytes | None, code: str
) -> None:
    file = tmp_path / "terms.txt"
    if content is not None:
        file.write_bytes(content)
    answer = appliance("transcribe", sample_wav, "--out", tmp_path / "out", "--vocabulary", file)
    assert answer.returncode == 2
    assert f"[{code}]" in answer.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.models
def test_a_vocabulary_spells_a_name_and_the_answer_says_how_many_terms_fit(tmp_path: Path, sample_wav: Path) -> None:
    (tmp_path / "terms.txt").write_text("Dihann\nKaethe\n\n")
    answer = appliance(
        "transcribe", sample_wav, "--out", tmp_path, "--formats", "txt", "--no-diarize", "--language", "en",
        "--vocabulary", tmp_path / "terms.txt",
    )  # fmt: skip
    assert json.loads(answer.stdout)["vocabulary"] == {"given": 2, "used": 2}
    assert "Dihann" in (tmp_path / "sample.txt").read_text()


def test_a_folder_without_a_model_set_is_named(tmp_path: Path, sample_wav: Path) -> None:
    answer = appliance("transcribe", sample_wav, "--out", tmp_path, "--models", tmp_path / "nowhere")
    assert answer.returncode == 1
    assert "[model.set_missing]" in answer.stderr


@pytest.mark.models
def test_bad_files_are_answered_one_by_one_and_the_good_one_is_still_transcribed(
    tmp_path: Path, starter_set: Path, sample_wav: Path
) -> None:
    (tmp_path / "empty.wav").touch()
    (tmp_path / "noise.mp3").write_bytes(bytes(range(256)) * 40)
    (tmp_path / "list.wav").write_text("#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n")
    shutil.copy(sample_wav, tmp_path / "$(touch x); talk.wav")
    out = tmp_path / "out"
    files = [tmp_path / name for name in ("empty.wav", "noise.mp3", "list.wav", "gone.wav", "$(touch x); talk.wav")]
    answer = appliance("transcribe", *files, "--out", out, "--formats", "json,txt", "--no-diarize", "--language", "en")
    lines = [json.loads(line) for line in answer.stdout.splitlines()]
    assert answer.returncode == 1
    assert [line.get("code") for line in lines] == [
        "media.unreadable",
        "media.unreadable",
        "media.forbidden_format",
        "option",
        None,
    ]
    assert lines[-1]["ok"]
    assert sorted(path.name for path in out.iterdir()) == ["$(touch x); talk.json", "$(touch x); talk.txt"]


@pytest.mark.models
@pytest.mark.parametrize(
    "name",
    [
        "truncated_no_moov.m4a",
        "video_only.mp4",
        "rate_0.wav",
        "rate_4294967295.wav",
        "claims_4gb.wav",
        "hls_sibling.mp3",
    ],
)
def test_a_bad_recording_fails_its_job_in_words_and_its_audio_goes(
    shared_appliance: ApplianceProcess, name: str
) -> None:
    content = corpus_file(f"formats/{name}").read_bytes()
    recording_id = shared_appliance.upload(content, name)
    state = shared_appliance.wait_ended(recording_id)
    [(code,)] = shared_appliance.rows("select error_code from jobs where recording_id = ?", recording_id)
    assert state == ("done" if name == "claims_4gb.wav" and code is None else "failed")
    assert code is None or code.startswith("media.")
    assert recording_id not in shared_appliance.spooled()


@pytest.mark.models
def test_a_disk_that_fills_up_during_an_upload_stops_it_in_words_and_it_goes_on_later(
    tmp_path: Path, starter_set: Path, sample: bytes
) -> None:
    with mounted(tmp_path / "disk", "size=90m"):
        appliance = ApplianceProcess(tmp_path / "disk")
        appliance.start()
        try:
            content = sample + bytes(9 * 2**20)
            with appliance.client() as client:
                recording_id = begin(client, "talk.wav", len(content), language="en", diarize=False)
                send(client, recording_id, 0, content).raise_for_status()
                filler = tmp_path / "disk" / "filler"
                fill(filler)
                refused = send(client, recording_id, 1, content)
                assert refused.status_code == 507
                assert refused.json()["code"] in ("upload.no_space", "disk_full")
                filler.unlink()
                send(client, recording_id, 1, content).raise_for_status()
            assert appliance.wait_ended(recording_id) == "done"
        finally:
            appliance.end()


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(2**16))
        except OSError:
            return
