"""What the scripts of share links say, by the names that they use for it: to the owner, and to a visitor."""

from __future__ import annotations

from appliance.web.languages import mark

SHARE_WORDS = {
    "share_working": mark("One moment: the link is being made in this browser."),
    "share_made": mark("The link is made"),
    "share_locked": mark("Your vault is locked. A link can be made only by who unlocks it."),
    "share_slow_browser": mark("This browser cannot protect a PIN. Make the link without one, or use another browser."),
    "share_copied": mark("Copied"),
    "share_not_copied": mark("The browser does not allow copying. Select the text and copy it."),
}

VISITOR_WORDS = {
    "nobody": mark("Nobody told apart"),
    "share": mark("{percent} of the speech"),
    "ghost": mark("Spoke very little: perhaps not a person of their own."),
    "moment": mark("Link to {time}"),
    "empty": mark("No speech was found in this recording."),
    "opening": mark("Opening the transcript"),
    "keyless": mark(
        "The address of this page lacks its key, which stands after the # in the link. Open the whole link as you got "
        "it once more, or paste it here."
    ),
    "broken": mark("The key after the # in the link is not whole. Paste the whole link here, as you got it."),
    "other_link": mark("This is the link of another transcript. Open it in the address bar."),
    "wrong_pin": mark("This PIN is not right."),
    "stretching": mark("One moment: the PIN is being turned into a key."),
    "damaged": mark(
        "What the appliance keeps for this link was changed, or belongs to another link. Nothing of it is shown. Tell "
        "the person who sent the link."
    ),
    "weak": mark(
        "The appliance asks for less protection of the PIN than this page allows. The PIN was not used. Tell the "
        "person who sent the link."
    ),
    "old_browser": mark(
        "This browser cannot open sealed documents here. Use a current Firefox, Chrome, Edge or Safari, and open the "
        "link over https."
    ),
    "slow_browser": mark(
        "This browser cannot compute what a PIN needs. Use a current Firefox, Chrome, Edge or Safari."
    ),
    "shared_by": mark("Shared by {name}"),
    "until": mark("Works until {moment}"),
}
