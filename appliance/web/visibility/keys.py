"""What the key store holds: a database of its own, whose deleted rows are overwritten."""

from __future__ import annotations

from appliance.web.languages import mark
from appliance.web.visibility.sight import Column, Sight, Table, clear

TABLES = (
    Table(
        "wraps",
        mark("Keys of documents and people"),
        mark(
            "Each key lies in a sealed envelope. Deleting something erases its envelopes first: what is left is noise."
        ),
        (
            clear("subject", mark("The number of what the key opens")),
            clear("kind", mark("What kind of envelope it is")),
            clear("holder", mark("The number of who can open the envelope; zero for the appliance")),
            Column(
                "wrapped",
                mark(
                    "The key itself. Of a private document, and of a person: sealed to their passphrase or code, and "
                    "to the organisation's recovery key if they chose so"
                ),
                Sight.APPLIANCE,
                Sight.OWNER,
            ),
        ),
    ),
    Table(
        "keks",
        mark("The appliance's own keys"),
        mark("They open what is in standard mode. They are sealed under the root key, which lies outside the data."),
        (
            clear("epoch", mark("A number that grows with every change of the key")),
            Column("wrapped", mark("The key itself"), Sight.APPLIANCE),
            clear("made_at", mark("When the key was made")),
        ),
    ),
)
