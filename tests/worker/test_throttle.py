from __future__ import annotations

import pytest

from appliance.errors import TooManyTriesError
from appliance.worker import throttle
from appliance.worker.throttle import Attempt, Throttle, network_of

AMINA = Attempt("amina", address="192.0.2.1")
BEN = Attempt("ben", address="192.0.2.1")
AT_HER_DESK = Attempt("amina", device="d1", address="192.0.2.1")


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def door(clock: Clock) -> Throttle:
    return Throttle(clock)


def fail(door: Throttle, attempt: Attempt, times: int = 1) -> None:
    for _ in range(times):
        door.admit(attempt)


def wait_of(door: Throttle, attempt: Attempt) -> int:
    with pytest.raises(TooManyTriesError) as refused:
        door.admit(attempt)
    return refused.value.retry_s


def test_five_failures_are_forgiven_and_then_each_is_waited_for_twice_as_long(door: Throttle, clock: Clock) -> None:
    fail(door, AMINA, 5)
    waits = []
    for _ in range(7):
        waits.append(wait_of(door, AMINA))
        clock.now_s += waits[-1]
        door.admit(AMINA)
    assert waits == [30, 60, 120, 240, 480, 900, 900]


def test_a_try_that_was_refused_does_not_count(door: Throttle, clock: Clock) -> None:
    fail(door, AMINA, 5)
    for _ in range(50):
        wait_of(door, AMINA)
    clock.now_s += 30
    door.admit(AMINA)
    assert wait_of(door, AMINA) == 60


def test_tries_at_the_same_moment_count_before_they_are_answered(door: Throttle) -> None:
    fail(door, AMINA, 5)
    wait_of(door, AMINA)


def test_success_forgives_what_was_wrong_before(door: Throttle) -> None:
    for _ in range(20):
        fail(door, AMINA, 4)
        door.succeeded(AMINA)


def test_one_forgetful_person_shuts_nobody_else_out_at_the_same_address(door: Throttle, clock: Clock) -> None:
    for _ in range(200):
        try:
            door.admit(AMINA)
        except TooManyTriesError as refused:
            clock.now_s += refused.retry_s
    for number in range(30):
        door.admit(Attempt(f"colleague {number}", address="192.0.2.1"))


def test_a_whole_ward_may_be_forgetful_in_the_same_minute(door: Throttle) -> None:
    for number in range(33):
        fail(door, Attempt(f"nurse {number}", address="192.0.2.1"), 3)


def test_who_tries_many_names_from_one_address_is_slowed_down_but_nobody_waits_long(
    door: Throttle, clock: Clock
) -> None:
    waits = []
    for number in range(1000):
        try:
            door.admit(Attempt(f"name {number}", address="192.0.2.1"))
        except TooManyTriesError as refused:
            waits.append(refused.retry_s)
        clock.now_s += 1
    assert max(waits) <= throttle.ADDRESS_REFILL_S
    assert 1000 - len(waits) <= throttle.ADDRESS_BUDGET + 1000 / throttle.ADDRESS_REFILL_S + 1


def test_a_known_browser_is_not_shut_out_by_who_guesses_from_elsewhere(door: Throttle) -> None:
    fail(door, AMINA, 5)
    wait_of(door, AMINA)
    for number in range(95):
        door.admit(Attempt(f"name {number}", address="192.0.2.1"))
    wait_of(door, BEN)  # The address has nothing left.
    door.admit(AT_HER_DESK)
    door.succeeded(AT_HER_DESK)


def test_a_known_browser_waits_for_its_own_failures(door: Throttle) -> None:
    fail(door, AT_HER_DESK, 5)
    assert wait_of(door, AT_HER_DESK) == 30
    door.admit(Attempt("amina", device="d2", address="192.0.2.1"))


def test_being_known_for_one_account_makes_nobody_known_for_another(door: Throttle) -> None:
    fail(door, Attempt("ben", address="192.0.2.1"), 5)
    door.admit(AT_HER_DESK)
    wait_of(door, BEN)


def test_failures_from_everywhere_count_together_for_a_name(door: Throttle) -> None:
    for number in range(5):
        door.admit(Attempt("amina", address=f"192.0.2.{number}"))
    wait_of(door, Attempt("amina", address="192.0.2.99"))


def test_without_an_address_names_still_count(door: Throttle) -> None:
    fail(door, Attempt("amina"), 5)
    wait_of(door, Attempt("amina"))
    for number in range(500):
        door.admit(Attempt(f"name {number}"))


def test_failures_are_forgotten_after_some_hours(door: Throttle, clock: Clock) -> None:
    fail(door, AMINA, 5)
    clock.now_s += throttle.FORGOTTEN_AFTER_S
    fail(door, AMINA, 5)
    assert wait_of(door, AMINA) == 30


def test_the_addresses_of_one_network_of_ipv6_have_one_budget(door: Throttle) -> None:
    for number in range(int(throttle.ADDRESS_BUDGET)):
        door.admit(Attempt(f"name {number}", address=f"2001:db8:0:7::{number:x}"))
    assert wait_of(door, Attempt("another", address="2001:db8:0:7:ffff:1:2:3")) <= throttle.ADDRESS_REFILL_S
    door.admit(Attempt("another", address="2001:db8:0:8::1"))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:DB8:0:0:9::1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("a socket", "a socket"),
    ],
)
def test_an_address_counts_for_its_network(address: str, network: str) -> None:
    assert network_of(address) == network


def test_tries_that_are_refused_fill_no_memory(door: Throttle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "MOST_ENTRIES", 40)
    fail(door, AMINA, 5)
    for number in range(200):
        wait_of(door, Attempt("amina", address=f"198.51.100.{number}"))
        assert len(door._budgets) <= 40


def test_memory_is_bounded_and_the_most_guilty_stay(door: Throttle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "MOST_ENTRIES", 100)
    fail(door, AMINA, 5)
    for number in range(1000):
        door.admit(Attempt(f"name {number}", address=f"198.51.100.{number}"))
    assert len(door._failures) <= 101
    assert len(door._budgets) <= 101
    wait_of(door, AMINA)
