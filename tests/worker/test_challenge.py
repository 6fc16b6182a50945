from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from appliance.errors import StaleProofError
from appliance.worker.challenge import LIFETIME_S, Challenges, Purpose


class Clock:
    now_s = 5000.5

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def challenges(clock: Clock) -> Challenges:
    return Challenges(clock)


def test_a_nonce_is_right_for_two_minutes(challenges: Challenges, clock: Clock) -> None:
    nonce = challenges.ask(Purpose.PASSPHRASE, "amina")
    assert len(nonce) == 32
    challenges.check(nonce, Purpose.PASSPHRASE, "amina")
    clock.now_s += LIFETIME_S - 1
    challenges.check(nonce, Purpose.PASSPHRASE, "amina")
    clock.now_s += 2
    with pytest.raises(StaleProofError):
        challenges.check(nonce, Purpose.PASSPHRASE, "amina")


def test_no_two_nonces_are_the_same(challenges: Challenges) -> None:
    assert len({challenges.ask(Purpose.PASSPHRASE, "amina") for _ in range(200)}) == 200


def test_a_nonce_of_another_name_is_refused(challenges: Challenges) -> None:
    nonce = challenges.ask(Purpose.PASSPHRASE, "amina")
    with pytest.raises(StaleProofError):
        challenges.check(nonce, Purpose.PASSPHRASE, "ben")


def test_a_nonce_for_another_purpose_is_refused(challenges: Challenges) -> None:
    nonce = challenges.ask(Purpose.RECOVERY_CODE, "amina")
    with pytest.raises(StaleProofError):
        challenges.check(nonce, Purpose.PASSPHRASE, "amina")


def test_a_nonce_of_another_start_of_the_server_is_refused(challenges: Challenges, clock: Clock) -> None:
    nonce = Challenges(clock).ask(Purpose.PASSPHRASE, "amina")
    with pytest.raises(StaleProofError):
        challenges.check(nonce, Purpose.PASSPHRASE, "amina")


@pytest.mark.parametrize("position", range(32))
def test_a_nonce_with_any_bit_changed_is_refused(challenges: Challenges, position: int) -> None:
    nonce = bytearray(challenges.ask(Purpose.PASSPHRASE, "amina"))
    nonce[position] ^= 1
    with pytest.raises(StaleProofError):
        challenges.check(bytes(nonce), Purpose.PASSPHRASE, "amina")


@pytest.mark.parametrize("length", [0, 15, 31, 33, 64])
def test_a_nonce_of_another_length_is_refused(challenges: Challenges, length: int) -> None:
    nonce = (challenges.ask(Purpose.PASSPHRASE, "amina") * 2)[:length]
    with pytest.raises(StaleProofError):
        challenges.check(nonce, Purpose.PASSPHRASE, "amina")


def test_a_nonce_that_let_somebody_in_is_refused_for_ever(challenges: Challenges, clock: Clock) -> None:
    nonce = challenges.ask(Purpose.PASSPHRASE, "amina")
    challenges.spend(nonce)
    for _ in range(2 * LIFETIME_S):
        with pytest.raises(StaleProofError):
            challenges.check(nonce, Purpose.PASSPHRASE, "amina")
        clock.now_s += 1
        challenges.spend(challenges.ask(Purpose.PASSPHRASE, "ben"))
    assert len(challenges._spent) <= LIFETIME_S + 1


def test_of_two_who_use_a_nonce_at_the_same_moment_one_comes_in(challenges: Challenges) -> None:
    nonce = challenges.ask(Purpose.PASSPHRASE, "amina")
    start = Barrier(2)

    def spend(_: int) -> bool:
        start.wait()
        try:
            challenges.spend(nonce)
        except StaleProofError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(spend, range(2))) == [False, True]
