"""Model updates that a browser sends: in chunks that survive a break, refused as early as it can be known."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.bundles import trust
from appliance.bundles.durable import free_bytes
from appliance.bundles.manifest import MAX_TOTAL_BYTES
from appliance.errors import (
    ArchiveTruncatedError,
    ChunkOrderError,
    ChunkSizeError,
    ManifestSizeError,
    NoRoomError,
    NotFoundError,
    OldReleaseError,
    UnknownSignerError,
    UpdateBusyError,
)
from appliance.worker import incoming as module
from appliance.worker.incoming import MOST_AT_ONCE, Incoming
from tests.bundles.houses import house, release, used
from tests.flows.mounts import mounted
from tests.simulators.publisher import bundle

CHUNK = 4_096


@pytest.fixture
def incoming(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Incoming:
    monkeypatch.setattr(module, "CHUNK_BYTES", CHUNK)
    return Incoming(house(tmp_path))


def chunks(made: bytes) -> list[bytes]:
    return [made[at : at + CHUNK] for at in range(0, len(made), CHUNK)]


def sent(incoming: Incoming, made: bytes, name: str = "models.cloister") -> str:
    arrival = incoming.begin(name, len(made))
    for number, chunk in enumerate(chunks(made)):
        arrival = incoming.take(arrival.id, number, chunk)
    assert arrival.finished
    return arrival.id


def test_a_file_arrives_as_it_was_sent(incoming: Incoming) -> None:
    made = bundle(release(7))
    arrival_id = sent(incoming, made)
    with incoming.opened(arrival_id) as file:
        assert file.read() == made
    incoming.erase(arrival_id)
    assert list(incoming.folder.iterdir()) == []


def test_the_same_file_goes_on_where_it_stopped(incoming: Incoming) -> None:
    made = bundle(release(7))
    first = incoming.begin("models.cloister", len(made))
    incoming.take(first.id, 0, chunks(made)[0])
    again = incoming.begin("models.cloister", len(made))
    assert (again.id, again.next_chunk) == (first.id, 1)
    assert incoming.begin("other.cloister", len(made)).next_chunk == 0


def test_a_chunk_that_a_power_cut_tore_is_asked_for_again(incoming: Incoming) -> None:
    made = bundle(release(7))
    arrival = incoming.begin("models.cloister", len(made))
    incoming.take(arrival.id, 0, chunks(made)[0])
    with (incoming.folder / arrival.id).open("ab") as torn:
        torn.write(b"half a chunk")
    assert incoming.state(arrival.id).next_chunk == 1
    sent(incoming, made)


def test_a_chunk_that_is_there_is_passed_over_and_one_too_early_refused(incoming: Incoming) -> None:
    made = bundle(release(7))
    arrival = incoming.begin("models.cloister", len(made))
    incoming.take(arrival.id, 0, chunks(made)[0])
    assert incoming.take(arrival.id, 0, b"other bytes").next_chunk == 1
    with pytest.raises(ChunkOrderError):
        incoming.take(arrival.id, 2, chunks(made)[2])
    for chunk in (b"", chunks(made)[1] + b"x"):
        with pytest.raises(ChunkSizeError):
            incoming.take(arrival.id, 1, chunk)


def test_a_stranger_is_refused_after_the_first_chunk_and_leaves_nothing(incoming: Incoming) -> None:
    made = bundle(release(7), by=["mallory"])
    arrival = incoming.begin("models.cloister", len(made))
    with pytest.raises(UnknownSignerError):
        incoming.take(arrival.id, 0, chunks(made)[0])
    assert list(incoming.folder.iterdir()) == []
    with pytest.raises(NotFoundError):
        incoming.take(arrival.id, 1, chunks(made)[1])


def test_an_old_update_is_refused_after_the_first_chunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK_BYTES", CHUNK)
    store = house(tmp_path)
    used(store, 7)
    incoming = Incoming(store)
    made = bundle(release(6))
    arrival = incoming.begin("models.cloister", len(made))
    with pytest.raises(OldReleaseError):
        incoming.take(arrival.id, 0, chunks(made)[0])


def test_a_file_that_no_update_is_as_large_as_is_not_begun(incoming: Incoming) -> None:
    with pytest.raises(ArchiveTruncatedError):
        incoming.begin("models.cloister", 0)
    with pytest.raises(ManifestSizeError):
        incoming.begin("models.cloister", MAX_TOTAL_BYTES * 2)


@pytest.mark.parametrize("arrival_id", ["", "..", "../ledger.json", "0" * 32, "0" * 32 + "-5", "0" * 32 + "-5/../../x"])
def test_an_id_of_no_upload_leads_nowhere(incoming: Incoming, arrival_id: str) -> None:
    with pytest.raises(NotFoundError):
        incoming.state(arrival_id)
    incoming.erase(arrival_id)
    assert (incoming.folder.parent / "lock").exists()


def test_no_more_uploads_are_begun_than_anybody_needs(incoming: Incoming) -> None:
    size = len(bundle(release(7)))
    first = [incoming.begin(f"{number}.cloister", size) for number in range(MOST_AT_ONCE)]
    with pytest.raises(UpdateBusyError):
        incoming.begin("one too many.cloister", size)
    assert incoming.begin("0.cloister", size).id == first[0].id
    incoming.erase(first[1].id)
    incoming.begin("one too many.cloister", size)


def test_an_upload_that_nobody_continues_is_removed(incoming: Incoming) -> None:
    incoming.tidy(10.0)  # Before there ever was one.
    made = bundle(release(7))
    old, new = incoming.begin("old.cloister", len(made)), incoming.begin("new.cloister", len(made))
    os.utime(incoming.folder / old.id, (1, 1))
    incoming.tidy(3600.0)
    assert [path.name for path in incoming.folder.iterdir()] == [new.id]


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(module, "CHUNK_BYTES", CHUNK)
    monkeypatch.setattr(module, "RESERVE_BYTES", 2**20)
    monkeypatch.setattr(trust, "RESERVE_BYTES", 2**20)
    with mounted(tmp_path / "disk", "size=8m"):
        yield tmp_path / "disk"


def test_a_file_for_which_there_is_no_room_is_not_begun(disk: Path) -> None:
    incoming = Incoming(house(disk))
    with pytest.raises(NoRoomError) as caught:
        incoming.begin("models.cloister", 8 * 2**20)
    assert caught.value.missing_bytes > 0


def test_a_disk_that_fills_up_meanwhile_is_told_and_the_chunk_can_be_sent_again(disk: Path) -> None:
    incoming = Incoming(house(disk))
    made = bundle(release(7))
    arrival = incoming.begin("models.cloister", len(made))
    incoming.take(arrival.id, 0, chunks(made)[0])
    filler = disk / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free_bytes(disk))
    with pytest.raises(NoRoomError):
        incoming.take(arrival.id, 1, chunks(made)[1])
    filler.unlink()
    assert incoming.take(arrival.id, 1, chunks(made)[1]).next_chunk == 2


def test_what_else_lies_in_the_folder_is_no_upload(incoming: Incoming) -> None:
    arrival = incoming.begin("models.cloister", 10)
    (incoming.folder / "lost+found").mkdir()
    assert [each.id for each in incoming.arrivals()] == [arrival.id]
