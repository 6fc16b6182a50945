"""What happened to the model sets, in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields

from appliance.bundles.journal import Entry
from appliance.bundles.ledger import Ledger
from appliance.bundles.store import BY_ITSELF, IMAGE_NAME, Store
from appliance.errors import ApplianceError, JournalError, from_wire, type_registry
from appliance.web.languages import Language, mark

BY_COMMAND = "command"
MOST_SHOWN = 300  # Nobody reads more of it on a page; the journal itself has all.

ACTIONS = {
    "refused": mark("{actor}: {object} was refused."),
    "stopped": mark("{actor}: {object} was stopped."),
    "taking_in": mark("{actor}: checking and copying of {object} has begun."),
    "taken_in": mark("{actor}: {object} was checked and copied, and stands ready."),
    "tried": mark("{actor}: {object} was tried and kept every limit that its makers signed."),
    "activated": mark("{actor}: {object} was put to use."),
    "rolled_back": mark("{actor}: back to {object}."),
    "discarded": mark("{actor}: {object} was discarded."),
    "trusted": mark("{actor}: updates that “{object}” has signed are trusted from now on."),
    "signers_changed": mark("{actor}: those who may sign for “{object}” have changed, as they announced."),
}
NOT_KEPT = mark("{actor}: {object} was tried and did not keep a limit that its makers signed.")
NOT_TRIED = mark("{actor}: {object} could not be tried to the end.")
OTHER = mark("{actor}: {action}, {object}.")
RELEASE = re.compile(r"(?P<line>[a-z0-9-]+)-[0-9]+-(?P<release>[0-9]{1,10})-[0-9a-f]{12}")
MARKS = {
    "refused": "alert",
    "stopped": "stop",
    "taking_in": "download",
    "taken_in": "check",
    "tried": "wave",
    "activated": "models",
    "rolled_back": "back",
    "discarded": "trash",
    "trusted": "key",
    "signers_changed": "key",
}


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the history.

    Attributes:
        number: Of its entry.
        when: UTC, as ISO 8601.
        icon: Its sign.
        is_trouble: Whether something went wrong.
        sentence: Who did what.
        reason: Because of which error, in words, or empty.
    """

    number: int
    when: str
    icon: str
    is_trouble: bool
    sentence: str
    reason: str


@dataclass(frozen=True, slots=True)
class History:
    """What ``models/_history.html`` shows, the newest first.

    Attributes:
        trouble: Why it cannot be relied on, in words, or empty.
        events: Up to ``MOST_SHOWN``.
        older: How many more there are, in words, or empty.
    """

    trouble: str
    events: tuple[Event, ...]
    older: str


def history_of(store: Store, ledger: Ledger, language: Language) -> History:
    """Return the history. A chain that is broken is told, and what can be read is shown all the same."""
    trouble = ""
    try:
        store.journal.check(ledger.entry)
    except JournalError as error:
        trouble = language.tell(error)
    entries = store.journal.legible()
    versions = {entry.object: str(entry.facts["version"]) for entry in entries if "version" in entry.facts}
    left = len(entries) - MOST_SHOWN
    return History(
        trouble=trouble,
        events=tuple(event_of(entry, versions, language) for entry in reversed(entries[-MOST_SHOWN:])),
        older=language.count("{number} older entry", "{number} older entries", left) if left > 0 else "",
    )


def event_of(entry: Entry, versions: Mapping[str, str], language: Language) -> Event:
    """Return an entry in words.

    Args:
        entry: Of the journal.
        versions: Of releases, by the names of their folders: what people call them.
        language: To say it in.
    """
    error = error_of(entry)
    return Event(
        number=entry.seq,
        when=entry.utc,
        icon=MARKS.get(entry.action, "info"),
        is_trouble=error is not None,
        sentence=language.say(
            _sentence(entry),
            actor=who(entry.actor, language),
            object=_object(entry.object, versions, language),
            action=entry.action,
        ),
        reason=language.tell(error) if error else "",
    )


def error_of(entry: Entry) -> ApplianceError | None:
    """Return the error that an entry tells of; the event may have facts of its own besides."""
    if not entry.code:
        return None
    wanted = {each.name for each in fields(type_registry.get(entry.code, ApplianceError))}
    return from_wire(entry.code, {name: fact for name, fact in entry.facts.items() if name in wanted})


def who(name: str, language: Language) -> str:
    """Return who did something: a person by name, or what else may act."""
    if name == BY_ITSELF:
        return language.say(mark("The appliance by itself"))
    if name == BY_COMMAND:
        return language.say(mark("Somebody at the machine"))
    return isolated(name)


def _sentence(entry: Entry) -> str:
    if entry.action == "tried" and entry.code:
        return NOT_TRIED
    if entry.action == "tried" and not entry.facts.get("passed"):
        return NOT_KEPT
    return ACTIONS.get(entry.action, OTHER)


def _object(name: str, versions: Mapping[str, str], language: Language) -> str:
    if name == IMAGE_NAME:
        return language.say(mark("the set that came with the appliance"))
    found = RELEASE.fullmatch(name)
    if found is None or name not in versions:
        return isolated(name)
    release = language.number(int(found["release"]))
    return language.say(
        mark("{version} (release {release} of “{line}”)"),
        version=isolated(versions[name]),
        release=release,
        line=found["line"],
    )


def isolated(name: str) -> str:
    """Return a name that people chose so that its letters do not turn the sentence round it."""
    return f"\u2068{name}\u2069"
