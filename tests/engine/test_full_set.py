from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from appliance.config import child_environment
from appliance.engine.catalog import fingerprint, load_catalog, load_lock
from appliance.engine.hub import Hub
from appliance.engine.models import ModelSet
from appliance.engine.pipeline import Pipeline
from appliance.engine.prefetch import Prefetch, main
from appliance.engine.resnet import ResNetVoices, read_resnet
from appliance.engine.wav2vec2 import FORMER_NAMES
from appliance.engine.weights import read_segmentation
from appliance.errors import UnpinnedModelError
from appliance.options import LANGUAGES, TranscribeOptions
from tests.conftest import REPOSITORY, corpus_file
from tests.simulators import networks
from tests.simulators.hub import DEFAULT_REVISION, HubSimulator

CATALOG = REPOSITORY / "models" / "catalog.toml"
WHISPER, DIARIZATION, ALIGNER = "someone/whisper", "pyannote/community", "someone/aligner-en"
CARD = b"---\nlicense: mit\n---\n# A model\n"
PICKLE = b"\x80"


@dataclass(slots=True)
class Publisher:
    """A hub with a small model of each kind, and a catalog that names them.

    Attributes:
        hub: Where they are published.
        folder: Of the catalog, the sets and what is fetched.
        pinned: Repositories of which the catalog knows revision and checksums.
        licence: Of the aligner, as the catalog has it.
    """

    hub: HubSimulator
    folder: Path
    pinned: set[str] = field(default_factory=lambda: {WHISPER, DIARIZATION, ALIGNER})
    licence: str = "MIT"

    @property
    def out(self) -> Path:
        """Folder of the set."""
        return self.folder / "full"

    @property
    def lock(self) -> Path:
        """File of the pins that were found."""
        return self.folder / "full.lock.toml"

    def run(self, *arguments: str) -> int:
        """Write the catalog and run the command."""
        (self.folder / "catalog.toml").write_text(self.catalog())
        return main(["full", "--catalog", str(self.folder / "catalog.toml"), "--models", str(self.folder), *arguments])

    def catalog(self) -> str:
        """Return the catalog's text."""
        clustering = 'algorithm = "vbx"\nthreshold = 0.6\nfa = 0.07\nfb = 0.8\nwindow_step_s = 1.0\n'
        text = f'schema = 1\n[sets.full]\nfrom = "hub"\nrelease = "1"\n[sets.full.clustering]\n{clustering}'
        plda = ("plda/plda.npz", "plda/xvec_transform.npz")
        whisper = tuple(path for repo, path in self.hub.files if repo == WHISPER)
        text += self.model("asr", "ct2", WHISPER, whisper)
        text += self.model("segmentation", "safetensors", DIARIZATION, ("segmentation/pytorch_model.bin",))
        text += self.model("embedding", "safetensors", DIARIZATION, ("embedding/pytorch_model.bin",))
        text += self.model("clustering", "npz", DIARIZATION, plda)
        aligner = ("pytorch_model.bin", "config.json", "vocab.json", "README.md")
        return text + self.model("aligner/en", "safetensors", ALIGNER, aligner)

    def model(self, role: str, kind: str, repo: str, paths: tuple[str, ...]) -> str:
        """Return the catalog's section of a role."""
        licence = self.licence if repo == ALIGNER else "MIT"
        lines = [f'[sets.full.models."{role}"]', f'id = "small-{role.replace("/", "-")}"', f'kind = "{kind}"']
        lines += [f'licence = "{licence}"', f'repo = "{repo}"']
        if repo in self.pinned:
            lines.append(f'revision = "{self.hub.revision}"')
        if "README.md" in paths:
            lines.append('card = "README.md"')
        lines.append(f'[sets.full.models."{role}".files]')
        for path in paths:
            content = self.hub.files[repo, path]
            pin = f'{{ sha256 = "{hashlib.sha256(content).hexdigest()}", bytes = {len(content)} }}'
            lines.append(f'"{path}" = {pin if repo in self.pinned else "{}"}')
        return "\n".join(lines) + "\n"


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Threads wait for each other at every layer of a small network, most of all where other tests run besides."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def contents() -> dict[tuple[str, str], bytes]:
    """What a hub publishes, by repository and path; the recogniser is a stand-in that is never loaded."""
    config = {"lang_ids": [50259, 50302], "alignment_heads": []}
    tokens = [{"id": 50259, "content": "<|en|>"}, {"id": 50302, "content": "<|bn|>"}, {"id": 1, "content": "!"}]
    files = {
        (WHISPER, "model.bin"): b"weights of the recogniser" * 40,
        (WHISPER, "config.json"): json.dumps(config).encode(),
        (WHISPER, "tokenizer.json"): json.dumps({"added_tokens": tokens}).encode(),
        (WHISPER, "vocabulary.json"): b"[]",
        (DIARIZATION, "segmentation/pytorch_model.bin"): networks.segmentation_checkpoint(),
        (DIARIZATION, "embedding/pytorch_model.bin"): networks.embedding_checkpoint(),
        (ALIGNER, "README.md"): CARD,
    }
    files |= {(DIARIZATION, path): content for path, content in networks.plda_archives().items()}
    return files | {(ALIGNER, path): content for path, content in networks.aligner_files().items()}


