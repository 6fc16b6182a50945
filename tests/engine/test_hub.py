from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from appliance.engine.hub import DEFAULT_ENDPOINT, LATEST, Hub, HubFile
from appliance.errors import GatedModelError, HubError, SettingsError
from tests.simulators.hub import CDN, DEFAULT_REVISION, HubSimulator

REPO = "someone/some-model"
CONTENT = bytes(range(256)) * 4000
FILE = HubFile(REPO, "weights/model.bin", DEFAULT_REVISION, hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
QUICK = (0.0, 0.0)


@pytest.fixture
def simulator() -> Iterator[HubSimulator]:
    with HubSimulator().serving() as hub:
        hub.publish(REPO, "weights/model.bin", CONTENT)
        hub.publish(REPO, "config.json", b"{}")
        yield hub


@pytest.fixture
def hub(simulator: HubSimulator) -> Hub:
    return Hub(simulator.endpoint, pauses_s=QUICK, timeout_s=5.0)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "model.bin"


def leftovers(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir())


def refused(hub: Hub, target: Path, file: HubFile = FILE) -> str:
    with pytest.raises(HubError) as raised:
        hub.fetch(file, target)
    assert not target.exists()
    assert file.name in str(raised.value)
    return str(raised.value)


def test_a_large_file_comes_from_where_the_hub_sends(hub: Hub, simulator: HubSimulator, target: Path) -> None:
    found = hub.fetch(FILE, target)
    assert target.read_bytes() == CONTENT
    assert (found.revision, found.sha256, found.bytes) == (DEFAULT_REVISION, FILE.sha256, len(CONTENT))
    assert simulator.asked[-1].path.startswith(CDN)
    assert leftovers(target) == ["model.bin"]


def test_a_small_file_comes_from_the_hub_itself(hub: Hub, target: Path) -> None:
    sha256 = hashlib.sha256(b"{}").hexdigest()
    assert hub.fetch(HubFile(REPO, "config.json", DEFAULT_REVISION, sha256, 2), target).sha256 == sha256


def test_progress_ends_with_the_whole(hub: Hub, target: Path) -> None:
    reports: list[tuple[int, int]] = []
    hub.fetch(FILE, target, lambda done, whole: reports.append((done, whole)))
    assert reports[-1] == (len(CONTENT), len(CONTENT))


def test_what_is_unpinned_is_found_with_revision_size_and_checksum(hub: Hub, target: Path) -> None:
    found = hub.fetch(HubFile(REPO, "weights/model.bin", LATEST), target)
    assert (found.revision, found.sha256, found.bytes) == (DEFAULT_REVISION, FILE.sha256, len(CONTENT))


def test_wrong_bytes_are_refused_by_name_and_removed(hub: Hub, simulator: HubSimulator, target: Path) -> None:
    simulator.lies.other_bytes = True
    assert "checksum" in refused(hub, target)
    assert leftovers(target) == []


def test_another_announced_checksum_is_refused_before_a_byte_comes(
    hub: Hub, simulator: HubSimulator, target: Path
) -> None:
    simulator.lies.announces_sha256 = "0" * 64
    assert "announces" in refused(hub, target)
    assert leftovers(target) == []


@pytest.mark.parametrize("size", [len(CONTENT) - 1, len(CONTENT) + 1])
def test_another_size_is_refused_before_a_byte_comes(
    hub: Hub, simulator: HubSimulator, target: Path, size: int
) -> None:
    simulator.lies.announces_bytes = size
    assert f"{size} bytes where {len(CONTENT)} are pinned" in refused(hub, target)
    assert leftovers(target) == []


def test_another_revision_is_refused(hub: Hub, simulator: HubSimulator, target: Path) -> None:
    simulator.lies.announces_revision = "b" * 40
    assert "b" * 40 in refused(hub, target)


def test_a_hub_that_names_no_revision_cannot_be_pinned(hub: Hub, simulator: HubSimulator, target: Path) -> None:
    simulator.lies.announces_revision = ""
    assert "which revision" in refused(hub, target, HubFile(REPO, "weights/model.bin", LATEST))


def test_a_pinned_file_may_come_from_a_mirror_that_names_no_revision(
    hub: Hub, simulator: HubSimulator, target: Path
) -> None:
    simulator.lies.announces_revision = ""
    assert hub.fetch(FILE, target).revision == DEFAULT_REVISION


def test_a_line_that_breaks_in_the_middle_is_continued(hub: Hub, simulator: HubSimulator, target: Path) -> None:
    simulator.lies.breaks = 4  # More often than there are pauses: each piece that comes earns further tries.
    hub.fetch(FILE, target)
    assert target.read_bytes() == CONTENT
    assert [asked.range for asked in simulator.asked][-1] not in {None, "bytes=0-"}


def test_a_body_that_is_always_cut_short_is_given_up_in_words(hub: Hub, simulator: HubSimulator, target: Path) -> None:
    simulator.lies.cut_after = 1000
    assert "goes on where it stopped" in refused(hub, target)
    assert leftovers(target) == ["model.bin.part"]


def test_a_second_run_goes_on_where_the_first_stopped(hub: Hub, simulator: HubSimulator, target: Path) -> None:
    simulator.lies.cut_after = 1000
    refused(hub, target)
    simulator.lies.cut_after = None
    simulator.asked.clear()
    hub.fetch(FILE, target)
    assert target.read_bytes() == CONTENT
    assert {asked.range for asked in simulator.asked} == {"bytes=1000-"}


def test_a_hub_that_cannot_continue_begins_anew(hub: Hub, simulator: HubSimulator, target: Path) -> None:
    target.parent.mkdir()
    target.with_name("model.bin.part").write_bytes(b"something else, so that adding to it would show")
    simulator.lies.ignores_range = True
    hub.fetch(FILE, target)
    assert target.read_bytes() == CONTENT


def test_a_part_of_other_bytes_is_removed_and_the_next_run_is_well(hub: Hub, target: Path) -> None:
    target.parent.mkdir()
    target.with_name("model.bin.part").write_bytes(b"\xff" * 500)
    refused(hub, target)
    assert leftovers(target) == []
    hub.fetch(FILE, target)


@pytest.mark.parametrize("more", [0, 5])
def test_a_part_as_long_as_the_file_or_longer_does_not_stand_in_the_way(hub: Hub, target: Path, more: int) -> None:
    target.parent.mkdir()
    target.with_name("model.bin.part").write_bytes(CONTENT + b"x" * more)
    hub.fetch(FILE, target)
    hub.fetch(replace(FILE, bytes=None), target)
    assert target.read_bytes() == CONTENT


def test_a_part_that_is_too_long_for_a_file_of_unknown_size_is_dropped(hub: Hub, target: Path) -> None:
    target.parent.mkdir()
    target.with_name("model.bin.part").write_bytes(CONTENT + b"x")
    hub.fetch(replace(FILE, bytes=None), target)
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_hub_is_asked_again(hub: Hub, simulator: HubSimulator, target: Path, status: int) -> None:
    simulator.lies.unavailable, simulator.lies.status = 2, status
    hub.fetch(FILE, target)
    assert target.exists()


def test_a_hub_that_stays_busy_is_given_up_in_words(hub: Hub, simulator: HubSimulator, target: Path) -> None:
    simulator.lies.unavailable = 99
    assert "503" in refused(hub, target)
    assert len(simulator.asked) == len(QUICK) + 1


def test_an_answer_that_nobody_expects_is_given_up_at_once(hub: Hub, simulator: HubSimulator, target: Path) -> None:
    simulator.lies.unavailable, simulator.lies.status = 1, 418
    assert "418" in refused(hub, target)


def test_a_silent_line_counts_as_broken(hub: Hub, simulator: HubSimulator, target: Path) -> None:
    simulator.lies.slow_s = 0.5
    assert "line broke" in refused(replace(hub, timeout_s=0.1, pauses_s=(0.0,)), target)


def test_a_hub_that_is_not_there_is_given_up_in_words(target: Path) -> None:
    assert "cannot be reached" in refused(Hub("http://127.0.0.1:9", pauses_s=QUICK), target)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (replace(FILE, path="nowhere.bin"), f"not there in revision {DEFAULT_REVISION}"),
        (replace(FILE, revision="c" * 40), f"not there in revision {'c' * 40}"),
        (replace(FILE, repo="nobody/nothing"), "not there, or not for this account"),
    ],
)
def test_what_is_not_there_is_refused_by_name(hub: Hub, target: Path, file: HubFile, words: str) -> None:
    assert words in refused(hub, target, file)


