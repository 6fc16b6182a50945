"""A process that is watched by a real warden, as the server is."""

from __future__ import annotations

import time
from collections.abc import Callable

from appliance import cage
from appliance.worker.warden import Warden


def watched_server() -> Warden:
    """Seal the calling process as the server seals itself; call it in a fork."""
    warden = Warden(allow_weaker=False)
    warden.open()
    warden.count()
    cage.seal_server()
    return warden


def counts(warden: Warden, until: Callable[[dict[tuple[str, str], int]], bool]) -> dict[tuple[str, str], int]:
    """What the warden has counted, by process and call, as soon as it is enough, or after five seconds in any case."""
    deadline = time.monotonic() + 5
    while True:
        counted = {(refused.process, refused.call): refused.count for refused in warden.refused()}
        if until(counted) or time.monotonic() > deadline:
            return counted
        time.sleep(0.02)


def trials(warden: Warden, at_least: int) -> int:
    """How many trials the warden has seen, as soon as it is enough, or after five seconds in any case."""
    deadline = time.monotonic() + 5
    while warden.trials() < at_least and time.monotonic() < deadline:
        time.sleep(0.02)
    return warden.trials()