@pytest.fixture
def publisher(
    contents: dict[tuple[str, str], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Publisher]:
    with HubSimulator(files=dict(contents)).serving() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        monkeypatch.delenv("HF_TOKEN", raising=False)
        yield Publisher(hub, tmp_path)


def test_a_pinned_set_is_fetched_and_built(publisher: Publisher, capsys: pytest.CaptureFixture[str]) -> None:
    assert publisher.run() == 0
    built = ModelSet.open(publisher.out)
    assert set(built.models) == {"asr", "segmentation", "embedding", "clustering", "aligner/en"}
    assert built.languages == ("bn", "en")
    assert built.aligner("en") == publisher.out / "aligner" / "en"
    said = capsys.readouterr().out
    assert f"{WHISPER}/model.bin" in said
    assert "was built" in said


def test_nothing_in_the_set_is_a_pickle(publisher: Publisher) -> None:
    publisher.run()
    files = [path for path in publisher.out.rglob("*") if path.is_file()]
    assert [path.name for path in files if path.read_bytes()[:1] == PICKLE] == []
    for path in files:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as arrays:
                assert all(arrays[name].dtype.kind == "f" for name in arrays.files)
    assert not [path for path in files if path.name == "pytorch_model.bin"]


def test_the_set_says_whose_every_model_is(publisher: Publisher) -> None:
    publisher.run()
    role = ModelSet.open(publisher.out).manifest.roles["aligner/en"]
    assert role.origin.startswith(f"{ALIGNER}, revision {DEFAULT_REVISION}")
    notice = (publisher.out / "licences" / "small-aligner-en.txt").read_text()
    assert "Licence: MIT" in notice
    assert "# A model" in notice


def test_a_second_run_asks_the_hub_for_nothing(publisher: Publisher, capsys: pytest.CaptureFixture[str]) -> None:
    publisher.run()
    publisher.hub.asked.clear()
    assert publisher.run() == 0
    assert publisher.hub.asked == []
    assert "is complete" in capsys.readouterr().out


def test_a_fetched_file_that_was_altered_is_fetched_again(publisher: Publisher) -> None:
    publisher.run()
    place = publisher.folder / ".hub" / WHISPER.replace("/", "--") / DEFAULT_REVISION / "config.json"
    place.write_bytes(b"{}")
    publisher.hub.asked.clear()
    assert publisher.run() == 0
    assert len({asked.path for asked in publisher.hub.asked if "/resolve/" in asked.path}) == 1


def test_a_file_that_is_not_the_pinned_one_stops_everything(
    publisher: Publisher, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog = publisher.catalog()
    publisher.hub.publish(ALIGNER, "vocab.json", b'{"a": 0, "|": 1}' + b" " * 400)
    (publisher.folder / "catalog.toml").write_text(catalog)
    status = main(["full", "--catalog", str(publisher.folder / "catalog.toml"), "--models", str(publisher.folder)])
    assert status == 1
    assert f"{ALIGNER}/vocab.json" in capsys.readouterr().err
    assert not publisher.out.exists()


def test_an_unpinned_set_is_not_fetched_and_says_what_to_do(
    publisher: Publisher, capsys: pytest.CaptureFixture[str]
) -> None:
    publisher.pinned.remove(ALIGNER)
    assert publisher.run() == 1
    said = capsys.readouterr().err
    assert "of 4 files" in said
    assert "scripts/prefetch --pin full" in said
    assert publisher.hub.asked == []


def test_no_file_without_a_pin_is_ever_asked_for(tmp_path: Path) -> None:
    prefetch = Prefetch(Hub("http://127.0.0.1:9"), tmp_path, tmp_path / "lock.toml", lambda _: None)
    with pytest.raises(UnpinnedModelError, match="pytorch_model"):
        prefetch.fetch("full", load_catalog(CATALOG).hub("full"))


def test_pinning_writes_down_revision_size_and_checksum(publisher: Publisher) -> None:
    publisher.pinned.remove(ALIGNER)
    assert publisher.run("--pin") == 0
    locked = load_lock(publisher.lock).repositories
    assert set(locked) == {ALIGNER}
    assert locked[ALIGNER].revision == DEFAULT_REVISION
    content = publisher.hub.files[ALIGNER, "vocab.json"]
    assert locked[ALIGNER].files["vocab.json"].bytes == len(content)
    assert locked[ALIGNER].files["vocab.json"].sha256 == hashlib.sha256(content).hexdigest()
    assert not publisher.out.exists()


def test_what_was_pinned_is_built_without_fetching_it_again(publisher: Publisher) -> None:
    publisher.pinned.remove(ALIGNER)
    publisher.run("--pin")
    publisher.hub.asked.clear()
    assert publisher.run() == 0
    assert [asked.path for asked in publisher.hub.asked if ALIGNER in asked.path] == []
    assert ModelSet.open(publisher.out).has("aligner/en")


def test_what_was_pinned_cannot_change_at_the_hub(publisher: Publisher, capsys: pytest.CaptureFixture[str]) -> None:
    publisher.pinned.remove(ALIGNER)
    publisher.run("--pin")
    (publisher.folder / ".hub" / ALIGNER.replace("/", "--") / DEFAULT_REVISION / "vocab.json").unlink()
    publisher.hub.lies.other_bytes = True
    assert publisher.run() == 1
    assert "checksum is not the pinned one" in capsys.readouterr().err


def test_pinning_a_pinned_set_asks_for_nothing(publisher: Publisher) -> None:
    assert publisher.run("--pin") == 0
    assert publisher.hub.asked == []
    assert not publisher.lock.exists()


def test_pinning_that_was_interrupted_keeps_what_it_has(publisher: Publisher) -> None:
    publisher.pinned.remove(ALIGNER)
    weights = publisher.hub.files.pop((ALIGNER, "pytorch_model.bin"))
    publisher.hub.files[ALIGNER, "pytorch_model.bin"] = weights
    text = publisher.catalog()
    del publisher.hub.files[ALIGNER, "vocab.json"]
    (publisher.folder / "catalog.toml").write_text(text)
    arguments = [
        "full",
        "--pin",
        "--catalog",
        str(publisher.folder / "catalog.toml"),
        "--models",
        str(publisher.folder),
    ]
    assert main(arguments) == 1
    kept = set(load_lock(publisher.lock).repositories[ALIGNER].files)
    assert kept == {"README.md", "pytorch_model.bin", "config.json"}
    publisher.hub.publish(ALIGNER, "vocab.json", networks.aligner_files()["vocab.json"])
    publisher.hub.asked.clear()
    assert main(arguments) == 0
    assert {asked.path.rpartition("/")[2] for asked in publisher.hub.asked} == {"vocab.json"}


def test_the_pins_of_another_revision_say_nothing(publisher: Publisher, capsys: pytest.CaptureFixture[str]) -> None:
    publisher.pinned.remove(ALIGNER)
    publisher.run("--pin")
    publisher.lock.write_text(publisher.lock.read_text().replace("schema", "# of another time\nschema"))
    text = publisher.catalog().replace(f'repo = "{ALIGNER}"', f'repo = "{ALIGNER}"\nrevision = "{"b" * 40}"')
    (publisher.folder / "catalog.toml").write_text(text)
    assert main(["full", "--catalog", str(publisher.folder / "catalog.toml"), "--models", str(publisher.folder)]) == 1
    assert "of 4 files" in capsys.readouterr().err


def test_a_model_under_another_licence_is_not_pinned(publisher: Publisher, capsys: pytest.CaptureFixture[str]) -> None:
    publisher.pinned.remove(ALIGNER)
    publisher.licence = "Apache-2.0"
    assert publisher.run("--pin") == 1
    assert "states the licence mit where the catalog has Apache-2.0" in capsys.readouterr().err
    assert not publisher.lock.exists()


def test_a_lock_that_is_not_one_is_refused_by_name(publisher: Publisher, capsys: pytest.CaptureFixture[str]) -> None:
    publisher.lock.write_text("schema = 7\n")
    assert publisher.run() == 1
    assert "full.lock.toml" in capsys.readouterr().err


def test_languages_leave_the_other_aligners_out(publisher: Publisher) -> None:
    publisher.pinned.remove(ALIGNER)
    assert publisher.run("--languages", "") == 0
    assert not ModelSet.open(publisher.out).has("aligner/en")


def test_a_language_without_an_aligner_is_refused(publisher: Publisher, capsys: pytest.CaptureFixture[str]) -> None:
    assert publisher.run("--languages", "en,xx") == 1
    assert "aligner/xx" in capsys.readouterr().err


def test_a_set_that_nobody_knows_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["everything", "--catalog", str(CATALOG)]) == 1
    assert "everything" in capsys.readouterr().err


def test_conditions_are_met_with_a_token_from_a_file(publisher: Publisher, tmp_path: Path) -> None:
    publisher.hub.gated.add(DIARIZATION)
    (tmp_path / "token").write_text(f"{publisher.hub.token}\n")
    assert publisher.run("--token-file", str(tmp_path / "token")) == 0


def test_conditions_are_met_with_a_token_from_the_environment(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher.hub.gated.add(DIARIZATION)
    monkeypatch.setenv("HF_TOKEN", publisher.hub.token)
    assert publisher.run() == 0


def test_conditions_that_were_not_accepted_are_told_in_words(
    publisher: Publisher, capsys: pytest.CaptureFixture[str]
) -> None:
    publisher.hub.gated.add(DIARIZATION)
    assert publisher.run() == 1
    assert "accepted its conditions" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, "two words", "", "büro"])