def test_a_gated_model_without_a_token_says_what_to_do(hub: Hub, simulator: HubSimulator, target: Path) -> None:
    simulator.gated.add(REPO)
    with pytest.raises(GatedModelError, match="--token-file") as refused:
        hub.fetch(FILE, target)
    assert REPO in str(refused.value)


def test_a_gated_model_comes_with_a_token(hub: Hub, simulator: HubSimulator, target: Path) -> None:
    simulator.gated.add(REPO)
    replace(hub, token=simulator.token).fetch(FILE, target)
    assert target.exists()


def test_a_wrong_token_is_told_from_a_missing_one(hub: Hub, simulator: HubSimulator, target: Path) -> None:
    simulator.gated.add(REPO)
    assert "does not accept the token" in refused(replace(hub, token="hf_other"), target)


def test_the_token_goes_to_the_hub_and_not_to_where_the_bytes_lie(
    hub: Hub, simulator: HubSimulator, target: Path
) -> None:
    with HubSimulator().serving() as elsewhere:
        elsewhere.publish(REPO, "weights/model.bin", CONTENT)
        simulator.lies.leads_to = f"{elsewhere.endpoint}{CDN}{REPO}/weights/model.bin"
        replace(hub, token="hf_secret").fetch(FILE, target)
        assert simulator.asked[0].token == "Bearer hf_secret"
        assert [asked.token for asked in elsewhere.asked] == [None]


