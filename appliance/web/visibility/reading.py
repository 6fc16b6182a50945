"""What the tables hold by which others read along, and by which a browser searches."""

from __future__ import annotations

from appliance.web.languages import mark
from appliance.web.visibility.sight import Column, Sight, Table, clear, digest

TABLES = (
    Table(
        "shares",
        mark("Links to transcripts"),
        mark("A row for each link that you made, until it ends. What opens the transcript is only in the link."),
        (
            clear("id", mark("A random number in the address of the link; it opens nothing")),
            clear("recording_id", mark("To which recording it leads")),
            clear("owner_id", mark("Who made it")),
            digest("token_digest", mark("The fingerprint of the link, which does not lead back to it")),
            digest("kdf", mark("How its PIN is turned into a key, if it has one; the PIN is not in it")),
            clear("created_at", mark("When it was made")),
            clear("expires_at", mark("Until when it works")),
            clear("opened_at", mark("When somebody last came with it")),
        ),
    ),
    Table(
        "search_packs",
        mark("What your browser searches"),
        mark("The words of your private transcripts, sealed by your browser, which searches them by itself."),
        (
            clear("document_id", mark("A random number for the pack")),
            clear("account_id", mark("Whose pack it is")),
            clear("version", mark("How often it was changed")),
            Column("sealed", mark("Words of private transcripts, and where they stand"), Sight.OWNER),
        ),
    ),
)
