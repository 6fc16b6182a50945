"""What scripts say about the organisation's recovery, by the names that they use for it."""

from __future__ import annotations

from appliance.web.languages import mark

ORGANISATION_WORDS = {
    "whose_code": mark("the organisation's recovery key"),
    "not_the_code": mark(
        "This is a code, but not that of the organisation's recovery key. Compare the eight words on the paper with "
        "those on this page."
    ),
    "consent_does_not_open": mark(
        "What the appliance keeps for this person does not open their keys. Nothing was changed. They can ask for a "
        "link instead, and lose what is private."
    ),
    "not_compared": mark("Compare the words first, and say so."),
}
