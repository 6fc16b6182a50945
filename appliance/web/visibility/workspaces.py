"""What the tables about workspaces hold."""

from __future__ import annotations

from appliance.web.languages import mark
from appliance.web.visibility.sight import Column, Sight, Table, clear, digest

TABLES = (
    Table(
        "workspaces",
        mark("Workspaces"),
        mark("A row for each workspace. Its name is not here: it is sealed, inside the member lists."),
        (
            clear("id", mark("A random number for the workspace")),
            clear("created_at", mark("When it was made")),
            clear("created_by", mark("Who made it")),
        ),
    ),
    Table(
        "member_lists",
        mark("Who is in a workspace"),
        mark("Every version of the member list, signed by an owner. The appliance cannot sign one."),
        (
            clear("workspace_id", mark("Of which workspace")),
            clear("version", mark("Which version it is")),
            clear("body", mark("The members with roles and public keys, and the sealed name of the workspace")),
            digest("signature", mark("The signature of the owner who made it")),
            clear("created_at", mark("When it came")),
        ),
    ),
    Table(
        "vocabularies",
        mark("Names and terms of a workspace"),
        mark("Sealed by the members' browsers under the key of the workspace. The appliance cannot read them."),
        (
            clear("workspace_id", mark("Of which workspace")),
            clear("version", mark("How often they were changed")),
            clear("epoch", mark("With which key of the workspace they are sealed, as a number")),
            Column("sealed", mark("The names and terms"), Sight.OWNER),
        ),
    ),
    Table(
        "workspace_members",
        mark("Whom the appliance lets into a workspace"),
        mark("Read off the newest member list, so that nobody has to be asked again for every page."),
        (
            clear("workspace_id", mark("Of which workspace")),
            clear("account_id", mark("Who is let in")),
            clear("role", mark("Whether they own it, write in it, or read in it")),
        ),
    ),
)
