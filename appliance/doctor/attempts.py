"""Attempts to call out: those that were refused since the start, and those made on purpose to prove that they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from appliance.doctor.findings import Finding, fail, note, ok, sentence
from appliance.worker.messages import Ready
from appliance.worker.proof import Proof
from appliance.worker.warden import Refused, Warden


@dataclass(frozen=True, slots=True)
class Attempts:
    """What the warden has counted.

    Attributes:
        is_counting: Whether the kernel tells of refused calls at all.
        since: When counting began.
        refused: By process and call; none is what everybody expects.
    """

    is_counting: bool
    since: datetime
    refused: tuple[Refused, ...]

    @classmethod
    def counted_by(cls, warden: Warden) -> Attempts:
        """Return its count as it is now."""
        return cls(is_counting=warden.is_counting, since=warden.since, refused=warden.refused())


def proof_of(ready: Ready) -> Proof:
    """Return what the engine tried in itself before it took the first job."""
    return Proof("engine", ready.tried.tried_at, ready.tried.trials)


def attempts(known: Attempts) -> Finding:
    """Judge what was counted."""
    count = sum(refused.count for refused in known.refused)
    if count:
        what = sentence(
            "Something in the appliance tried to call out, {count_number} times since the start. Nothing got through.",
            count_number=count,
        )
        advice = sentence("Send the report to whoever looks after the appliance; it names the process and the call.")
        return note("attempts", what, advice)
    if not known.is_counting:
        what = sentence(
            "Refused attempts are not counted here: the kernel does not tell of them. They are refused all the same."
        )
        return note("attempts", what)
    return ok("attempts", sentence("No process has tried to call out since the start."))


def proofs(made: tuple[Proof, ...]) -> Iterator[Finding]:
    """Judge what became of the attempts made on purpose."""
    for proof in made:
        left_open = [trial.call for trial in proof.trials if not trial.refused]
        if left_open:
            what = sentence(
                "The process {process} tried every way out in itself, and found some open: {calls}.",
                process=proof.process,
                calls=", ".join(left_open),
            )
            yield fail("seal", what, sentence("Stop the appliance. It should never run like this."))
        else:
            what = sentence(
                "The process {process} tried {tried_number} ways out in itself, and each was refused.",
                process=proof.process,
                tried_number=len(proof.trials),
            )
            yield ok("seal", what)
