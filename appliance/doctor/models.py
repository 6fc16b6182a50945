"""The model set: which one, how old, and what it does for each language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from appliance.doctor.findings import Finding, note, ok, sentence
from appliance.options import LANGUAGES
from appliance.worker.messages import Ready

OLD = timedelta(days=365)
"""Nothing tells a machine without a network that there is something newer: after a year somebody should look."""


@dataclass(frozen=True, slots=True)
class SpokenLanguage:
    """What the set does for one language.

    Attributes:
        code: ISO 639-1.
        transcribed_by: The model that writes it down.
        aligned_by: The model that times its words, or empty where the first one does.
        diarized_by: The model that tells the speakers apart, or empty.
    """

    code: str
    transcribed_by: str
    aligned_by: str
    diarized_by: str


def models(ready: Ready, now: datetime) -> Iterator[Finding]:
    """Look at the set that the engine has loaded."""
    dated = datetime.fromtimestamp(ready.loaded.dated_at, UTC)
    facts = {"name": ready.loaded.name, "release": ready.loaded.release, "dated_on": dated.date().isoformat()}
    yield ok("models", sentence("Every file of the model set was checked, and all models are loaded."))
    if now - dated > OLD:
        advice = sentence("Ask whether there is a newer set. Nothing here can find that out by itself.")
        yield note(
            "models",
            sentence(
                "The model set {name}, release {release}, is of {dated_on}, more than {limit_number} days ago.",
                **facts,
                limit_number=OLD.days,
            ),
            advice,
        )
    else:
        yield ok("models", sentence("The model set is {name}, release {release}, of {dated_on}.", **facts))


def languages(ready: Ready) -> tuple[SpokenLanguage, ...]:
    """Return what the set does for each language that it transcribes."""
    roles = ready.models
    diarized_by = roles["embedding"] if {"segmentation", "embedding", "clustering"} <= set(roles) else ""
    return tuple(
        SpokenLanguage(
            code=code,
            transcribed_by=roles["asr"],
            aligned_by=roles.get(f"aligner/{code}", ""),
            diarized_by=diarized_by,
        )
        for code in ready.loaded.languages or LANGUAGES
    )
