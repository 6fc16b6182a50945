"""What this appliance can and cannot see: for everybody, made from the entries that tests hold against the schema."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from litestar import Controller, Request, Response, get
from litestar.datastructures import State

from appliance.web.guards import PUBLIC
from appliance.web.languages import Language, mark
from appliance.web.visibility import DATABASES, GLANCE
from appliance.web.visibility.beside import ADVERSARIES, FILES, KEY_FILES, LOGS, MEMORY, PROCESSES, Adversary, Note
from appliance.web.visibility.sight import SIGHT_WORDS, Column, Place, Sight, Table
from appliance.web.visit import Frame, GivenVisit

ONLY_STANDARD = mark("standard mode")


@dataclass(frozen=True, slots=True)
class Shown:
    """How something can be read.

    Attributes:
        sight: Its name.
        words: In the reader's language.
    """

    sight: str
    words: str


@dataclass(frozen=True, slots=True)
class Glance:
    """A line of the first table.

    Attributes:
        standard: How it can be read.
        private: How, of a private recording; None where that does not differ.
    """

    words: str
    standard: Shown
    private: Shown | None


@dataclass(frozen=True, slots=True)
class Item:
    """A column, a file or a part of memory.

    Attributes:
        name: In the program.
        words: In the reader's language.
        mode: In which mode this holds, in words; empty where it holds in both, or its group says so.
    """

    name: str
    words: str
    mode: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """What can be read in the same way."""

    shown: Shown
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A table, or a folder.

    Attributes:
        name: In the program.
    """

    name: str
    heading: str
    words: str
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Store:
    """A database and its tables."""

    name: str
    heading: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class WhatItSees:
    """What ``what_it_sees/show.html`` shows.

    Attributes:
        folders: Files beside the databases.
        processes: What is in memory while something is transcribed.
        memory: What is in memory as long as the server runs.
        logs: What a log line can say.
        adversaries: Who, in standard mode, in privacy mode.
    """

    frame: Frame
    glance: tuple[Glance, ...]
    stores: tuple[Store, ...]
    folders: tuple[Section, ...]
    processes: tuple[Item, ...]
    memory: tuple[Item, ...]
    logs: tuple[Item, ...]
    adversaries: tuple[Adversary, ...]


class WhatItSeesPage(Controller):
    """Open to everybody: who considers whether to bring a recording here should know before."""

    path = "/what-it-sees"
    opt = PUBLIC

    @get(sync_to_thread=True)
    def show(self, request: Request[object, object, State], visit: GivenVisit) -> Response[str]:
        """Show the page."""
        say = visit.language.say
        page = WhatItSees(
            frame=visit.frame(request),
            glance=_glance(visit.language),
            stores=tuple(
                Store(name, say(heading), tuple(_section(table, visit.language) for table in tables))
                for name, heading, tables in DATABASES
            ),
            folders=_folders(visit.language),
            processes=_notes(PROCESSES, visit.language),
            memory=_notes(MEMORY, visit.language),
            logs=_notes(LOGS, visit.language),
            adversaries=tuple(Adversary(say(one.who), say(one.standard), say(one.private)) for one in ADVERSARIES),
        )
        return visit.page("what_it_sees/show.html", page)


def _glance(language: Language) -> tuple[Glance, ...]:
    columns = {
        (table.name, column.name): column for _, _, tables in DATABASES for table in tables for column in table.columns
    }
    lines = []
    for words, table, name in GLANCE:
        column = columns[table, name]
        standard, private = _shown(column.sight, language), None
        if column.in_private is not None:
            private = _shown(column.in_private, language)
            if column.sight is Sight.CLEAR:
                standard = Shown(standard.sight, f"{standard.words} ({language.say(ONLY_STANDARD)})")
        lines.append(Glance(language.say(words), standard, private))
    return tuple(lines)


def _folders(language: Language) -> tuple[Section, ...]:
    data = (
        mark("The data folder"),
        mark("What lies beside the databases. Neither sound nor text is ever written in clear."),
    )
    keys = (mark("The folder with keys"), mark("It belongs on another disk, so that a stolen one opens nothing."))
    return (
        Section("data/", language.say(data[0]), language.say(data[1]), _groups(FILES, language)),
        Section("keys/", language.say(keys[0]), language.say(keys[1]), _groups(KEY_FILES, language)),
    )


def _section(table: Table, language: Language) -> Section:
    groups = _groups(table.columns, language)
    return Section(table.name, language.say(table.heading), language.say(table.words), groups)


def _groups(entries: Iterable[Column | Place], language: Language) -> tuple[Group, ...]:
    """Return entries by who can read them, what is sealed first; one that differs by mode stands in both groups."""
    items: dict[Sight, list[Item]] = {sight: [] for sight in (Sight.OWNER, Sight.APPLIANCE, *Sight)}
    for entry in entries:
        words, differs = language.say(entry.words), entry.in_private is not None
        is_unclear = differs and entry.sight is Sight.CLEAR
        items[entry.sight].append(Item(entry.name, words, language.say(ONLY_STANDARD) if is_unclear else ""))
        if entry.in_private is not None:
            items[entry.in_private].append(Item(entry.name, words))
    return tuple(Group(_shown(sight, language), tuple(found)) for sight, found in items.items() if found)


def _notes(notes: Iterable[Note], language: Language) -> tuple[Item, ...]:
    return tuple(Item(note.name, language.say(note.words)) for note in notes)


def _shown(sight: Sight, language: Language) -> Shown:
    return Shown(sight.value, language.say(SIGHT_WORDS[sight]))
