"""What this appliance can and cannot see: an entry for each column of each table, and for what lies beside them.

Whoever adds a table adds an entry here, in the file about its subject or in one of its own.
"""

from __future__ import annotations

from appliance.records.database import DATABASE_FILE
from appliance.records.keyschema import KEYS_FILE
from appliance.web.languages import mark
from appliance.web.visibility import keys, machinery, people, reading, recordings, workspaces
from appliance.web.visibility.sight import Table

QUEUE_FILE = "queue.db"

OF_PEOPLE = (*recordings.TABLES, *reading.TABLES, *workspaces.TABLES, *people.TABLES)

DATABASES: tuple[tuple[str, str, tuple[Table, ...]], ...] = (
    (DATABASE_FILE, mark("The main database"), (*OF_PEOPLE, *machinery.SHAPE)),
    (KEYS_FILE, mark("The key store"), keys.TABLES),
    (QUEUE_FILE, mark("The queue"), machinery.QUEUE),
)
"""File, what it is, and its tables, the telling ones first."""

GLANCE: tuple[tuple[str, str, str], ...] = (
    (mark("What is said, and who said it"), "sealed_transcripts", "sealed"),
    (mark("Title and file name"), "recordings", "sealed_title"),
    (mark("Language and number of speakers"), "sealed_transcripts", "language"),
    (mark("Length of the recording"), "jobs", "audio_s"),
    (mark("Day, time, and whether it is done"), "recordings", "created_at"),
    (mark("Your name and role here"), "accounts", "name"),
    (mark("Your passphrase and your recovery code"), "accounts", "login_public"),
)
"""What most people ask first, and the table and column that answers it."""
