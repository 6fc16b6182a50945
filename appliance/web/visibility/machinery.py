"""What the tables hold that are not ours: of the library that changes tables, and of the queue."""

from __future__ import annotations

from appliance.web.languages import mark
from appliance.web.visibility.sight import Table, clear

SHAPE = (
    Table(
        "alembic_version",
        mark("The shape of the tables"),
        mark("One row, so that a newer version knows what to change."),
        (clear("version_num", mark("Which version the tables have")),),
    ),
)

QUEUE = (
    Table(
        "task",
        mark("The doorbell"),
        mark("It wakes whoever transcribes. It says that something waits, not what: losing it loses nothing."),
        (
            clear("id", mark("A running number")),
            clear("queue", mark("Its name, always “cloister”")),
            clear("data", mark("That the bell rang, with a random number")),
            clear("priority", mark("Always zero")),
        ),
    ),
    Table(
        "schedule",
        mark("The doorbell, later"),
        mark("Always empty: nothing is put off."),
        (
            clear("id", mark("A running number")),
            clear("queue", mark("Its name, always “cloister”")),
            clear("data", mark("That the bell is to ring")),
            clear("timestamp", mark("When")),
        ),
    ),
    Table(
        "kv",
        mark("The doorbell's notes"),
        mark("Where the queue would keep results. Ours has none."),
        (
            clear("queue", mark("Its name, always “cloister”")),
            clear("key", mark("The number of a task")),
            clear("value", mark("Its result; always empty")),
        ),
    ),
    Table(
        "counter",
        mark("The doorbell's counters"),
        mark("Where the queue would count. Ours does not."),
        (
            clear("queue", mark("Its name, always “cloister”")),
            clear("key", mark("What would be counted")),
            clear("value", mark("How many; always empty")),
        ),
    ),
)
