"""A bundle is taken in whole or not at all: lies, pulled plugs, full disks, failing sticks, two at once."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.bundles import trust
from appliance.bundles.archive import ENVELOPE_NAME
from appliance.bundles.durable import free_bytes, only_one
from appliance.bundles.readiness import require_usable
from appliance.bundles.staging import PART
from appliance.bundles.store import Store
from appliance.bundles.taking import look, take_in
from appliance.bundles.trust import Memory
from appliance.errors import (
    AlreadyActiveError,
    ArchiveTruncatedError,
    BlobAlteredError,
    BundleError,
    NoRoomError,
    OldReleaseError,
    OtherReleaseError,
    RootKeysError,
    SelftestStopped,
    StickError,
    UpdateBusyError,
)
from tests.bundles.houses import ACTOR, actions, house, release, site_root_file, taken, used
from tests.bundles.test_attacks import LIES
from tests.flows.mounts import mounted
from tests.simulators.lies import Lie
from tests.simulators.publisher import (
    SOURCES,
    Source,
    World,
    blobs,
    bundle,
    content,
    public,
    signed,
    vendor_root,
    world,
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return house(tmp_path)


def entries(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def in_the_world_of(folder: Path, of: World) -> Store:
    """Return a store that trusts and remembers what a lie's appliance does."""
    store = house(folder, with_vendor=False)
    for root in of.lines:
        names = ("site",) if root.line == "site" else ("ada", "ben", "cleo", "dora", "emil")
        keys = set(root.public_keys)
        signers = [name for name in names if public(name).hex() in keys]
        store.trust(signed(root.envelope(), *signers), "command")
    ledger = store.ledger
    for line, memory in of.memories.items():
        ledger = ledger.remembering(line, memory)
    ledger.write(store.folder)
    return store


def needs_only_a_store(lie: Lie) -> bool:
    """Tell whether a lie is one to an appliance that differs from a fresh one in whom it trusts and what it saw."""
    here, fresh = lie.world().appliance, world().appliance
    return here == fresh


@pytest.mark.parametrize("lie", [pytest.param(lie, id=lie.name) for lie in LIES if needs_only_a_store(lie)])
def test_a_lie_leaves_an_entry_and_nothing_else(tmp_path: Path, lie: Lie) -> None:
    store = in_the_world_of(tmp_path, lie.world())
    active = store.active_set()
    with pytest.raises(lie.error) as caught:
        taken(store, lie.make())
    last = store.journal.entries()[-1]
    assert (last.action, last.code, last.actor) == ("refused", lie.error.code, ACTOR)
    assert last.facts == caught.value.facts
    assert entries(store.staging) == entries(store.releases) == set()
    assert store.active_set() == active
    assert store.ledger.candidate is None


def test_a_look_writes_nothing(store: Store) -> None:
    before = entries(store.folder)
    found = look(store, io.BytesIO(bundle(release(7))))
    assert found.manifest.release == 7
    assert len(found.signers) == 2
    assert entries(store.folder) == before
    assert store.ledger.memory("vendor") == Memory()


