"""What may be installed here and now, and what is remembered of it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from appliance import __version__
from appliance.bundles.manifest import AppRange, Manifest
from appliance.bundles.trust import (
    DAY_S,
    OLD_AFTER_DAYS,
    RESERVE_BYTES,
    Appliance,
    Caution,
    Decision,
    Installed,
    Mark,
    Memory,
    decide,
    decide_rollback,
    needed_bytes,
    version_order,
)
from appliance.errors import (
    AppTooNewError,
    AppTooOldError,
    BelowFloorError,
    NoRoomError,
    NothingToGoBackToError,
    OldReleaseError,
    OtherReleaseError,
)
from tests.simulators.publisher import NOW_S, manifest, vendor_root

HERE = Appliance("0.1.0", 2**40, NOW_S)
FRESH = Memory()


def decided(of: Manifest | None = None, memory: Memory = FRESH, here: Appliance = HERE, epoch: int = 1) -> Decision:
    return decide(of or manifest(epoch=epoch), vendor_root(epoch), memory, here)


def test_what_was_accepted_is_remembered_as_the_highest() -> None:
    decision = decided()
    assert decision.memory.highest == decision.installed == Installed("vendor", Mark(1, 7), manifest().digest)


def test_nothing_older_than_the_highest_is_taken_even_if_it_was_never_used() -> None:
    memory = decided().memory  # Accepted, and then the power went.
    with pytest.raises(OldReleaseError) as refused:
        decided(manifest(release=6), memory)
    assert (refused.value.release, refused.value.highest) == (6, 7)


def test_an_install_that_was_broken_off_goes_on() -> None:
    once = decided()
    assert decided(memory=once.memory) == once


def test_the_newest_may_be_installed_again_after_going_back_from_it() -> None:
    once = decided()
    here = replace(HERE, active=Installed("vendor", Mark(1, 6), "6" * 64))
    assert decided(memory=once.memory, here=here).installed == once.installed


def test_two_bundles_with_one_number_are_told_apart() -> None:
    with pytest.raises(OtherReleaseError):
        decided(manifest(notes="swapped"), decided().memory)


def test_a_new_epoch_may_begin_again_after_a_thief_used_up_the_numbers() -> None:
    memory = Memory(Installed("vendor", Mark(1, 2**31 - 1), "0" * 64))
    assert decided(manifest(epoch=2, release=1), memory, epoch=2).memory.highest is not None


def test_a_release_withdraws_older_ones() -> None:
    memory = decided(manifest(min_release=5)).memory
    assert memory.floor == Mark(1, 5)
    with pytest.raises(BelowFloorError) as refused:
        decide_rollback(Installed("vendor", Mark(1, 4), "4" * 64), memory)
    assert (refused.value.release, refused.value.oldest) == (4, 5)


def test_a_floor_never_sinks() -> None:
    floor = Memory(floor=Mark(1, 6))
    assert decided(manifest(min_release=2), floor).memory.floor == Mark(1, 6)
    assert decided(manifest(min_release=0), floor).memory.floor == Mark(1, 6)


def test_the_oldest_that_may_be_used_may_be_used() -> None:
    memory = Memory(floor=Mark(1, 7))
    assert decided(memory=memory).installed.mark == Mark(1, 7)
    with pytest.raises(BelowFloorError):
        decided(memory=Memory(floor=Mark(2, 1)))


def test_a_new_epoch_that_withdraws_nothing_leaves_the_way_back_open() -> None:
    memory = decided(manifest(epoch=2, min_release=0), epoch=2).memory
    before = Installed("vendor", Mark(1, 6), "6" * 64)
    assert decide_rollback(before, memory) == before


def test_a_floor_that_the_image_brings_keeps_a_fresh_appliance_from_old_sets() -> None:
    with pytest.raises(BelowFloorError):
        decided(memory=Memory(floor=Mark(1, 8)))


def test_a_floor_of_a_new_epoch_ends_all_of_the_epoch_before() -> None:
    memory = decided(manifest(epoch=2, release=3, min_release=1), epoch=2).memory
    with pytest.raises(BelowFloorError):
        decide_rollback(Installed("vendor", Mark(1, 900), "9" * 64), memory)


def test_one_goes_back_to_the_recorded_one_before_and_to_no_other() -> None:
    before = Installed("vendor", Mark(1, 6), "6" * 64)
    assert decide_rollback(before, decided().memory) == before
    with pytest.raises(NothingToGoBackToError):
        decide_rollback(None, decided().memory)


@pytest.mark.parametrize(
    ("version", "error"),
    [
        ("0.0.9", AppTooOldError),
        ("0.1.0rc1", AppTooOldError),
        ("0.1.0", None),
        ("0.2.5b3", None),
        ("0.3.0", None),
        ("0.3.1a1", AppTooNewError),
        ("0.10.0", AppTooNewError),
        ("1.0.0", AppTooNewError),
    ],
)
def test_a_bundle_is_for_a_range_of_versions(version: str, error: type[Exception] | None) -> None:
    made, here = manifest(app=AppRange(min="0.1.0", max="0.3.0")), replace(HERE, version=version)
    if error is None:
        assert decided(made, here=here).installed.mark == Mark(1, 7)
        return
    with pytest.raises(error):
        decided(made, here=here)


def test_versions_sort_as_releases_do() -> None:
    ordered = ["0.0.9", "0.1.0a1", "0.1.0a2", "0.1.0b1", "0.1.0rc1", "0.1.0rc10", "0.1.0", "0.2.0", "0.10.0", "1.0.0"]
    assert all(version_order(one) < version_order(two) for one, two in pairwise(ordered))
    assert version_order(__version__)
    with pytest.raises(ValueError, match="no version"):
        version_order("0.1.0+dirty")


def test_room_is_counted_to_the_byte() -> None:
    needed = needed_bytes(manifest())
    assert needed > RESERVE_BYTES + manifest().total_bytes
    assert decided(here=replace(HERE, free_bytes=needed)).needed_bytes == needed
    with pytest.raises(NoRoomError) as refused:
        decided(here=replace(HERE, free_bytes=needed - 1))
    assert refused.value.facts == {"needed_bytes": needed, "free_bytes": needed - 1, "missing_bytes": 1}


@pytest.mark.parametrize(
    ("days", "cautions"),
    [
        (0, ()),
        (OLD_AFTER_DAYS, ()),
        (OLD_AFTER_DAYS + 1, (Caution.OLD,)),
        (-1, ()),
        (-2, (Caution.FROM_THE_FUTURE,)),
    ],
)
def test_an_age_is_a_caution_and_never_a_refusal(days: int, cautions: tuple[Caution, ...]) -> None:
    decision = decided(here=replace(HERE, now_s=manifest().created_s + days * DAY_S))
    assert (decision.age_days, decision.cautions) == (days, cautions)
