"""The parts of the Models page, each at one moment, so that two moments can be compared."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.bundles.described import describe
from appliance.bundles.ledger import Ledger
from appliance.bundles.readiness import trial_of
from appliance.bundles.selftest import TrialResult
from appliance.bundles.store import name_of
from appliance.bundles.trust import Installed
from appliance.errors import ApplianceError, BundleError, NothingToGoBackToError
from appliance.web.languages import Language, mark
from appliance.web.model_history import error_of
from appliance.web.model_sets import ShownSet, role_words, shown_set, spoken, whole
from appliance.web.model_trial import TrialView, Verdict, Weight, verdicts_of, view_of
from appliance.worker.updates import Updates
from appliance.worker.workshop import Workshop

WEIGHTS: tuple[Weight, ...] = ("fail", "note", "ok")
HEADLINES: dict[Weight, str] = {
    "ok": mark("Nothing speaks against using it."),
    "note": mark("It can be used. Look at this before you decide:"),
    "fail": mark("It cannot be used: it did not keep what its makers promised."),
}
UNTRIED = mark("It was not tried yet. Try it before it is used.")
BROKEN_OFF = mark("It could not be tried to the end, and cannot be used before it was.")
TRIED_NOW = mark("It is being tried now. Then it waits here until you decide.")
LOST = mark("It does not transcribe what the set in use does: {languages}.")
MOST_NAMED = 5  # Of the languages that are lost; more are counted there, and listed below.


@dataclass(frozen=True, slots=True)
class Back:
    """The way back.

    Attributes:
        title: Of the set before, or empty where none is recorded.
        refusal: Why there is no way back to it, in words, or empty.
    """

    title: str
    refusal: str


@dataclass(frozen=True, slots=True)
class InUse:
    """What ``models/_in_use.html`` shows.

    Attributes:
        watch: For how long it is still under watch, in words, or empty.
        unusable: Why another one is loaded in its place, in words, or empty.
        engine: Why nothing is transcribed at the moment, in words, or empty.
        engine_failed: Whether that is a fault.
    """

    shown: ShownSet
    watch: str
    unusable: str
    engine: str
    engine_failed: bool
    back: Back


@dataclass(frozen=True, slots=True)
class Change:
    """A model that another one replaces; empty where there is none before or after."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """The update that stands ready.

    Attributes:
        gained: Languages that the set in use does not transcribe.
        lost: Languages that only the set in use transcribes.
        lost_told: How many these are, in the reader's digits.
        changes: Models that differ.
        headline: All of it in a sentence.
        weight: Whether it speaks for the update.
        verdicts: What follows from the trial.
        trial: The figures, or None where it was not tried to the end.
        may_use: Whether it may be put to use.
    """

    shown: ShownSet
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    lost_told: str
    changes: tuple[Change, ...]
    headline: str
    weight: Weight
    verdicts: tuple[Verdict, ...]
    trial: TrialView | None
    may_use: bool


@dataclass(frozen=True, slots=True)
class Ready:
    """What ``models/_ready.html`` shows.

    Attributes:
        candidate: None where nothing stands ready.
        is_busy: Whether an update is on its way, so that nothing can be done with this one.
        in_use: The set in whose place it would come.
    """

    candidate: Candidate | None
    is_busy: bool
    in_use: str


def in_use_of(workshop: Workshop, ledger: Ledger, language: Language) -> InUse:
    """Return the set in use and how it does."""
    updates, fault = workshop.updates, workshop.engine.fault
    engine = language.tell(fault) if fault else ""
    if not fault and workshop.engine.ready is None:
        engine = language.say(mark("It is being loaded. Jobs that wait run when that is done."))
    watch = language.count(
        "Under watch for {number} more recording: if the engine fails at it, the appliance goes back by itself.",
        "Under watch for {number} more recordings: if the engine fails at one, the appliance goes back by itself.",
        ledger.probation,
    )
    return InUse(
        shown=shown_set(updates.store, ledger.active, language),
        watch=watch if ledger.probation else "",
        unusable=language.tell(updates.unusable) if updates.unusable else "",
        engine=engine,
        engine_failed=fault is not None,
        back=_back(updates, ledger, language),
    )


def ready_of(updates: Updates, ledger: Ledger, language: Language) -> Ready:
    """Return the update that stands ready."""
    in_use = shown_set(updates.store, ledger.active, language)
    candidate = _candidate(updates, ledger, ledger.candidate, language) if ledger.candidate else None
    return Ready(candidate, updates.underway is not None, in_use.title)


def _back(updates: Updates, ledger: Ledger, language: Language) -> Back:
    if ledger.previous is None:
        return Back("", "")
    refusal = ""
    try:
        updates.store.previous_of(ledger)
    except (BundleError, NothingToGoBackToError) as error:
        refusal = language.tell(error)
    return Back(shown_set(updates.store, ledger.previous, language).title, refusal)


def _candidate(updates: Updates, ledger: Ledger, installed: Installed, language: Language) -> Candidate:
    store = updates.store
    shown = shown_set(store, installed, language)
    trial = trial_of(store, installed)
    after, before = describe(store.set_of(installed)), describe(store.set_of(ledger.active))
    is_known = bool(after.models and before.models)
    here, there = whole(before.languages), whole(after.languages)
    lost = spoken(here - there, language) if is_known else ()
    verdicts = _verdicts(updates, installed, trial, lost, language)
    weight: Weight = verdicts[0].weight if verdicts else "note"
    is_tried_now = updates.underway is not None and updates.underway.is_trying
    untried = TRIED_NOW if is_tried_now else BROKEN_OFF if weight == "fail" else UNTRIED
    headline = HEADLINES[weight] if trial else untried
    may_use = trial is not None and trial.passed and not shown.damaged
    return Candidate(
        shown=shown,
        gained=spoken(there - here, language) if is_known else (),
        lost=lost,
        lost_told=language.number(len(lost)),
        changes=_changes(before.models, after.models, language) if is_known else (),
        headline=language.say(headline),
        weight=weight,
        verdicts=verdicts,
        trial=view_of(trial, language) if trial else None,
        may_use=may_use,
    )


def _verdicts(
    updates: Updates, installed: Installed, trial: TrialResult | None, lost: tuple[str, ...], language: Language
) -> tuple[Verdict, ...]:
    """Return what follows, the weightiest first."""
    found = [Verdict("note", _loss(lost, language))] if lost else []
    if trial is not None:
        found += verdicts_of(trial, language)
    elif error := _last_trouble(updates, installed):
        found.append(Verdict("fail", language.tell(error)))
    return tuple(sorted(found, key=lambda verdict: WEIGHTS.index(verdict.weight)))


def _loss(lost: tuple[str, ...], language: Language) -> str:
    if len(lost) <= MOST_NAMED:
        return language.say(LOST, languages=", ".join(lost))
    return language.count(
        "It does not transcribe {number} language that the set in use does. It is named below.",
        "It does not transcribe {number} languages that the set in use does. They are named below.",
        len(lost),
    )


def _last_trouble(updates: Updates, installed: Installed) -> ApplianceError | None:
    """Return why it was not tried to the end, as the journal has it: that outlives a restart."""
    name = name_of(installed)
    for entry in reversed(updates.store.journal.legible()):
        if (entry.action, entry.object) == ("tried", name):
            return error_of(entry)
    return None


def _changes(before: dict[str, str], after: dict[str, str], language: Language) -> tuple[Change, ...]:
    roles = [*after, *(role for role in before if role not in after)]
    changed = (role for role in roles if before.get(role) != after.get(role))
    return tuple(Change(role_words(role, language), before.get(role, ""), after.get(role, "")) for role in changed)
