"""What the tables about people hold."""

from __future__ import annotations

from appliance.web.languages import mark
from appliance.web.visibility.sight import Column, Sight, Table, clear, digest

TABLES = (
    Table(
        "accounts",
        mark("People"),
        mark("Who may come in. Passphrase and recovery code never reach the appliance: what proves them does."),
        (
            clear("id", mark("A random number for the person")),
            clear("name", mark("The name, as it was chosen")),
            clear("name_key", mark("The name in small letters, to find it again")),
            clear("role", mark("Whether they are an administrator")),
            clear("created_at", mark("When they came")),
            clear("kdf", mark("How much work one guess at the passphrase costs, and a random number for it")),
            digest("login_public", mark("The public key that proves the passphrase")),
            digest("recovery_public", mark("The public key that proves the recovery code")),
            digest("ed_public", mark("The public key by which others know their signature")),
            digest("x_public", mark("The public key to which things are sealed for them")),
        ),
    ),
    Table(
        "setup_links",
        mark("Invitations"),
        mark("Links that let somebody enrol once. The link itself is not kept."),
        (
            digest("token_digest", mark("The fingerprint of the link, which does not lead back to it")),
            clear("account_id", mark("The number that the person has or will have")),
            clear("name", mark("The name of who is invited, if it was given")),
            clear("name_key", mark("The same in small letters")),
            clear("role", mark("What they will be")),
            clear("reset", mark("Whether it replaces keys that were lost")),
            clear("expires_at", mark("Until when it works")),
            clear("used_at", mark("When it was used")),
        ),
    ),
    Table(
        "live_sessions",
        mark("Where people are signed in"),
        mark("A row for each browser, until it signs out or its time is over."),
        (
            digest("token_digest", mark("The fingerprint of the cookie, which does not lead back to it")),
            clear("id", mark("A random number for the session")),
            clear("account_id", mark("Whose session it is")),
            clear("created_at", mark("When it began")),
            clear("seen_at", mark("When it was last used, to within a minute")),
            clear("device", mark("Browser and system, such as “Firefox, Linux”")),
            clear("recovered", mark("Whether they came in by the recovery code")),
        ),
    ),
    Table(
        "organisation_keys",
        mark("The organisation's recovery key"),
        mark("One row, if the organisation has such a key. The code that opens by it is on paper only."),
        (
            clear("id", mark("Always one")),
            digest("ed_public", mark("The public key that proves the code")),
            digest("x_public", mark("The public key to which people seal their own, if they choose so")),
            clear("made_at", mark("When it was made")),
        ),
    ),
    Table(
        "organisation_uses",
        mark("Uses of the organisation's recovery key"),
        mark("A row for each time that somebody was let back in by it."),
        (
            clear("id", mark("A random number")),
            clear("account_id", mark("Who was let back in")),
            clear("used_by", mark("The administrator who did it, by name")),
            clear("used_at", mark("When")),
            clear("seen", mark("Whether the person has said that they know")),
        ),
    ),
    Table(
        "sealed_indexes",
        mark("What your browser remembers"),
        mark("By this your browser notices if a private transcript is exchanged, put back or left out."),
        (
            clear("account_id", mark("Whose memory it is")),
            clear("version", mark("How often it was changed")),
            Column("sealed", mark("Which transcripts you have seen, in which version"), Sight.OWNER),
        ),
    ),
)
