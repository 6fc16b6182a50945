from __future__ import annotations

import threading

import pytest

from appliance.worker.turns import Turns

PATIENCE_S = 10
A_MOMENT_S = 0.2


def test_who_wants_the_same_waits_and_who_wants_something_else_does_not() -> None:
    turns, had = Turns(), threading.Event()

    def take() -> None:
        with turns.of("a"):
            had.set()

    second = threading.Thread(target=take)
    with turns.of("a"):
        second.start()
        with turns.of("b"):
            assert not had.wait(A_MOMENT_S)
        assert len(turns) == 1
    assert had.wait(PATIENCE_S)
    second.join(PATIENCE_S)
    assert len(turns) == 0


def test_many_at_once_have_their_turns_one_after_the_other() -> None:
    turns, inside, most = Turns(), 0, 0

    def take() -> None:
        nonlocal inside, most
        for _ in range(200):
            with turns.of("a"):
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert (most, len(turns)) == (1, 0)


def test_a_turn_that_ends_in_an_error_is_over() -> None:
    turns = Turns()
    with pytest.raises(ZeroDivisionError), turns.of("a"):
        raise ZeroDivisionError
    assert len(turns) == 0
    with turns.of("a"):
        assert len(turns) == 1