def test_a_renamed_repository_still_gets_the_token(hub: Hub, simulator: HubSimulator, target: Path) -> None:
    replace(hub, token="hf_secret").fetch(FILE, target)
    assert [asked.token for asked in simulator.asked] == ["Bearer hf_secret"] * 2  # Both on the hub's own address.


def test_the_token_is_not_shown(hub: Hub) -> None:
    assert "hf_secret" not in repr(replace(hub, token="hf_secret"))


def test_a_redirect_that_leaves_https_is_not_followed(hub: Hub, simulator: HubSimulator, target: Path) -> None:
    simulator.lies.leads_to = "http://198.51.100.7/model.bin"
    with pytest.raises(HubError, match="not https"):
        hub.fetch(FILE, target)


@pytest.mark.parametrize("endpoint", ["http://hub.example.org", "ftp://127.0.0.1", "hub.example.org", "https://"])
def test_a_hub_in_clear_is_refused(endpoint: str) -> None:
    with pytest.raises(SettingsError, match="HF_ENDPOINT"):
        Hub(endpoint)


@pytest.mark.parametrize("endpoint", [DEFAULT_ENDPOINT, "http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"])
def test_a_hub_over_https_or_on_this_machine_is_taken(endpoint: str) -> None:
    assert Hub(endpoint).endpoint == endpoint


def test_a_disk_without_room_is_told_before_a_byte_comes(
    hub: Hub, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10))
    assert f"10 bytes left where {len(CONTENT)} are needed" in refused(hub, target)


def test_a_disk_that_fills_up_on_the_way_is_told(hub: Hub, target: Path) -> None:
    target.parent.mkdir()
    target.with_name("model.bin.part").symlink_to("/dev/full")
    assert "disk is full" in refused(hub, target)
