"""How often somebody may be wrong at the door. Rules only: a clock is handed in, and nothing is kept but numbers.

Three things count, and none of them can shut out many people because of one:

* In a browser where this account has signed in before, only this browser's own failures with this account count.
  Whoever guesses at a name from elsewhere never keeps its owner out of the browser they use every day.
* From any other browser the failures with a name count together, from wherever they come.
* From an address there is a budget that a whole ward behind it may use up in forgetfulness, and that fills again every
  few seconds; it slows down who tries many names, and makes nobody wait long. Whoever has one address of IPv6 usually
  has the 2**64 that begin alike: so these are one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address, IPv6Network
from math import ceil
from threading import Lock

from appliance.errors import TooManyTriesError

FREE_FAILURES = 4  # From the fifth failure on, each has to be waited for.
FIRST_DELAY_S = 30.0
LONGEST_DELAY_S = 15 * 60.0
FORGOTTEN_AFTER_S = 6 * 3600.0
ADDRESS_BUDGET = 100.0
ADDRESS_REFILL_S = 6.0  # One more try every so often, however many were wrong before.
NETWORK_BITS = 64
MOST_ENTRIES = 20_000  # Names are chosen by whoever asks, so their number is capped.


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to come in.

    Attributes:
        name_key: Whose account it names, whether there is one or not.
        device: Id of a browser that has proved an earlier sign-in of this account; empty where it has not.
        address: Where the request comes from; None where that is not seen.
    """

    name_key: str
    device: str = ""
    address: str | None = None


@dataclass(slots=True)
class _Failures:
    count: int
    last_s: float

    def wait_s(self, now_s: float) -> float:
        """Return how long the next try has to wait."""
        over = self.count - FREE_FAILURES
        if over <= 0:
            return 0.0
        delay_s = min(FIRST_DELAY_S * float(2 ** min(over - 1, 16)), LONGEST_DELAY_S)
        return self.last_s + delay_s - now_s


@dataclass(slots=True)
class _Budget:
    left: float
    at_s: float

    def refill(self, now_s: float) -> None:
        """Add what came back since the last time."""
        self.left = min(ADDRESS_BUDGET, self.left + (now_s - self.at_s) / ADDRESS_REFILL_S)
        self.at_s = now_s


class Throttle:
    """Counts failures in memory: a restart forgets them, which costs an attacker more than it gives."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the clock, in seconds."""
        self._clock = clock
        self._lock = Lock()
        self._failures: dict[tuple[str, str], _Failures] = {}
        self._budgets: dict[str, _Budget] = {}

    def admit(self, attempt: Attempt) -> None:
        """Let somebody try, and count it as a failure until ``succeeded`` says otherwise: tries at once count too.

        Raises:
            TooManyTriesError: They have to wait; says how long. Such a try is not counted.
        """
        with self._lock:
            now_s = self._clock()
            key = (attempt.name_key, attempt.device)
            failures = self._failures.get(key)
            if failures is not None and now_s - failures.last_s >= FORGOTTEN_AFTER_S:
                failures = None
            budget = self._budget(attempt, now_s)
            waits_s = [failures.wait_s(now_s) if failures else 0.0]
            if budget is not None and budget.left < 1:
                waits_s.append((1 - budget.left) * ADDRESS_REFILL_S)
            if max(waits_s) > 0:
                raise TooManyTriesError(retry_s=ceil(max(waits_s)))
            if budget is not None:
                budget.left -= 1
            self._failures[key] = _Failures((failures.count if failures else 0) + 1, now_s)
            self._forget_failures()

    def succeeded(self, attempt: Attempt) -> None:
        """Take back what this try counted, and forgive what this browser, or this name, got wrong before."""
        with self._lock:
            self._failures.pop((attempt.name_key, attempt.device), None)
            budget = self._budget(attempt, self._clock())
            if budget is not None:
                budget.left = min(ADDRESS_BUDGET, budget.left + 1)

    def _budget(self, attempt: Attempt, now_s: float) -> _Budget | None:
        if attempt.device or attempt.address is None:
            return None
        network = network_of(attempt.address)
        if network not in self._budgets:  # Whatever becomes of the try: a refused one comes from somewhere too.
            self._forget_budgets(now_s)
        budget = self._budgets.setdefault(network, _Budget(ADDRESS_BUDGET, now_s))
        budget.refill(now_s)
        return budget

    def _forget_failures(self) -> None:
        """Keep memory within bounds: the least guilty go, and of those the oldest first."""
        if len(self._failures) > MOST_ENTRIES:
            for key, _ in sorted(self._failures.items(), key=_guilt)[: MOST_ENTRIES // 4]:
                del self._failures[key]

    def _forget_budgets(self, now_s: float) -> None:
        """Make room for another budget: those go of which the most is left."""
        if len(self._budgets) >= MOST_ENTRIES:
            for budget in self._budgets.values():
                budget.refill(now_s)
            emptiest = sorted(self._budgets.items(), key=lambda entry: entry[1].left)
            self._budgets = dict(emptiest[: MOST_ENTRIES * 3 // 4])


def network_of(address: str) -> str:
    """Return what has one budget: an address of IPv4, also where it is written as one of IPv6, or a /64 of IPv6."""
    try:
        parsed = IPv6Address(address)
    except AddressValueError:
        return address
    mapped: IPv4Address | None = parsed.ipv4_mapped
    return str(mapped) if mapped else str(IPv6Network((int(parsed), NETWORK_BITS), strict=False))


def _guilt(entry: tuple[tuple[str, str], _Failures]) -> tuple[int, float]:
    return entry[1].count, entry[1].last_s
