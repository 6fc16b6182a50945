"""What came of trying an update, as a table and in words: what an administrator should conclude from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from appliance.bundles.figures import ClipResult, Totals
from appliance.bundles.selftest import Column, TrialResult
from appliance.errors import ApplianceError
from appliance.web.languages import Language, mark

Weight = Literal["ok", "note", "fail"]

NEGLIGIBLE = 0.005  # Half a word in a hundred more or less says nothing about a set.
NEGLIGIBLE_SHARE = 0.05
SLOWER = 1.5

WORDS = {
    "better": mark(
        "{where} it hears words better: {update} of them are wrong, and {in_use} with the set that is in use."
    ),
    "same": mark(
        "{where} it hears words about as well: {update} of them are wrong, and {in_use} with the set that is in use."
    ),
    "worse": mark(
        "{where} it hears words worse: {update} of them are wrong, and {in_use} with the set that is in use."
    ),
}
SPEAKERS = {
    "better": mark(
        "{where} it tells speakers apart better: {update} of the speech is wrong, and {in_use} with the set in use."
    ),
    "same": mark(
        "{where} it tells speakers apart about as well: {update} of the speech is wrong, and {in_use} with the set in "
        "use."
    ),
    "worse": mark(
        "{where} it tells speakers apart worse: {update} of the speech is wrong, and {in_use} with the set in use."
    ),
}
ON_OWN = mark("On your own recordings")
ON_SIGNED = mark("On its makers' recordings")


@dataclass(frozen=True, slots=True)
class Verdict:
    """A conclusion: whether it speaks for the update, asks for a look, or against it."""

    weight: Weight
    sentence: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A figure of both sets; empty where it was not measured.

    Attributes:
        limit: What was promised of the update, in words, or empty.
        is_over: Whether that was not kept.
    """

    update: str
    in_use: str
    limit: str = ""
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class TrialRow:
    """A recording, or several together.

    Attributes:
        name: Of it.
        length: As a clock shows it.
        trouble: Why there are no figures of the update, in words, or empty.
    """

    name: str
    length: str
    words: Pair
    speakers: Pair
    speed: Pair
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class TrialGroup:
    """Recordings that belong together.

    Attributes:
        heading: Whose they are.
        rows: One each.
        total: All of them, or None where there is only one.
    """

    heading: str
    rows: tuple[TrialRow, ...]
    total: TrialRow | None


@dataclass(frozen=True, slots=True)
class TrialView:
    """What ``models/_trial.html`` shows.

    Attributes:
        tried_at: UTC, as ISO 8601.
        machine: On what it was tried.
        has_in_use: Whether the set in use was measured beside it.
        groups: The recordings of its makers, then the site's own.
    """

    tried_at: str
    machine: str
    has_in_use: bool
    groups: tuple[TrialGroup, ...]


def view_of(trial: TrialResult, language: Language) -> TrialView:
    """Return both columns as a table."""
    in_use = trial.active
    signed = _group(
        language.say(mark("Its makers' recordings")),
        trial.candidate.signed,
        in_use.signed if in_use else (),
        language,
    )
    own = _group(language.say(mark("Your own recordings")), trial.candidate.own, in_use.own if in_use else (), language)
    return TrialView(
        tried_at=trial.tried_at,
        machine=trial.candidate.facts.device_name,
        has_in_use=in_use is not None,
        groups=tuple(group for group in (signed, own) if group.rows),
    )


def verdicts_of(trial: TrialResult, language: Language) -> Iterator[Verdict]:
    """Yield what follows from a trial, the weightiest first."""
    broken = list(_broken(trial, language))
    yield from broken
    if not broken:
        kept = mark("It kept every limit that its makers signed.")
        yield Verdict("ok", language.say(kept))
    if trial.active is None:
        yield _not_measured(trial, language)
        return
    for where, update, in_use in (
        (ON_OWN, trial.candidate.own_totals, trial.active.own_totals),
        (ON_SIGNED, trial.candidate.totals, trial.active.totals),
    ):
        yield from _compared(language.say(where), update, in_use, language)
    yield from _speed(trial.candidate, trial.active, language)


