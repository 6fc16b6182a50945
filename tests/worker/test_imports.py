"""The folder where sticks are mounted: what in it is a model update, and what is not shown."""

from __future__ import annotations

import errno
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.bundles.own import OwnRecordings, own_specimens
from appliance.config import Settings
from appliance.errors import DataFolderError, ImportsError, NotFoundError
from appliance.worker import imports as module
from appliance.worker.imports import OWN_FOLDER, found_in, own_recordings, path_in
from tests.bundles.transcripts import put_specimen, said


def test_updates_are_listed_the_newest_first_and_a_divided_one_once(tmp_path: Path) -> None:
    for number, name in enumerate(("old.cloister", "new.cloister.001", "new.cloister.002", "notes.txt")):
        (tmp_path / name).write_bytes(b"x" * (number + 1))
        os.utime(tmp_path / name, (number, number))
    assert [(each.name, each.size_bytes) for each in found_in(tmp_path)] == [
        ("new.cloister.001", 2),
        ("old.cloister", 1),
    ]
    assert path_in(tmp_path, "old.cloister") == tmp_path / "old.cloister"


def test_links_pipes_and_folders_are_not_shown(tmp_path: Path) -> None:
    (tmp_path / "true").write_bytes(b"x")
    (tmp_path / "link.cloister").symlink_to(tmp_path / "true")
    (tmp_path / "folder.cloister").mkdir()
    os.mkfifo(tmp_path / "pipe.cloister")
    assert found_in(tmp_path) == ()


def test_a_stick_that_is_mounted_below_the_folder_is_looked_into(tmp_path: Path) -> None:
    for place in ("stick", OWN_FOLDER, "stick/deeper"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "models.cloister").write_bytes(b"x")
    assert [each.name for each in found_in(tmp_path)] == ["stick/models.cloister"]
    assert path_in(tmp_path, "stick/models.cloister") == tmp_path / "stick" / "models.cloister"


@pytest.mark.parametrize("name", ["", "..", "../x.cloister", "nothing.cloister", "/etc/passwd"])
def test_a_name_that_is_not_listed_leads_nowhere(tmp_path: Path, name: str) -> None:
    (tmp_path / "there.cloister").write_bytes(b"x")
    with pytest.raises(NotFoundError):
        path_in(tmp_path, name)
    with pytest.raises(NotFoundError):
        path_in(None, "there.cloister")


def test_a_stick_that_is_not_there_is_no_fault_and_one_that_cannot_be_read_is(tmp_path: Path) -> None:
    assert found_in(None) == found_in(tmp_path / "gone") == ()
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(ImportsError):
        found_in(tmp_path / "file")


def test_a_stick_that_answers_nothing_but_errors_is_told_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_path: Path) -> bool:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "exists", broken)
    with pytest.raises(ImportsError, match="Input/output error"):
        found_in(tmp_path)


def test_a_name_that_is_no_text_or_hides_something_is_shown_with_escapes_and_leads_to_its_file(tmp_path: Path) -> None:
    names = {b"Fr\xfchling.cloister": r"Fr\udcfchling.cloister", b"a\nb.cloister": r"a\nb.cloister"}
    for name in names:
        (tmp_path / os.fsdecode(name)).write_bytes(b"x")
    assert {each.name for each in found_in(tmp_path)} == set(names.values())
    for name, shown in names.items():
        assert path_in(tmp_path, shown) == tmp_path / os.fsdecode(name)


def test_a_name_in_bengali_is_shown_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "\u09b0\u200d\u09cd\u09af\u09be\u09ac.cloister").write_bytes(b"x")
    assert found_in(tmp_path)[0].name == "\u09b0\u200d\u09cd\u09af\u09be\u09ac.cloister"


@pytest.mark.parametrize("written_at", [-1e11, 3e11])
def test_a_file_from_beyond_the_calendar_has_a_date_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written_at: float
) -> None:
    (tmp_path / "x.cloister").write_bytes(b"x")
    true = Path.lstat

    def aged(path: Path) -> os.stat_result:  # Not every disk here keeps such dates; some sticks do.
        fields = list(true(path))
        fields[8] = int(written_at)
        return os.stat_result(fields)

    monkeypatch.setattr(Path, "lstat", aged)
    datetime.fromtimestamp(found_in(tmp_path)[0].changed_at, UTC)


def test_own_recordings_lie_in_a_folder_of_their_own(tmp_path: Path) -> None:
    assert own_recordings(Settings()).specimens == ()
    (tmp_path / OWN_FOLDER).mkdir()
    (tmp_path / OWN_FOLDER / "alone.wav").write_bytes(b"x")
    refused = own_recordings(Settings(imports=tmp_path)).refused
    assert [type(each).__name__ for each in refused] == ["OwnTranscriptMissingError"]


def test_own_transcripts_are_read_again_only_when_something_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEEP_S", 1e9)
    folder = tmp_path / OWN_FOLDER
    folder.mkdir()
    put_specimen(folder, said("Good morning."))
    looks: list[Path] = []

    def counted(place: Path, max_audio_bytes: int) -> OwnRecordings:
        looks.append(place)
        return own_specimens(place, max_audio_bytes)

    monkeypatch.setattr(module, "own_specimens", counted)
    settings = Settings(imports=tmp_path)
    assert [len(own_recordings(settings).specimens) for _ in range(3)] == [1, 1, 1]
    assert len(looks) == 1
    (folder / "ward.json").write_bytes(b"{}")
    assert own_recordings(settings).specimens == ()
    shutil.rmtree(folder)
    assert own_recordings(settings) == OwnRecordings((), ())
    folder.write_bytes(b"no folder")
    with pytest.raises(DataFolderError):
        own_recordings(settings)
