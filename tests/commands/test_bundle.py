"""`appliance bundle`, as a publisher and a site run it: from a key to a file that every byte of is vouched for."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
from pathlib import Path

import pytest

from appliance.__main__ import main
from appliance.bundles.checking import check
from appliance.bundles.parts import open_parts
from appliance.commands.bundle.sets import described
from appliance.commands.bundle.signers import read_root
from appliance.errors import ManifestFormError
from tests.conftest import REPOSITORY
from tests.engine.starter_en import starter_en
from tests.simulators.sets import recordings, tiny_set

CREATED = "2026-11-20T08:00:00Z"
LIMITS = {"ward": {"wer_max": 0.15, "der_max": 0.2}}
NAMES = ("ada", "ben", "cleo")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three keys and the passphrase of all, which take a second to make on purpose."""
    folder = tmp_path_factory.mktemp("keys")
    (folder / "pw").write_text("a long enough passphrase")
    for name in NAMES:
        assert main(["bundle", "key", "make", str(folder / name), "--passphrase-file", str(folder / "pw")]) == 0
    return folder


class Publisher:
    """Runs commands in a folder and keeps what they say."""

    def __init__(self, folder: Path, kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.kept = kept
        self._capsys = capsys
        tiny_set(folder / "set")
        recordings(folder / "clips", "ward", limits=LIMITS)
        (folder / "notes.txt").write_text("Hears names better.\n")

    def says(self, *arguments: object) -> str:
        """Run a command that succeeds, and return what it prints."""
        assert main(["bundle", *map(str, arguments)]) == 0, self._capsys.readouterr().err
        return self._capsys.readouterr().out

    def refuses(self, *arguments: object) -> str:
        """Run a command that is refused, and return the sentence."""
        assert main(["bundle", *map(str, arguments)]) in {1, 2}
        return self._capsys.readouterr().err

    def signing(self, flag: str, *names: str) -> list[object]:
        """Return the arguments that sign by keys."""
        keys = [argument for name in names for argument in (flag, self.kept / name)]
        return [*keys, *(["--passphrase-file", self.kept / "pw"] * len(names))]

    def root(self, name: str = "1.root.dsse.json", *by: str) -> Path:
        """Make a first list of all three keys, signed by some."""
        publics = [self.kept / f"{one}.pub" for one in NAMES]
        out = self.folder / name
        self.says("root", "make", "--line", "vendor", "--key", *publics, "--out", out, *self.signing("--sign", *by))
        return out

    def build(
        self, root: Path, *by: str, out: str = "court.cloister", more: dict[str, object] | None = None
    ) -> list[object]:
        """Return the arguments that build."""
        given = {"release": 3, "version": "2026.11", "created": CREATED, "notes": self.folder / "notes.txt"} | (
            more or {}
        )
        options = [argument for name, value in given.items() for argument in (f"--{name.replace('_', '-')}", value)]
        places = ["--set", self.folder / "set", "--selftest", self.folder / "clips", "--roots", root]
        return ["build", *places, *options, "--out", self.folder / out, *self.signing("--key", *by)]


@pytest.fixture
def publisher(tmp_path: Path, kept: Path, capsys: pytest.CaptureFixture[str]) -> Publisher:
    return Publisher(tmp_path, kept, capsys)


def test_a_key_is_shown_by_id_and_words_whichever_half_is_asked(publisher: Publisher) -> None:
    public = publisher.says("key", "show", publisher.kept / "ada.pub")
    private = publisher.says("key", "show", publisher.kept / "ada", "--passphrase-file", publisher.kept / "pw")
    assert public == private
    assert len(public.splitlines()[1].split()) == 9  # The heading and eight words.


def test_a_key_or_its_public_half_is_never_overwritten(publisher: Publisher, tmp_path: Path) -> None:
    again = ["key", "make", publisher.kept / "ada", "--passphrase-file", publisher.kept / "pw"]
    assert "never overwritten" in publisher.refuses(*again)
    (tmp_path / "mine.pub").write_text("mine")
    assert "mine.pub" in publisher.refuses("key", "make", tmp_path / "mine", "--passphrase-file", publisher.kept / "pw")
    assert not (tmp_path / "mine").exists()


def test_a_site_gets_its_list_by_one_command(publisher: Publisher) -> None:
    out = publisher.folder / "site.root.dsse.json"
    said = publisher.says("root", "make", "--line", "site", "--out", out, *publisher.signing("--sign", "ada"))
    assert "1 signed, 1 are needed: complete." in said
    shown = json.loads(publisher.says("root", "show", out, "--json"))
    assert (shown["line"], shown["number"], shown["threshold"], len(shown["signed"])) == ("site", 1, 1, 1)


def test_a_vendor_needs_two_of_three_who_sign_one_after_the_other(publisher: Publisher) -> None:
    root = publisher.root()
    assert "0 signed, 2 are needed: 2 missing." in publisher.says("root", "show", root)
    assert "1 signed, 2 are needed: 1 missing." in publisher.says("sign", root, *publisher.signing("--key", "ada"))
    assert "2 signed, 2 are needed: complete." in publisher.says("sign", root, *publisher.signing("--key", "cleo"))
    publisher.says(*publisher.build(root, "ada", "ben"))


def test_an_update_is_built_signed_and_found_true(publisher: Publisher) -> None:
    root = publisher.root("1.root.dsse.json", "ada", "ben")
    assert "complete" in publisher.says(*publisher.build(root, "ada", "cleo"))
    bundle = publisher.folder / "court.cloister"
    said = publisher.says("verify", bundle, "--root", root)
    for expected in ("Every byte", "court", "bn, en", "whisper-small.bn (MIT)", "15.00%", "Hears names better."):
        assert expected in said
    shown = json.loads(publisher.says("verify", bundle, "--root", root, "--json"))
    assert (shown["line"], shown["epoch"], shown["release"], shown["languages"]) == ("vendor", 1, 3, ["bn", "en"])
    assert (len(shown["signers"]), shown["threshold"], shown["is_for_this_version"]) == (2, 2, True)


def test_two_builds_of_the_same_are_the_same_bytes(publisher: Publisher) -> None:
    root = publisher.root("1.root.dsse.json", "ada", "ben")
    publisher.says(*publisher.build(root, "ada", "ben"))
    publisher.says(*publisher.build(root, "ada", "ben", out="again.cloister"))
    first, second = (publisher.folder / name for name in ("court.cloister", "again.cloister"))
    assert first.read_bytes() == second.read_bytes()


def test_a_signature_is_carried_from_a_machine_that_never_sees_the_bundle(publisher: Publisher) -> None:
    root = publisher.root("1.root.dsse.json", "ada", "ben")
    publisher.says(*publisher.build(root, "ada"))
    bundle, carried = publisher.folder / "court.cloister", publisher.folder / "bundle.dsse.json"
    publisher.says("envelope", bundle, "--out", carried)
    before = carried.read_bytes()
    signature = publisher.folder / "ben.sig"
    publisher.says("sign", carried, "--root", root, "--detached", signature, *publisher.signing("--key", "ben"))
    assert carried.read_bytes() == before
    assert "[bundle.signature.threshold]" in publisher.refuses("verify", bundle, "--root", root)
    assert "complete" in publisher.says("sign", bundle, "--root", root, "--attach", signature)
    publisher.says("verify", bundle, "--root", root)


def test_keys_are_replaced_by_a_list_that_old_and_new_sign(publisher: Publisher) -> None:
    first = publisher.root("1.root.dsse.json", "ada", "ben")
    second = publisher.folder / "2.root.dsse.json"
    said = publisher.says(
        "root", "next", "--from", first, "--key", publisher.kept / "ben.pub", publisher.kept / "cleo.pub",
        "--out", second, *publisher.signing("--sign", "ada", "ben", "cleo"),
    )  # fmt: skip
    assert said.count("complete") == 2
    build = publisher.build(first, "ben", "cleo")
    build.insert(build.index(first) + 1, second)
    publisher.says(*build)
    shown = json.loads(publisher.says("verify", publisher.folder / "court.cloister", "--root", first, "--json"))
    assert (shown["epoch"], shown["roots"]) == (2, [2])
    refused = publisher.refuses("sign", publisher.folder / "court.cloister", *publisher.signing("--key", "ada"))
    assert "[bundle.publish.signing]" in refused


def test_an_update_without_enough_signatures_is_refused(publisher: Publisher) -> None:
    root = publisher.root("1.root.dsse.json", "ada", "ben")
    publisher.says(*publisher.build(root, "ada"))
    assert "[bundle.signature" in publisher.refuses("verify", publisher.folder / "court.cloister", "--root", root)


def test_parts_travel_and_are_one_again(publisher: Publisher) -> None:
    tiny_set(publisher.folder / "large", files={"embedding/frames.onnx": b"graph" * 600_000})
    root = publisher.root("1.root.dsse.json", "ada", "ben")
    build = publisher.build(root, "ada", "ben")
    build[build.index("--set") + 1] = publisher.folder / "large"
    publisher.says(*build)
    bundle, stick = publisher.folder / "court.cloister", publisher.folder / "stick"
    stick.mkdir()
    parts = publisher.says("split", bundle, "--size", "2M", "--out", stick).split()
    assert [Path(part).name for part in parts] == ["court.cloister.001", "court.cloister.002"]
    publisher.says("verify", stick / "court.cloister.002", "--root", root)
    assert "is whole" in publisher.says("join", stick / "court.cloister.001")
    assert (stick / "court.cloister").read_bytes() == bundle.read_bytes()
    (stick / "court.cloister").unlink()
    (stick / "court.cloister.002").unlink()
    assert "[bundle.archive.truncated]" in publisher.refuses("join", stick / "court.cloister.001")
    assert sorted(path.name for path in stick.iterdir()) == ["court.cloister.001"]


@pytest.mark.parametrize("size", ["4T", "", "-1", "1K", "5G", "1.5G"])
def test_a_size_that_no_part_has_is_refused(publisher: Publisher, size: str) -> None:
    (publisher.folder / "a.cloister").write_bytes(b"x")
    assert "[option]" in publisher.refuses("split", publisher.folder / "a.cloister", f"--size={size}")


def test_a_set_with_an_altered_file_is_not_built(publisher: Publisher) -> None:
    (publisher.folder / "set" / "asr" / "model.bin").write_bytes(b"other")
    root = publisher.root("1.root.dsse.json", "ada", "ben")
    assert "model.bin" in publisher.refuses(*publisher.build(root))
    assert not (publisher.folder / "court.cloister").exists()


def test_a_bundle_that_is_there_is_not_overwritten(publisher: Publisher) -> None:
    root = publisher.root("1.root.dsse.json", "ada", "ben")
    (publisher.folder / "court.cloister").write_text("mine")
    assert "there already" in publisher.refuses(*publisher.build(root))
    assert (publisher.folder / "court.cloister").read_text() == "mine"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"release": 0}, "bundle.manifest.form"),
        ({"created": "yesterday"}, "option"),
        ({"der_max": 0.1}, "option"),
        ({"app_min": "one"}, "bundle.manifest.form"),
        ({"notes": "nowhere.txt"}, "bundle.file"),
    ],
)
def test_what_no_update_says_is_refused_in_words(publisher: Publisher, changes: dict[str, object], code: str) -> None:
    root = publisher.root("1.root.dsse.json", "ada", "ben")
    assert f"[{code}]" in publisher.refuses(*publisher.build(root, more=changes))
    assert not (publisher.folder / "court.cloister").exists()


