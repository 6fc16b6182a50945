"""Progress only grows, an ETA is given only where there is something to base it on, and listeners hear of changes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from hypothesis import given
from hypothesis import strategies as st

from appliance.worker.progress import STAGE_SHARES, Board, Standing

Answer = TypeVar("Answer")

moments = st.tuples(st.sampled_from(list(STAGE_SHARES)), st.floats(0, 1))


@given(moments, moments)
def test_a_later_moment_never_shows_less(first: tuple[str, float], second: tuple[str, float]) -> None:
    order = list(STAGE_SHARES)
    earlier, later = sorted([first, second], key=lambda moment: (order.index(moment[0]), moment[1]))
    assert Standing(*earlier, 0.0).fraction <= Standing(*later, 0.0).fraction + 1e-9


def test_the_shares_make_a_whole() -> None:
    assert abs(sum(STAGE_SHARES.values()) - 1) < 1e-9


def test_no_eta_at_the_very_beginning_of_the_first_job() -> None:
    assert Standing("decode", 0.5, time.monotonic()).remaining_s(None) is None


def test_half_way_through_as_much_is_left_as_has_passed() -> None:
    fraction = (0.5 - sum(STAGE_SHARES[name] for name in ("decode", "segment", "language"))) / STAGE_SHARES["asr"]
    remaining_s = Standing("asr", fraction, time.monotonic() - 60).remaining_s(None)
    assert remaining_s is not None
    assert abs(remaining_s - 60) < 1


def test_a_job_slower_than_usual_never_promises_nothing_left() -> None:
    remaining_s = Standing("asr", 0.5, time.monotonic() - 500).remaining_s(100.0)
    assert remaining_s is not None
    assert remaining_s > 0


def test_a_listener_hears_of_changes_folded_together_and_of_silence() -> None:
    async def listen() -> tuple[set[str], set[str]]:
        board = Board()
        subscription = board.subscribe()
        changes = subscription.changes(heartbeat_s=0.05)
        for _ in range(3):
            board.publish("a", Standing("asr", 0.5, 0.0))
        board.publish("b", None)
        await asyncio.sleep(0)
        heard = await anext(changes), await anext(changes)
        board.unsubscribe(subscription)
        return heard

    heard, silence = in_a_loop_of_its_own(listen())
    assert heard == {"a", "b"}
    assert silence == set()


def test_a_listener_whose_loop_has_ended_is_forgotten() -> None:
    board = Board()

    async def subscribe() -> None:
        board.subscribe()

    in_a_loop_of_its_own(subscribe())
    board.publish("a", None)
    board.publish("a", None)
    assert board.current("a") is None


def in_a_loop_of_its_own(coroutine: Coroutine[object, object, Answer]) -> Answer:
    """Run in a thread: a browser test before this one may have left its loop in ours."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()