def test_what_is_remembered_is_written_before_the_first_file(store: Store) -> None:
    seen: list[object] = []

    class Watched(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            piece = super().read(size)
            if SOURCES[0].body[:8] in piece[:8]:
                seen.append(store.ledger.memory("vendor").highest)
            return piece

    take_in(store, Watched(bundle(release(7))), ACTOR, "a stick", lambda _done, _total: None)
    assert len(seen) == 1
    assert seen[0] is not None


def test_the_same_again_is_not_taken_twice(store: Store) -> None:
    first = taken(store, release(7))
    assert not first.is_candidate
    assert taken(store, release(7)).is_candidate
    assert actions(store) == ["taking_in", "taken_in"]
    store.activate(ACTOR)
    with pytest.raises(AlreadyActiveError):
        taken(store, release(7))


def test_an_older_one_and_another_by_the_same_number_are_refused_for_ever(store: Store, tmp_path: Path) -> None:
    used(store, 7)
    again = house(tmp_path)
    with pytest.raises(OldReleaseError):
        taken(again, release(6))
    with pytest.raises(OtherReleaseError):
        taken(again, release(7, notes="another"))


def test_a_broken_off_bundle_goes_on_where_it_was(store: Store, tmp_path: Path) -> None:
    def stop_late(done: int, _: int) -> None:
        if done > 3_500:
            raise SelftestStopped

    with pytest.raises(SelftestStopped):
        take_in(store, io.BytesIO(bundle(release(7))), ACTOR, "a stick", stop_late)
    (staged,) = store.staging.iterdir()
    assert (staged / "set" / "asr" / "model.bin").read_bytes() == SOURCES[1].body
    assert not list(staged.rglob(f"*{PART}"))
    read: list[int] = []

    class Counting(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            piece = super().read(size)
            read.append(len(piece))
            return piece

    take_in(house(tmp_path), Counting(bundle(release(7))), ACTOR, "a stick", lambda _done, _total: None)
    assert sum(read) < len(bundle(release(7))) - len(SOURCES[1].body)
    chosen = store.ledger.candidate
    assert chosen is not None
    assert {path.name for path in store.folder_of(chosen).iterdir()} == {"set", "selftest", ENVELOPE_NAME}


@pytest.mark.parametrize("harm", ["altered", "shorter", "a part", "a stranger"])
def test_what_a_power_cut_left_is_looked_at_again(store: Store, harm: str) -> None:
    with pytest.raises(ArchiveTruncatedError):
        taken(store, bundle(release(7))[:9_000])
    name = "vendor-1-7-" + release(7).digest[:12]
    place = store.staging / name / "set" / "asr"
    place.mkdir(parents=True)
    body = SOURCES[1].body
    {
        "altered": lambda: (place / "model.bin").write_bytes(b"x" + body[1:]),
        "shorter": lambda: (place / "model.bin").write_bytes(body[:-1]),
        "a part": lambda: (place / f"model.bin{PART}").write_bytes(body),
        "a stranger": lambda: (place / "pickle.pkl").write_bytes(b"code"),
    }[harm]()
    taken(store, release(7))
    chosen = store.ledger.candidate
    assert chosen is not None
    found = {path.relative_to(store.folder_of(chosen)).as_posix() for path in store.folder_of(chosen).rglob("*.*")}
    assert found == {source.path for source in SOURCES} | {ENVELOPE_NAME}
    assert (store.folder_of(chosen) / "set/asr/model.bin").read_bytes() == body


def test_a_folder_in_the_place_of_a_staged_file_gives_way(store: Store) -> None:
    place = store.staging / ("vendor-1-7-" + release(7).digest[:12]) / "set" / "asr" / "model.bin"
    (place / "deeper").mkdir(parents=True)
    taken(store, release(7))
    chosen = store.ledger.candidate
    assert chosen is not None
    assert (store.folder_of(chosen) / "set/asr/model.bin").read_bytes() == SOURCES[1].body


def test_a_link_in_the_place_of_a_staged_file_is_not_followed(store: Store, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(SOURCES[1].body)
    place = store.staging / ("vendor-1-7-" + release(7).digest[:12]) / "set" / "asr"
    place.mkdir(parents=True)
    (place / "model.bin").symlink_to(elsewhere)
    (place / f"tokenizer.json{PART}").symlink_to(elsewhere)
    taken(store, release(7))
    chosen = store.ledger.candidate
    assert chosen is not None
    assert not (store.folder_of(chosen) / "set/asr/model.bin").is_symlink()
    assert elsewhere.read_bytes() == SOURCES[1].body


def test_an_update_that_was_begun_gives_way_to_another(store: Store) -> None:
    def stop(_done: int, _total: int) -> None:
        raise SelftestStopped

    with pytest.raises(SelftestStopped):
        take_in(store, io.BytesIO(bundle(release(7))), ACTOR, "a stick", stop)
    assert len(list(store.staging.iterdir())) == 1
    taken(store, release(8))
    assert list(store.staging.iterdir()) == []


def test_two_are_not_taken_in_at_once(store: Store) -> None:
    with only_one(store.folder / "taking", wait=False), pytest.raises(UpdateBusyError):
        taken(store, release(7))
    taken(store, release(7))


def test_a_stick_that_fails_is_told_in_words_and_what_was_taken_stays(store: Store) -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 9_000:
                raise OSError(5, "Input/output error")
            return super().read(size)

    with pytest.raises(StickError, match="Input/output error"):
        take_in(store, Failing(bundle(release(7))), ACTOR, "a stick", lambda _done, _total: None)
    taken(store, release(7))


def test_a_file_that_was_changed_is_named_and_nothing_of_the_bundle_stays(store: Store) -> None:
    altered = [Source(each.path, each.kind, each.body[::-1]) if each.path.endswith("wav") else each for each in SOURCES]
    members = blobs(altered)
    true_name, false_name = (hashlib.sha256(each[6].body).hexdigest() for each in (SOURCES, altered))
    lying = bundle(release(7), files=members.replace(false_name.encode(), true_name.encode()))
    with pytest.raises(BundleError):
        taken(store, lying)
    assert list(store.staging.iterdir()) == []


def large(number: int, size: int) -> bytes:
    """Return a bundle whose model has some size."""
    sources = [Source(each.path, each.kind, content("large", size)) if each.kind == "ct2" else each for each in SOURCES]
    of = release(number, files=tuple(source.described() for source in sources))
    return bundle(of, files=blobs(sources))


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A disk of 16 MiB, of which the rules keep one free."""
    monkeypatch.setattr(trust, "RESERVE_BYTES", 2**20)
    with mounted(tmp_path / "disk", "size=16m"):
        yield tmp_path / "disk"


def test_a_disk_without_room_is_found_out_before_anything_is_written(disk: Path) -> None:
    store = house(disk)
    with pytest.raises(NoRoomError) as caught:
        taken(store, large(7, 16 * 2**20))
    assert caught.value.missing_bytes == caught.value.needed_bytes - caught.value.free_bytes > 0
    assert list(store.staging.iterdir()) == []
    assert store.ledger.memory("vendor") == Memory()


@pytest.mark.parametrize("room_bytes", [0, 5_000, 40_000, 400_000, 900_000, 1_700_000])
def test_a_disk_that_fills_up_at_any_step_leaves_the_set_in_use_and_says_how_much_is_missing(
    disk: Path, room_bytes: int
) -> None:
    store = house(disk)
    used(store, 7)
    active = store.active_set()
    filler = disk / "filler"

    def fill(_done: int, _total: int) -> None:
        if not filler.exists():
            with filler.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, free_bytes(disk) - room_bytes)

    with pytest.raises(NoRoomError) as caught:
        take_in(store, io.BytesIO(large(8, 2 * 2**20)), ACTOR, "a stick", fill)
    assert caught.value.missing_bytes > 0
    assert list(store.staging.iterdir()) == []
    assert store.active_set() == active
    assert (active / "asr" / "model.bin").read_bytes() == SOURCES[1].body
    store.roll_back(ACTOR)  # Even now.
    store.journal.check(store.ledger.entry)
    filler.unlink()
    taken(store, large(8, 2 * 2**20))
    store.activate(ACTOR)


def test_a_bundle_of_the_site_is_remembered_by_itself(store: Store) -> None:
    store.trust(site_root_file(), "command")
    used(store, 7)
    taken(store, bundle(release(2), by=["site"]))
    store.activate(ACTOR)
    with pytest.raises(OldReleaseError):
        taken(store, bundle(release(1), by=["site"]))
    taken(store, release(8))


def test_a_file_that_is_altered_on_the_stick_is_not_used(store: Store) -> None:
    made = bytearray(bundle(release(7)))
    made[made.index(SOURCES[1].body[:64]) + 5] ^= 1
    with pytest.raises(BlobAlteredError, match=r"model\.bin"):
        taken(store, bytes(made))


def test_the_set_before_that_is_taken_in_again_is_not_replaced_and_stays_the_one_to_go_back_to(tmp_path: Path) -> None:
    store = house(tmp_path)
    used(store, 7)
    seventh, place = store.ledger.active, store.active_set()
    store.trust(site_root_file(), "command")
    taken(store, bundle(release(3), by=["site"]))
    store.activate(ACTOR)
    as_it_was = place.stat().st_ino
    taken(store, release(7))
    assert place.stat().st_ino == as_it_was
    assert (store.ledger.previous, store.ledger.candidate) == (seventh, seventh)
    (place / "set.json").write_bytes(b"damaged")
    store.discard(ACTOR)
    taken(store, release(7))
    assert place.stat().st_ino != as_it_was
    assert list(store.staging.iterdir()) == []
    assert len(list(store.releases.iterdir())) == 3  # With the damaged one, until the next sweep.
    store.tidy()
    assert store.roll_back(ACTOR) == seventh
    require_usable(store, seventh)


def test_a_next_list_with_a_key_of_another_line_is_refused_and_both_lines_go_on(tmp_path: Path) -> None:
    store = house(tmp_path)
    store.trust(site_root_file(), "command")
    greedy = signed(vendor_root(2, ("site", "ada"), 1, line="site").envelope(), "site")
    with pytest.raises(RootKeysError):
        taken(store, bundle(release(3, epoch=2), by=["site"], carried=[(2, greedy)]))
    assert [root.number for root in store.lines()] == [1, 1]
    taken(store, release(7))