def test_a_token_that_cannot_be_one_is_refused(
    publisher: Publisher, tmp_path: Path, content: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / "token").write_text(content)
    assert publisher.run("--token-file", str(tmp_path / "token")) == 1
    assert "token" in capsys.readouterr().err
    assert publisher.hub.asked == []


@pytest.mark.parametrize(
    ("repo", "path"),
    [
        (DIARIZATION, "segmentation/pytorch_model.bin"),
        (DIARIZATION, "embedding/pytorch_model.bin"),
        (ALIGNER, "pytorch_model.bin"),
    ],
)
def test_a_pickle_that_would_run_code_is_refused_and_does_not_run(
    publisher: Publisher, tmp_path: Path, repo: str, path: str
) -> None:
    publisher.hub.publish(repo, path, networks.hostile(tmp_path / "ran"))
    assert publisher.run() == 1
    assert not (tmp_path / "ran").exists()
    assert not publisher.out.exists()


@pytest.mark.parametrize(
    ("repo", "path", "content", "words"),
    [
        (DIARIZATION, "embedding/pytorch_model.bin", networks.pickled({"state_dict": {}}), "expected kind"),
        (
            DIARIZATION,
            "embedding/pytorch_model.bin",
            networks.embedding_checkpoint("XVectorSincNet"),
            "WeSpeakerResNet34",
        ),
        (
            DIARIZATION,
            "embedding/pytorch_model.bin",
            networks.embedding_checkpoint(hyper_parameters={"num_mel_bins": 40}),
            "num_mel_bins",
        ),
        (DIARIZATION, "embedding/pytorch_model.bin", networks.embedding_checkpoint(state_dict={}), "weights"),
        (DIARIZATION, "plda/plda.npz", networks.archive(mu=np.zeros(3)), "arrays"),
        (DIARIZATION, "plda/plda.npz", networks.archive(mu=np.array([{}]), tr=np.zeros(1), psi=np.zeros(1)), "numbers"),
        (DIARIZATION, "plda/plda.npz", b"PK", "numbers"),
        (ALIGNER, "config.json", networks.aligner_files(architectures=["Other"])["config.json"], "CTC"),
        (ALIGNER, "config.json", networks.aligner_files(hidden_size=32)["config.json"], "network"),
        (ALIGNER, "config.json", networks.aligner_files(num_hidden_layers=2)["config.json"], "network"),
        (ALIGNER, "vocab.json", b'{"a": 99}', "columns"),
        (ALIGNER, "vocab.json", b"[]", "column"),
    ],
)
def test_what_is_not_what_the_catalog_takes_it_for_is_refused_when_the_set_is_built(
    publisher: Publisher, repo: str, path: str, content: bytes, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    publisher.hub.publish(repo, path, content)
    assert publisher.run() == 1
    assert words in capsys.readouterr().err
    assert not publisher.out.exists()


def test_an_aligner_keeps_every_weight_and_gets_present_names(publisher: Publisher) -> None:
    publisher.run()
    written = load_file(publisher.out / "aligner" / "en" / "model.safetensors")
    original = torch.load(
        publisher.folder / ".hub" / ALIGNER.replace("/", "--") / DEFAULT_REVISION / "pytorch_model.bin"
    )
    for name, tensor in original.items():
        stem, _, last = name.rpartition(".")
        assert torch.equal(written[f"{stem}.{FORMER_NAMES.get(last, last)}"], tensor)


def test_two_builds_of_one_recipe_are_the_same(publisher: Publisher) -> None:
    publisher.run()
    before = ModelSet.open(publisher.out).manifest.files
    (publisher.out / "set.json").unlink()
    publisher.run()
    assert ModelSet.open(publisher.out).manifest.files == before


def test_the_parts_of_the_embedding_compute_what_the_whole_does(publisher: Publisher) -> None:
    publisher.run()
    whole = read_resnet(publisher.out / "embedding")
    parts = ResNetVoices.load(publisher.out / "embedding", torch.device("cpu"))
    sound = torch.randn(2, 1, 16_000 * 3, generator=torch.Generator().manual_seed(0)) * 0.1
    feats = whole.compute_fbank(sound).numpy()
    weights = (torch.arange(parts.hear(list(feats))[0].shape[0]) % 3 > 0).float()
    with torch.inference_mode():
        expected = whole(sound, weights[None].repeat(2, 1)).numpy()
    for frames, embedding in zip(parts.hear(list(feats)), expected, strict=True):
        own = frames[weights.numpy().astype(bool)]
        found = parts.embed(np.concatenate([own.mean(axis=0), own.std(axis=0, ddof=1)]))
        assert np.abs(found - embedding).max() < 1e-4 * np.abs(embedding).max()


def test_an_edit_of_one_set_leaves_the_other_as_it_is(tmp_path: Path) -> None:
    text = CATALOG.read_text()
    before = load_catalog(CATALOG)
    other = tmp_path / "catalog.toml"
    other.write_text("# A remark.\n" + text.replace("fb = 0.8", "fb = 0.9"))
    assert fingerprint(load_catalog(other).packages("starter")) == fingerprint(before.packages("starter"))
    assert fingerprint(load_catalog(other).hub("full")) != fingerprint(before.hub("full"))


def test_the_catalog_pins_what_the_full_set_cannot_do_without() -> None:
    models = load_catalog(CATALOG).hub("full").models
    assert [
        role for role in ("asr", "segmentation", "embedding", "clustering", "aligner/en") if models[role].unpinned
    ] == []


def test_every_aligner_of_the_catalog_is_of_a_language_that_can_be_chosen() -> None:
    recipe = load_catalog(CATALOG).hub("full")
    codes = {role.removeprefix("aligner/") for role in recipe.models if role.startswith("aligner/")}
    assert codes <= set(LANGUAGES)
    assert all(model.card is None or model.card in model.files for model in recipe.models.values())
    assert len({model.id for model in recipe.models.values()}) == len(recipe.models)


THREADS = 2


@pytest.fixture(scope="session")
def runnable(
    starter_set: Path, contents: dict[tuple[str, str], bytes], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A full set that hears: the starter's recogniser and segmentation, published as a hub would publish them."""
    files = {place: content for place, content in contents.items() if place[0] != WHISPER}
    files |= {(WHISPER, path.name): path.read_bytes() for path in (starter_set / "asr").iterdir()}
    segmentation = networks.segmentation_checkpoint(read_segmentation(starter_set / "segmentation"))
    files[DIARIZATION, "segmentation/pytorch_model.bin"] = segmentation
    folder = tmp_path_factory.mktemp("runnable")
    with HubSimulator(files=files).serving() as hub, pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_ENDPOINT", hub.endpoint)
        publisher = Publisher(hub, folder)
        assert publisher.run() == 0
    return publisher.out


@pytest.fixture(scope="session")
def clip() -> np.ndarray:
    """Thirty seconds of a meeting, from the corpus."""
    resampler = av.AudioResampler("s16", "mono", 16_000)
    with av.open(str(corpus_file("diar/ami_en2001a_30s.flac"))) as container:
        frames = [*container.decode(audio=0), None]
        return np.concatenate([out.to_ndarray()[0] for frame in frames for out in resampler.resample(frame)])


@pytest.mark.models
def test_a_full_set_turns_a_meeting_into_aligned_words_and_speakers(runnable: Path, clip: np.ndarray) -> None:
    pipeline = Pipeline.load(runnable, THREADS)
    transcript, seconds = pipeline.transcribe(clip, TranscribeOptions(language="en", speakers=3), lambda *_: None)
    words = [word for segment in transcript.segments for word in segment.words]
    assert len(words) > 20
    assert sum(word.timed_by == "alignment" for word in words) > 0.8 * len(words)
    assert len(transcript.speakers) == 3
    assert transcript.models["embedding"] == "small-embedding"
    assert list(seconds) == ["segment", "language", "asr", "words", "embed", "diarize", "assign"]


CAGED = """
import sys
from pathlib import Path
from appliance import cage
from appliance.config import scratch_folder
cage.seal_engine(readable=[Path(sys.argv[1]), Path(sys.argv[2])], writable=[scratch_folder()], allow_weaker=True)
import pickle
opened = []
def note(event, _arguments):
    if event == "pickle.find_class":
        opened.append(event)
sys.addaudithook(note)
import wave
import numpy as np
from appliance.engine.pipeline import Pipeline
from appliance.options import TranscribeOptions
opened.clear()
pipeline = Pipeline.load(Path(sys.argv[1]), 2)
with wave.open(sys.argv[2]) as source:
    samples = np.frombuffer(source.readframes(source.getnframes()), dtype=np.int16)
transcript, _ = pipeline.transcribe(samples[:320_000], TranscribeOptions(language="en", speakers=2), lambda *_: None)
print(len(transcript.segments), len(transcript.speakers), len(opened))
"""


@pytest.mark.models
def test_a_full_set_runs_under_the_seal_of_the_engine_and_unpickles_nothing(runnable: Path, sample_wav: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CAGED, str(runnable), str(sample_wav)],
        env=child_environment(THREADS),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    segments, speakers, unpickled = map(int, done.stdout.splitlines()[-1].split())
    assert segments > 0
    assert (speakers, unpickled) == (2, 0)
