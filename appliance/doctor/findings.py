"""A finding: what was looked at, whether it is well, and what to do. Its sentences can be read in any language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from appliance.errors import ApplianceError, Fact

Verdict = Literal["ok", "note", "fail"]
Topic = Literal[
    "seal", "attempts", "network", "device", "models", "tls", "keys", "disk", "memory", "clock", "database"
]  # fmt: skip

GIGABYTE = 10**9


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with its facts apart, as errors have them.

    Attributes:
        text: English, with ``{fact}`` places; also the gettext message id.
        facts: By name. One whose name ends in ``_bytes`` is a size, in ``_on`` a date, in ``_number`` a number.
    """

    text: str
    facts: Mapping[str, Fact]

    def __str__(self) -> str:
        """Return the sentence in English."""
        return self.text.format(**{name: _plain(name, fact) for name, fact in self.facts.items()})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        verdict: ``ok``, ``note`` where it is worth knowing, ``fail`` where somebody has to act.
        what: How it is.
        advice: What to do, or None where there is nothing to do or ``what`` says it.
    """

    topic: Topic
    verdict: Verdict
    what: Sentence
    advice: Sentence | None = None


def sentence(text: str, **facts: Fact) -> Sentence:
    """Return a sentence; the name tells the catalog's test that it is shown to people."""
    return Sentence(text, facts)


def ok(topic: Topic, what: Sentence) -> Finding:
    """Return what is well."""
    return Finding(topic, "ok", what)


def note(topic: Topic, what: Sentence, advice: Sentence | None = None) -> Finding:
    """Return what is worth knowing."""
    return Finding(topic, "note", what, advice)


def fail(topic: Topic, what: Sentence, advice: Sentence | None = None) -> Finding:
    """Return what somebody has to act on."""
    return Finding(topic, "fail", what, advice)


def refused(topic: Topic, error: ApplianceError) -> Finding:
    """Return what an error of the tree says, which is both what and advice."""
    return Finding(topic, "fail", Sentence(error.text, error.facts))


def failures(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return those that somebody has to act on."""
    return tuple(finding for finding in findings if finding.verdict == "fail")


def _plain(name: str, fact: Fact) -> Fact:
    return f"{fact / GIGABYTE:.1f} GB" if name.endswith("_bytes") and isinstance(fact, int) else fact
