"""What the page says that the appliance can see: held against the real schema, and against stored bytes."""

from __future__ import annotations

import base64
import html
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from sqlmodel import SQLModel

from appliance.certificates import tls_context
from appliance.crypto.envelope import DocumentType, seal_document
from appliance.crypto.identity import index_key
from appliance.crypto.keywrap import WrapKind
from appliance.errors import UnreadableMediaError
from appliance.logs import ALLOWED_FACTS
from appliance.options import TranscribeOptions
from appliance.transcript import Transcript
from appliance.web.languages import NAMES, language
from appliance.web.visibility import DATABASES
from appliance.web.visibility.beside import (
    ADVERSARIES,
    FILES,
    KEY_FILES,
    LOGS,
    MEMORY,
    NOTHING_OF_PEOPLE,
    PROCESSES,
    Note,
)
from appliance.web.visibility.sight import Column, Place, Sight, Table
from appliance.worker import privacy
from appliance.worker.intake import begin_upload, take_chunk
from appliance.worker.library import tidy
from appliance.worker.private_intake import PrivateUpload, begin_private_upload
from appliance.worker.sharing import file_keys, make_link, open_link
from appliance.worker.tasks import Bell
from appliance.worker.terms import keep_terms
from appliance.worker.vocabularies import save_sealed_vocabulary
from appliance.worker.workshop import Workshop
from tests.conftest import REPOSITORY
from tests.links import Link
from tests.organisation import Organisation
from tests.packs import put_pack
from tests.people import Person
from tests.web.appliance import (
    a_transcript,
    enrolled,
    fail_job,
    finish_job,
    issue_link,
    open_workshop,
    put_recording,
    sign_in,
)
from tests.worker.private import finish_privately, sealed_title
from tests.worker.shared import Team

NAME = "canaryname"
SECRETS = ("canarytitle", "canaryword", "canaryspeaker", "canarysound")
TITLE, WORD, SPEAKER, SOUND = SECRETS
MAGICS = (b"CLB1", b"CLW1", b"CLS1")
SEALED = (Sight.APPLIANCE, Sight.OWNER)
UNUSED = ("schedule", "kv", "counter")
"""Tables of the queue that stay empty."""

COLUMNS = [(file, table, column) for file, _, tables in DATABASES for table in tables for column in table.columns]
PRIVATE = {
    "recordings": "mode = 'private' AND state = 'audio_erased'",
    "jobs": "recording_id IN (SELECT id FROM recordings WHERE mode = 'private' AND state = 'audio_erased')",
    "sealed_transcripts": "recording_id IN (SELECT id FROM recordings WHERE mode = 'private')",
}
"""Which rows are of private recordings whose job has ended."""

CHANGING = [each for each in COLUMNS if each[2].in_private and each[1].name in PRIVATE]


