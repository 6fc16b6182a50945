"""Which set is in use, which stands ready, to which one may go back; and what is written down of it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.bundles import roots
from appliance.bundles.archive import ENVELOPE_NAME
from appliance.bundles.durable import kept, read_whole
from appliance.bundles.journal import JOURNAL_FILE, Entry
from appliance.bundles.ledger import IMAGE, LEDGER_FILE
from appliance.bundles.store import PROBATION_JOBS, Store
from appliance.bundles.trust import Mark, Memory
from appliance.errors import (
    AppTooNewError,
    BelowFloorError,
    BundleError,
    DataFolderError,
    EngineDiedError,
    JournalError,
    LedgerError,
    NoCandidateError,
    NothingToGoBackToError,
    OldReleaseError,
    ReleaseDamagedError,
    RootChainError,
    RootKeysError,
    RootPredecessorError,
    UnknownSignerError,
    VendorRootError,
)
from tests.bundles.houses import ACTOR, actions, house, release, site_root_file, taken, used
from tests.simulators.publisher import SOURCES, bundle, manifest, signed, vendor_root


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return house(tmp_path)


def test_the_set_of_the_image_is_in_use_before_anything_was_taken_in(store: Store, tmp_path: Path) -> None:
    assert store.active_set() == tmp_path / "image" / "starter"
    assert store.ledger.active == IMAGE


def test_a_release_that_was_taken_in_stands_ready_and_the_set_in_use_stays(store: Store, tmp_path: Path) -> None:
    taken(store, release(7))
    ledger = store.ledger
    assert store.active_set() == tmp_path / "image" / "starter"
    assert ledger.candidate is not None
    assert ledger.candidate.mark == Mark(1, 7)
    for source in SOURCES:
        assert (store.folder_of(ledger.candidate) / source.path).read_bytes() == source.body
    assert list(store.staging.iterdir()) == []


def test_a_candidate_that_is_activated_is_in_use(store: Store) -> None:
    used(store, 7)
    assert (store.active_set() / "asr" / "model.bin").is_file()
    assert store.ledger.candidate is None
    assert store.ledger.previous == IMAGE


def test_there_is_no_way_back_before_there_was_a_way_forth(store: Store) -> None:
    with pytest.raises(NothingToGoBackToError):
        store.roll_back(ACTOR)


def test_one_goes_back_to_the_set_before_and_can_go_forth_again(store: Store) -> None:
    used(store, 7, 8)
    eight = store.ledger.active
    store.roll_back(ACTOR)
    assert store.ledger.active.mark == Mark(1, 7)
    assert store.ledger.candidate == eight
    with pytest.raises(NothingToGoBackToError):
        store.roll_back(ACTOR)
    store.activate(ACTOR)
    assert store.ledger.active == eight


def test_one_goes_back_from_the_first_release_to_the_set_of_the_image(store: Store, tmp_path: Path) -> None:
    used(store, 7)
    store.roll_back(ACTOR)
    assert store.active_set() == tmp_path / "image" / "starter"


def test_the_release_before_the_one_before_is_removed(store: Store) -> None:
    used(store, 7, 8, 9)
    assert sorted(place.name.rsplit("-", 1)[0] for place in store.releases.iterdir()) == ["vendor-1-8", "vendor-1-9"]


def test_a_newer_update_takes_the_place_of_one_that_stood_ready(store: Store) -> None:
    taken(store, release(7))
    taken(store, release(8))
    assert [place.name.rsplit("-", 1)[0] for place in store.releases.iterdir()] == ["vendor-1-8"]


def test_an_update_that_stands_ready_stays_when_one_goes_back(store: Store) -> None:
    used(store, 7)
    nine = taken(store, release(9)).decision.installed
    store.roll_back(ACTOR)
    assert store.ledger.candidate == nine
    assert len(list(store.releases.iterdir())) == 1


def test_a_discarded_update_is_gone(store: Store) -> None:
    taken(store, release(7))
    store.discard(ACTOR)
    assert list(store.releases.iterdir()) == []
    with pytest.raises(NoCandidateError):
        store.discard(ACTOR)
    with pytest.raises(NoCandidateError):
        store.activate(ACTOR)


def test_a_set_that_was_withdrawn_is_not_gone_back_to(store: Store) -> None:
    used(store, 7)
    taken(store, release(8, min_release=8))
    store.activate(ACTOR)
    with pytest.raises(BelowFloorError):
        store.roll_back(ACTOR)
    assert store.ledger.active.mark == Mark(1, 8)


def test_a_withdrawn_candidate_is_not_put_to_use(store: Store) -> None:
    taken(store, release(7))
    withdrawn = Memory(store.ledger.memory("vendor").highest, Mark(1, 8))
    store.ledger.remembering("vendor", withdrawn).write(store.folder)
    with pytest.raises(BelowFloorError):
        store.activate(ACTOR)


def test_a_candidate_for_an_older_cloister_is_not_put_to_use(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    taken(store, release(7))
    monkeypatch.setattr("appliance.bundles.store.__version__", "9.0.1")
    with pytest.raises(AppTooNewError):
        store.activate(ACTOR)


def test_a_candidate_whose_description_was_exchanged_is_not_put_to_use(store: Store) -> None:
    chosen = taken(store, release(7)).decision.installed
    path = store.folder_of(chosen) / ENVELOPE_NAME
    path.write_bytes(signed(release(6).envelope(), "ada", "ben"))
    with pytest.raises(ReleaseDamagedError):
        store.activate(ACTOR)
    path.unlink()
    with pytest.raises(ReleaseDamagedError):
        store.activate(ACTOR)


def test_the_highest_release_is_remembered_even_where_it_was_discarded(store: Store) -> None:
    taken(store, release(9))
    store.discard(ACTOR)
    with pytest.raises(OldReleaseError):
        taken(store, release(8))


def test_a_set_in_use_is_relied_on_after_some_jobs(store: Store) -> None:
    used(store, 7)
    for left in range(PROBATION_JOBS, 0, -1):
        assert store.ledger.probation == left
        store.finish_job()
    store.finish_job()
    assert store.ledger.probation == 0


def test_the_journal_says_who_did_what_and_why(store: Store) -> None:
    used(store, 7)
    store.roll_back("appliance", EngineDiedError())
    store.discard(ACTOR)
    entries = store.journal.entries()
    assert [entry.action for entry in entries] == ["taking_in", "taken_in", "activated", "rolled_back", "discarded"]
    assert entries[2].facts["before"] == "image"
    assert (entries[3].actor, entries[3].code, entries[3].object) == ("appliance", "engine.died", "image")
    store.journal.check(store.ledger.entry)


def test_a_refusal_is_in_the_journal_with_its_code_and_facts(store: Store) -> None:
    with pytest.raises(UnknownSignerError):
        taken(store, bundle(release(7), by=["mallory"]))
    (entry,) = store.journal.entries()
    assert (entry.actor, entry.action, entry.object, entry.code) == (
        ACTOR,
        "refused",
        "a stick",
        UnknownSignerError.code,
    )


@pytest.mark.parametrize("harm", ["changed", "swapped", "removed", "cut", "emptied"])
def test_a_journal_that_somebody_changed_says_so(store: Store, harm: str) -> None:
    used(store, 7, 8)
    path = store.folder / JOURNAL_FILE
    lines = path.read_bytes().splitlines(keepends=True)
    harmed = {
        "changed": [lines[0].replace(b"Ada", b"Eve"), *lines[1:]],
        "swapped": [lines[1], lines[0], *lines[2:]],
        "removed": [lines[0], *lines[2:]],
        "cut": lines[:-1],
        "emptied": [],
    }[harm]
    path.write_bytes(b"".join(harmed))
    with pytest.raises(JournalError):
        store.journal.check(store.ledger.entry)


def test_what_a_power_cut_left_of_a_line_is_no_entry(store: Store) -> None:
    used(store, 7)
    path = store.folder / JOURNAL_FILE
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:40])
    store.roll_back(ACTOR)
    assert actions(store)[-1] == "rolled_back"


def test_an_entry_that_a_power_cut_kept_from_the_journal_is_written_at_the_next_start(
    store: Store, tmp_path: Path
) -> None:
    used(store, 7)
    path = store.folder / JOURNAL_FILE
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    again = house(tmp_path)
    assert path.read_bytes() == b"".join(lines)
    again.journal.check(again.ledger.entry)


@pytest.mark.parametrize(
    "content", [b"", b"{}}", b'{"schema":2}', b"\xff", b'{"schema":1,"lines":{"vendor":{"root":"x"}}}']
)
def test_a_ledger_that_cannot_be_read_lets_nothing_in(store: Store, tmp_path: Path, content: bytes) -> None:
    used(store, 7)
    (store.folder / LEDGER_FILE).write_bytes(content)
    for act in (lambda: taken(store, release(8)), lambda: store.activate(ACTOR), lambda: house(tmp_path)):
        with pytest.raises(LedgerError):
            act()


def test_a_list_in_the_image_that_is_none_is_named(store: Store, tmp_path: Path) -> None:
    (tmp_path / "image" / "roots" / "vendor.root.dsse.json").write_bytes(b"{}")
    with pytest.raises(VendorRootError, match=r"vendor\.root"):
        taken(store, release(7))


def test_a_disk_that_does_not_take_the_folders_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "models").write_bytes(b"a file in the way")
    with pytest.raises(DataFolderError):
        house(tmp_path)


def test_nobody_is_trusted_unless_the_image_or_an_administrator_says_so(tmp_path: Path) -> None:
    store = house(tmp_path, with_vendor=False)
    with pytest.raises(UnknownSignerError):
        taken(store, release(7))
    store.trust(signed(vendor_root().envelope(), "ada", "ben"), "command")
    taken(store, release(7))
    assert actions(store)[1:] == ["trusted", "taking_in", "taken_in"]


def test_a_site_stands_beside_the_vendor(store: Store) -> None:
    store.trust(site_root_file(), "command")
    assert [root.line for root in store.lines()] == ["vendor", "site"]
    taken(store, bundle(release(3), by=["site"]))
    assert store.ledger.candidate is not None
    assert store.ledger.candidate.line == "site"


def test_a_list_that_is_no_successor_does_not_take_the_place_of_one_that_is_trusted(store: Store) -> None:
    other = vendor_root(1, ("mallory",), 1)
    store.trust(signed(other.envelope(), "mallory"), "command")  # Not newer than what is trusted: passed over.
    assert "mallory" not in str(store.lines())
    thief = vendor_root(2, ("mallory",), 1)
    with pytest.raises((RootPredecessorError, UnknownSignerError)):
        store.trust(signed(thief.envelope(), "mallory"), "command")
    with pytest.raises(RootChainError):
        store.trust(signed(vendor_root(3).envelope(), "ada", "ben"), "command")


def test_a_site_may_not_use_a_key_of_the_vendors(store: Store) -> None:
    shared = roots.make_root("site", [bytes.fromhex(vendor_root().public_keys[0])], 1, "2026-11-20T08:00:00Z")
    name = next(name for name in ("ada", "ben", "cleo") if vendor_root(1, (name,), 1).public_keys == shared.public_keys)
    with pytest.raises(RootKeysError):
        store.trust(signed(shared.envelope(), name), "command")


def test_a_newer_list_in_a_bundle_is_kept_even_if_the_bundle_is_refused(store: Store) -> None:
    two = vendor_root(2, ("ben", "cleo", "dora"))
    carried = [(2, signed(two.envelope(), "ada", "ben", "cleo"))]
    with pytest.raises(BundleError):
        taken(store, bundle(manifest(epoch=1), by=["ben", "cleo"], carried=carried))
    assert store.lines() == (two,)
    assert actions(store) == ["signers_changed", "refused"]


def test_a_newer_image_brings_a_newer_list(store: Store, tmp_path: Path) -> None:
    used(store, 7)
    two = vendor_root(2, ("ben", "cleo", "dora"))
    (tmp_path / "image" / "roots" / "vendor.root.dsse.json").write_bytes(signed(two.envelope(), "ada", "ben", "cleo"))
    assert store.lines() == (two,)
    taken(store, bundle(release(1, epoch=2), by=["ben", "cleo"]))
    assert store.ledger.candidate is not None
    assert store.ledger.candidate.mark == Mark(2, 1)


def test_what_an_engine_still_has_of_a_set_stays_until_it_is_done_with_it(tmp_path: Path) -> None:
    store = house(tmp_path)
    used(store, 7)
    left = store.active_set()
    with kept(left):  # A job of many hours is in the engine, and wants another model of the set at its end.
        store.roll_back(ACTOR)
        store.discard(ACTOR)
        store.tidy()
        assert (left / "set.json").is_file()
    store.tidy()
    assert not left.exists()
    assert list(store.releases.iterdir()) == []


def test_a_change_whose_entry_did_not_reach_the_journal_is_in_it_before_the_next_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken(store, release(7))

    append = store.journal.append

    def failing(entry: Entry) -> None:
        if entry.action == "activated":
            raise OSError(errno.EIO, "Input/output error")
        append(entry)

    with monkeypatch.context() as disk:  # Or a kill -9 of a command at this instant, while the server lives on.
        disk.setattr(store.journal, "append", failing)
        with pytest.raises(DataFolderError):
            store.activate(ACTOR)
    store.note(ACTOR, "refused", "a stick")
    assert actions(store) == ["taking_in", "taken_in", "activated", "refused"]
    store.journal.check(store.ledger.entry)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "site.root.dsse.json")
    with pytest.raises(ValueError, match="it is not a file"):
        read_whole(tmp_path / "site.root.dsse.json", 1_000)