def compare(update: float, in_use: float) -> Literal["better", "same", "worse"]:
    """Compare two error rates. A small difference on a few minutes of speech is chance."""
    if abs(update - in_use) <= max(NEGLIGIBLE, NEGLIGIBLE_SHARE * in_use):
        return "same"
    return "better" if update < in_use else "worse"


def _broken(trial: TrialResult, language: Language) -> Iterator[Verdict]:
    for clip in trial.candidate.signed:
        try:
            clip.require()
        except ApplianceError as error:
            yield Verdict("fail", language.tell(error))


def _not_measured(trial: TrialResult, language: Language) -> Verdict:
    refusal = trial.active_refusal
    if refusal is not None:
        sentence = mark("The set in use could not be measured beside it. {reason}")
        return Verdict("note", language.say(sentence, reason=language.tell(refusal.error())))
    sentence = mark("The set in use was not measured beside it: the memory does not do for two sets at once.")
    return Verdict("note", language.say(sentence))


def _compared(where: str, update: Totals, in_use: Totals, language: Language) -> Iterator[Verdict]:
    for sentences, one, other in ((WORDS, update.wer, in_use.wer), (SPEAKERS, update.der, in_use.der)):
        if one is None or other is None or update.clips != in_use.clips:
            continue  # Figures of different recordings say nothing about each other.
        result = compare(one, other)
        facts = {"where": where, "update": language.rate(one), "in_use": language.rate(other)}
        yield Verdict("note" if result == "worse" else "ok", language.say(sentences[result], **facts))


def _speed(update: Column, in_use: Column, language: Language) -> Iterator[Verdict]:
    one, other = update.totals.speed, in_use.totals.speed
    if one is None or other is None or update.totals.clips != in_use.totals.clips:
        return
    if other > one * SLOWER:
        sentence = mark("It is slower: {factor} the time of the set in use.")
        yield Verdict("note", language.say(sentence, factor=language.times(other / one)))
    elif one > other * SLOWER:
        sentence = mark("It is faster: {factor} the speed of the set in use.")
        yield Verdict("ok", language.say(sentence, factor=language.times(one / other)))


def _group(
    heading: str, update: tuple[ClipResult, ...], in_use: tuple[ClipResult, ...], language: Language
) -> TrialGroup:
    rows = tuple(_row(one, other, language) for one, other in zip_longest(update, in_use) if one is not None)
    total = _total(Totals.of(update), Totals.of(in_use), language) if len(rows) > 1 else None
    return TrialGroup(heading, rows, total)


def _row(update: ClipResult, in_use: ClipResult | None, language: Language) -> TrialRow:
    return TrialRow(
        name=_name(update.name, language),
        length=language.clock(update.audio_s) if update.audio_s else "",
        words=_pair(update.wer, in_use.wer if in_use else None, update.wer_max, language),
        speakers=_pair(update.der, in_use.der if in_use else None, update.der_max, language),
        speed=Pair(_speed_of(update, language), _speed_of(in_use, language)),
        trouble=language.tell(update.refusal.error()) if update.refusal else "",
    )


def _name(name: str, language: Language) -> str:
    """Return what to call a recording; a site's own have numbers, since their names are nobody else's to read."""
    if not name.isdecimal():
        return name
    return language.say(mark("Recording {name}"), name=language.number(int(name)))


def _total(update: Totals, in_use: Totals, language: Language) -> TrialRow:
    return TrialRow(
        name=language.say(mark("Together")),
        length=language.clock(update.audio_s),
        words=_pair(update.wer, in_use.wer, None, language),
        speakers=_pair(update.der, in_use.der, None, language),
        speed=Pair(_times(update.speed, language), _times(in_use.speed, language)),
    )


def _pair(update: float | None, in_use: float | None, limit: float | None, language: Language) -> Pair:
    return Pair(
        update="" if update is None else language.rate(update),
        in_use="" if in_use is None else language.rate(in_use),
        limit="" if limit is None else language.say(mark("at most {limit}"), limit=language.rate(limit)),
        is_over=limit is not None and (update is None or update > limit),
    )


def _speed_of(clip: ClipResult | None, language: Language) -> str:
    return "" if clip is None or not clip.seconds else language.times(clip.audio_s / clip.seconds)


def _times(speed: float | None, language: Language) -> str:
    return "" if speed is None else language.times(speed)