def named(part: object) -> str:
    """Return how a test with this part is called."""
    return part.name if isinstance(part, Table | Column) else str(part)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with all that an appliance keeps, of standard and of private recordings: done, failed and waiting."""
    folder = tmp_path_factory.mktemp("seen")
    workshop = open_workshop(folder)
    tls_context(workshop.settings.keys_folder, ("localhost",))
    Bell(workshop.settings.data, work=lambda: None, tidy=lambda: None, rotate=lambda: None).ring()
    issue_link(workshop, f"{NAME} invited")  # Before somebody enrols: a later one would sweep up the used link.
    person = enrolled(workshop, NAME)
    done = _standard(workshop, person)
    finish_job(workshop, done, _transcript())
    fail_job(workshop, _standard(workshop, person), UnreadableMediaError())
    _waiting_with_terms(workshop, person)
    finish_privately(workshop, _private(workshop, person), _transcript())
    _private(workshop, person, survives_restart=True)
    memory = seal_document(
        index_key(person.user_key), DocumentType.INDEX, bytes.fromhex(person.account_id), 1, WORD.encode()
    )
    privacy.save_sealed_index(workshop, person.account_id, memory, 0)
    put_pack(workshop, person, [{"text": WORD}])
    link = Link(pin="seven brown owls")
    make_link(workshop, person.account_id, done, link.offer(file_keys(workshop, person.account_id, done)))
    open_link(workshop, link.id, link.token)
    team = _team(workshop, person)
    together = begin_upload(workshop, person.account_id, TITLE, 10, TranscribeOptions(), team.hex)
    take_chunk(workshop, person.account_id, together.id, 0, b"0123456789")
    finish_job(workshop, together.id, _transcript())
    organisation = Organisation()
    organisation.publish(workshop)
    organisation.lets_in(workshop, person)  # Which ends every session of before.
    sign_in(workshop, NAME)
    tidy(workshop)
    yield folder
    workshop.close()


def test_every_column_of_every_stored_table_has_one_entry_and_no_entry_is_left_over(filled: Path) -> None:
    for file, _, tables in DATABASES:
        entries = [(table.name, column.name) for table in tables for column in table.columns]
        assert len(entries) == len(set(entries))
        assert set(entries) == set(stored_columns(filled / "data" / file)), file


def test_every_table_of_the_rows_has_an_entry() -> None:
    assert {table.name for _, _, tables in DATABASES for table in tables} >= set(SQLModel.metadata.tables)


@pytest.mark.parametrize(("file", "table", "column"), COLUMNS, ids=named)
def test_a_column_holds_what_its_entry_says(filled: Path, file: str, table: Table, column: Column) -> None:
    values = [value for value in stored_values(filled, file, table.name, column.name) if value is not None]
    assert values or table.name in UNUSED, "the entry is not tried on anything"
    for value in values:
        if column.sight in SEALED:
            assert is_sealed(value)
        elif column.sight is Sight.DIGEST:
            assert isinstance(value, bytes)
            assert len(value) in (32, 64)  # A digest, a public key or a record; a signature.
        else:
            assert is_readable(value)


@pytest.mark.parametrize(("file", "table", "column"), CHANGING, ids=named)
def test_of_a_private_recording_a_column_holds_less(filled: Path, file: str, table: Table, column: Column) -> None:
    values = stored_values(filled, file, table.name, column.name, PRIVATE[table.name])
    assert values
    for value in values:
        if column.in_private is Sight.NOTHING:
            assert value in (None, "", "{}", 0)
        else:
            assert is_sealed(value)


def test_of_a_private_recording_whose_job_has_ended_only_two_moments_are_left(filled: Path) -> None:
    def moments(table: str, column: str) -> list[Any]:
        return stored_values(filled, "cloister.db", table, column, PRIVATE[table])

    came, ended = moments("recordings", "created_at"), moments("jobs", "ended_at")
    assert len(came) == len(ended) == 1
    assert moments("recordings", "touched_at") == came
    assert moments("jobs", "created_at") == moments("jobs", "started_at") == ended


def test_what_differs_by_mode_is_tried_in_both() -> None:
    differing = {table.name for _, table, column in COLUMNS if column.in_private}
    assert differing == {*PRIVATE, "wraps"}


def test_the_appliance_holds_no_key_of_a_private_title_or_transcript(filled: Path) -> None:
    private = stored_values(filled, "cloister.db", "recordings", "title_id", "mode = 'private'")
    private += stored_values(filled, "cloister.db", "sealed_transcripts", "document_id", PRIVATE["sealed_transcripts"])
    assert len(private) == 3
    with closing(sqlite3.connect(filled / "data" / "keys.db")) as connection:
        kinds = {bytes(subject): kind for subject, kind in connection.execute("SELECT subject, kind FROM wraps")}
    assert WrapKind.FILE_KEY_UNDER_KEK in kinds.values()
    assert {kinds[document] for document in private} & {WrapKind.FILE_KEY_UNDER_KEK} == set()


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_word_stands_in_any_column_or_file(filled: Path, secret: str) -> None:
    for name, content in everything(filled):
        for form in written_forms(secret):
            assert form not in content, name


def test_a_persons_name_stands_only_in_columns_that_are_said_to_be_in_clear(filled: Path) -> None:
    found = set()
    for file, _, tables in DATABASES:
        for table in tables:
            for column in table.columns:
                values = stored_values(filled, file, table.name, column.name)
                if any(form in as_bytes(value) for value in values for form in written_forms(NAME)):
                    found.add((table.name, column.name))
                    assert column.sight is Sight.CLEAR
    named_tables = ("accounts", "setup_links")
    assert found == {
        ("organisation_uses", "used_by"),
        *((table, column) for table in named_tables for column in ("name", "name_key")),
    }


def test_every_file_beside_the_databases_has_an_entry(filled: Path) -> None:
    databases = [f"{file}{end}" for file, *_ in DATABASES for end in ("", "-wal", "-shm", "-journal")]
    for folder, places in (("data", FILES), ("keys", KEY_FILES)):
        paths = [path for path in (filled / folder).rglob("*") if path.is_file()]
        names = {path.relative_to(filled / folder).as_posix() for path in paths} - set(databases)
        found = {name: [place.name for place in places if fnmatch(name, place.name)] for name in names}
        assert all(len(patterns) == 1 for patterns in found.values()), found
        used = {patterns[0] for patterns in found.values()}
        assert {place.name for place in places} - used <= {"tls.key"}  # Only where an organisation brings its own.


def test_the_sound_in_the_spool_is_sealed(filled: Path) -> None:
    files = list((filled / "data" / "spool").iterdir())
    assert len(files) == 2
    assert all(path.read_bytes().startswith(b"CLB1") for path in files)


def test_every_part_of_the_server_is_said_to_hold_something_or_nothing_of_people() -> None:
    held = [note.name for note in MEMORY]
    assert set(held) & NOTHING_OF_PEOPLE == set()
    assert set(held) | NOTHING_OF_PEOPLE == {field.name for field in fields(Workshop)}


def test_every_fact_that_a_log_line_may_say_has_an_entry() -> None:
    assert sorted(note.name for note in LOGS) == sorted(ALLOWED_FACTS)


def test_whom_it_protects_against_is_said_in_the_words_of_the_security_document() -> None:
    text = (REPOSITORY / "SECURITY.md").read_text(encoding="utf-8").split("## Against whom it protects")[1]
    rows = re.findall(r"^\| (.+?) \|$", text.split("\n## ")[0].replace("`", "").replace("*", ""), re.MULTILINE)
    told = [tuple(cell.strip() for cell in row.split(" | ")) for row in rows if not row.startswith("adversary")]
    assert len(told) > 5
    shown = {one.who: (one.standard, one.private) for one in ADVERSARIES}
    for who, *answers in told:
        assert tuple(answers) == shown[who][: len(answers)], who


@pytest.mark.parametrize("code", NAMES)
def test_who_is_not_signed_in_reads_every_entry_in_their_language(client: TestClient[Litestar], code: str) -> None:
    answer = client.get("/what-it-sees", headers={"Accept-Language": code})
    assert answer.status_code == 200
    shown = " ".join(html.unescape(answer.text).split())
    entries: list[Column | Place | Note] = [
        *(column for _, _, tables in DATABASES for table in tables for column in table.columns),
        *FILES, *KEY_FILES, *MEMORY, *PROCESSES, *LOGS,
    ]  # fmt: skip
    assert [entry.name for entry in entries if language(code).say(entry.words) not in shown] == []


def test_every_page_leads_there(client: TestClient[Litestar]) -> None:
    assert 'href="/what-it-sees"' in client.get("/trust").text


def _standard(workshop: Workshop, person: Person) -> str:
    return put_recording(workshop, person.account_id, TITLE, SOUND.encode() * 100)


def _team(workshop: Workshop, person: Person) -> Team:
    team = Team(name=TITLE).made_by(workshop, person)
    terms = seal_document(team.key, DocumentType.VOCABULARY, team.id, 1, WORD.encode())
    save_sealed_vocabulary(workshop, person.account_id, team.hex, terms, from_version=0, epoch=1)
    return team


def _waiting_with_terms(workshop: Workshop, person: Person) -> None:
    content = SOUND.encode() * 100
    recording = begin_upload(workshop, person.account_id, TITLE, len(content), TranscribeOptions())
    keep_terms(workshop, recording, (WORD,))
    take_chunk(workshop, person.account_id, recording.id, 0, content)


def _private(workshop: Workshop, person: Person, *, survives_restart: bool = False) -> str:
    content, options = SOUND.encode() * 100, TranscribeOptions(language="bn", speakers=2)
    upload = PrivateUpload(sealed_title(person, TITLE), len(content), options, survives_restart=survives_restart)
    recording = begin_private_upload(workshop, person.account_id, upload)
    keep_terms(workshop, recording, (WORD,))
    take_chunk(workshop, person.account_id, recording.id, 0, content)
    return recording.id


def _transcript() -> Transcript:
    return a_transcript((("S1", 0.0, 2.0, f"One {WORD} was said."),), {"S1": SPEAKER})


def stored_columns(path: Path) -> list[tuple[str, str]]:
    """Return table and column of all that a database holds."""
    with closing(sqlite3.connect(path)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [
            (table, row[1])
            for table in tables
            if not table.startswith("sqlite_")
            for row in connection.execute(f"PRAGMA table_info({table})")
        ]


@cache
def stored_values(folder: Path, file: str, table: str, column: str, where: str = "TRUE") -> list[Any]:
    with closing(sqlite3.connect(folder / "data" / file)) as connection:
        return [value for (value,) in connection.execute(f'SELECT "{column}" FROM "{table}" WHERE {where}')]  # noqa: S608


def everything(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every value of every database as SQLite shows it, and every file as it lies there."""
    for file, _, tables in DATABASES:
        for table in tables:
            for column in table.columns:
                values = stored_values(folder, file, table.name, column.name)
                yield f"{table.name}.{column.name}", b"\n".join(map(as_bytes, values))
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix != ".ballast":
            yield path.name, path.read_bytes()


def as_bytes(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes) else str(value).encode()


def written_forms(word: str) -> list[bytes]:
    """Return a word as text, in hexadecimal, in UTF-16, and in base64 at each of its three places."""
    plain = word.encode()
    shifted = [base64.b64encode(b"\0" * shift + plain)[4 if shift else 0 : -4] for shift in range(3)]
    return [plain, plain.hex().encode(), word.encode("utf-16-le"), *shifted]


def is_sealed(value: object) -> bool:
    return isinstance(value, bytes) and value.startswith(MAGICS) and len(value) >= 104


def is_readable(value: object) -> bool:
    """Tell whether somebody who looks at a value sees what it is: a number, a text, a random id, a record of costs."""
    if isinstance(value, bytes):
        return len(value) == 16 or value.startswith((b"CLK1", b'{"message"', b'{"workspace"'))
    return isinstance(value, int | float) or (isinstance(value, str) and value.isprintable())
