"""What the scripts of workspaces say, by the names that they use for it."""

from __future__ import annotations

from appliance.web.languages import mark

REFUSALS = {
    "list_signer": mark(
        "A change of the members was not signed by an owner: somebody forged it. The workspace stays closed. Tell your "
        "administrator."
    ),
    "list_order": mark(
        "The appliance shows an older member list than you have seen, or another one in its place: somebody may have "
        "taken back the removal of a member. The workspace stays closed. Tell your administrator."
    ),
    "list_key": mark(
        "A member was removed and the key was kept, or it was exchanged where it must not be. The workspace stays "
        "closed. Tell your administrator."
    ),
    "other_key": mark(
        "The key that the appliance gives for this workspace is not the one that its owners signed. It is not used, "
        "and the workspace stays closed. Tell your administrator."
    ),
    "damaged": mark("This workspace does not open with your keys. It may be damaged, or not be yours. ({code})"),
    "not_member": mark(
        "You are not in the newest member list, although the appliance shows this workspace to you. It stays closed."
    ),
    "vocabulary_older": mark(
        "The appliance shows older names and terms of this workspace than you have seen, or none any more. They are "
        "not used. Tell your administrator: a backup may have been put back, or somebody is replaying old data."
    ),
    "vocabulary_exchanged": mark(
        "These are not the names and terms that you have seen of this workspace: somebody exchanged them. They are not "
        "used. Tell your administrator."
    ),
    "vocabulary_damaged": mark(
        "The names and terms of this workspace do not open: they are damaged, or something else was put in their "
        "place. They are not used. Tell your administrator. ({code})"
    ),
    "vocabulary_unfit": mark(
        "The names and terms of this workspace hold what no list may hold: they were not written with these pages. "
        "They are not used."
    ),
    "terms_terms": mark("There are {count} names and terms, and {most} is the most. Leave out those that come rarely."),
    "terms_size": mark(
        "The names and terms are {size} bytes together, and {limit} is the most. Leave out those that come rarely."
    ),
    "terms_long": mark("Line {line} has more than {most} characters. A line is one name or term, not a sentence."),
    "terms_unreadable": mark(
        "Line {line} has a character in it that nobody can see, such as a control character. Type the line anew."
    ),
    "terms_reserved": mark(
        "Line {line} has “<|” or “|>” in it, by which speech models mark their own commands. Leave that out."
    ),
    "place_unseen": mark("Unlock your vault first: without it nobody sees which workspace this is."),
}

WORDS = REFUSALS | {
    "vocabulary_others": mark("Somebody who may write in this workspace can save a new list in their place."),
    "vocabulary_anew": mark("What you save now takes the place of the list that is not used."),
    "vocabulary_put_back": mark(
        "This is the older list. Look through it and put it right: what you save now is the newest one for everybody."
    ),
    "workspace_locked": mark("Your vault is locked. Unlock it to see who is in this workspace."),
    "not_owner": mark("Only an owner changes the members."),
    "last_owner": mark("A workspace needs an owner, and nobody else is one. Make somebody else an owner first."),
    "member_already": mark("This person is in the workspace already."),
    "no_member": mark("This person is not in the workspace any more."),
    "somebody_else": mark("You asked for {name}, and the appliance answered with {other}. Nothing was changed."),
    "other_name": mark(
        "You know this account as {known}, and the appliance calls it {name}. An account keeps its name: somebody may "
        "have put one person in the place of another. Tell your administrator, and take them in only after you have "
        "compared the words with {name}."
    ),
    "name_taken": mark(
        "You know {name} by another account than this one. Either they set up a new account, or somebody put another "
        "person in the place of theirs. Take them in only after you have compared the words with {name}."
    ),
    "compare_first": mark("Compare the words first, and say so here."),
    "not_newer": mark(
        "The appliance says that another owner was quicker, and shows no change of theirs. Nothing was changed, and no "
        "second list was signed. Tell your administrator."
    ),
    "not_kept": mark(
        "The appliance says that the change is stored, and does not show it: do not rely on it. Load the page again "
        "and look; if it is not there, tell your administrator."
    ),
    "no_name": mark("A workspace needs a name."),
    "you": mark("You"),
    "gone": mark("An account that was removed"),
    "known_compared": mark("fingerprint compared"),
    "known_seen": mark("fingerprint not compared yet"),
    "known_unknown": mark("fingerprint not compared yet"),
    "known_other": mark("not the keys that you have seen of this person"),
    "called_otherwise": mark("you know this account by this name, and the appliance calls it {name}"),
    "known_elsewhere": mark("you know {name} by another account than this one: compare the words"),
    "not_let_in": mark("left, or has other keys by now: remove this person, so that the others get another key"),
    "first_visit": mark(
        "You see this workspace for the first time. Who made it is only as sure as the fingerprints below: compare "
        "those of its owners before you trust it with anything."
    ),
    "history_made": mark("{name} made the workspace"),
    "history_added": mark("{name} took in {subject} as {role}"),
    "history_removed": mark("{name} removed {subject}; the others got another key"),
    "history_role": mark("{name} changed the role of {subject} to {role}"),
    "history_renamed": mark("{name} gave it another name"),
    "added": mark("{name} is in the workspace now."),
    "removed": mark("{name} is out. What is saved from now on gets a key that they never had."),
    "role_changed": mark("{name} has another role now."),
    "saved": mark("Saved"),
    "compared": mark("Written down: you compared the fingerprint of {name}."),
    "what_to_do": mark("What to do with {name}"),
}
"""Of the pages of workspaces."""

MOVING_WORDS = REFUSALS | {
    "move_locked": mark("Your vault is locked. Unlock it to move this."),
    "read_only": mark("In this workspace you read. An owner of it can let you write."),
}
"""Of the page of a transcript."""
