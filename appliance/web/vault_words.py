"""What scripts say about keys, passphrases and proofs, by the names that they use for it."""

from __future__ import annotations

from appliance.web.languages import mark

VAULT_WORDS = {
    "crypto.weak_kdf": mark(
        "The server asked for less protection of your passphrase than this page allows. Nothing was sent. Tell your "
        "administrator: somebody may have changed the server."
    ),
    "crypto.wrong_key": mark("The passphrase is not right."),
    "crypto.wrong_context": mark(
        "The server sent keys that belong to somebody else. They were not used. Tell your administrator."
    ),
    "crypto.tampered": mark("A key was changed on the server. It was not used. Tell your administrator."),
    "crypto.truncated": mark("A key is incomplete on the server. Tell your administrator."),
    "crypto.unknown_format": mark("The server sent something that is no key of this version. Load the page again."),
    "crypto.recovery_code": mark(
        "This is not a recovery code: a character is wrong or missing. Compare it with the paper, group by group."
    ),
    "index_rolled_back": mark(
        "The appliance serves an older state of your vault than this browser has seen. Do not rely on what it shows as "
        "private, and tell your administrator."
    ),
    "workspace_refused": mark("A workspace that does not open"),
    "unreachable": mark("The appliance does not answer. Try again in a moment."),
    "unexpected": mark("Something went wrong in this page. Load it again and repeat."),
    "short": mark(
        "At least {least} characters, please. Length is what protects you: a few words are better than odd characters."
    ),
    "different": mark("The two are not the same. Type the second one again."),
    "working": mark("One moment: the passphrase is being turned into a key in this browser."),
    "no_context": mark("this page was not opened over https"),
    "no_x25519": mark("it cannot do X25519 and Ed25519, by which your keys are made"),
    "no_wasm": mark("it may not run WebAssembly, by which your passphrase is protected"),
    "code_differs": mark("Group {group} is not as shown. Look at your copy again."),
    "passphrase_changed": mark("The passphrase was changed. Every other session of yours has ended."),
    "code_changed": mark("The recovery code was changed. The one from before opens nothing any more."),
    "copied": mark("Copied"),
    "not_copied": mark("The browser does not allow copying. Select the text and copy it."),
    "ended": mark("The session has ended."),
    "locked": mark("Locked in this tab"),
    "unlocked": mark("Unlocked in this tab"),
}