def test_a_list_that_too_few_signed_builds_nothing(publisher: Publisher) -> None:
    for by in ((), ("ada",)):
        root = publisher.root(f"{len(by)}.root.dsse.json", *by)
        assert "[bundle." in publisher.refuses(*publisher.build(root))


@pytest.mark.parametrize(
    "arguments",
    [
        ["sign", "court.cloister"],
        ["sign", "court.cloister", "--key", "a", "--key", "b", "--detached", "c"],
        ["root", "make", "--line", "site", "--out", "x"],
        ["verify", "court.cloister"],
    ],
)
def test_an_incomplete_command_says_what_is_missing(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(publisher.folder)
    monkeypatch.setenv("CLOISTER_MODELS", str(publisher.folder / "set"))
    assert "[option]" in publisher.refuses(*arguments)


def test_the_lists_that_came_with_the_release_are_trusted_unless_others_are_named(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = publisher.root("1.root.dsse.json", "ada", "ben")
    publisher.says(*publisher.build(root, "ada", "ben"))
    (publisher.folder / "roots").mkdir()
    root.rename(publisher.folder / "roots" / root.name)
    monkeypatch.setenv("CLOISTER_MODELS", str(publisher.folder / "set"))
    publisher.says("verify", publisher.folder / "court.cloister")


@pytest.mark.parametrize("change", [{"name": "yard"}, {"files": {}}, {"schema": 2}, {"surprise": 1}])
def test_a_set_that_describes_other_files_than_are_held_is_refused(
    publisher: Publisher, change: dict[str, object]
) -> None:
    root = publisher.root("1.root.dsse.json", "ada", "ben")
    publisher.says(*publisher.build(root, "ada", "ben"))
    with open_parts(publisher.folder / "court.cloister") as stream:
        checked = check(stream, (read_root(root),))
    lying = json.dumps(json.loads(checked.set_file) | change).encode()
    assert described(checked).name == "court"
    with pytest.raises(ManifestFormError):
        described(dataclasses.replace(checked, set_file=lying))


def test_a_wrong_passphrase_changes_nothing(publisher: Publisher) -> None:
    root = publisher.root("1.root.dsse.json", "ada", "ben")
    before = root.read_bytes()
    (publisher.folder / "wrong").write_text("not the passphrase")
    said = publisher.refuses(
        "sign", root, "--key", publisher.kept / "cleo", "--passphrase-file", publisher.folder / "wrong"
    )
    assert "passphrase is wrong" in said
    assert root.read_bytes() == before


@pytest.mark.models
def test_the_second_starter_set_becomes_an_update(publisher: Publisher) -> None:
    root = publisher.root("1.root.dsse.json", "ada", "ben")
    build = publisher.build(root, "ada", "ben")
    build[build.index("--set") + 1] = starter_en()
    publisher.says(*build)
    shown = json.loads(publisher.says("verify", publisher.folder / "court.cloister", "--root", root, "--json"))
    assert (shown["set"], shown["languages"]) == ("starter-en", ["en"])
    assert shown["licenses"]["whisper-tiny.en"] == "MIT"


def script(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(REPOSITORY / "scripts" / "bundle"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_script_tells_what_it_does_before_it_does_anything() -> None:
    told = script("--help")
    assert told.returncode == 0
    options = set(re.findall(r"--[a-z-]+", (REPOSITORY / "scripts" / "bundle").read_text().split("while")[0]))
    assert {option for option in options if option not in told.stdout} == set()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "--out FOLDER is missing"),
        (["--out"], "--out wants a value"),
        (["--sign"], "there is no option --sign"),
        (["--out", "x", "--release", "0"], "a release is a number"),
    ],
)
def test_the_script_refuses_what_it_does_not_understand(arguments: list[str], words: str) -> None:
    refused = script(*arguments)
    assert refused.returncode == 2
    assert words in refused.stderr
