"""What happens to workspaces when an account ends."""

from __future__ import annotations

from appliance.records import recordings, workspaces
from appliance.worker.library import erase_recordings
from appliance.worker.link_ends import sweep_links
from appliance.worker.member_keys import take_back_keys
from appliance.worker.workshop import Workshop
from appliance.worker.workspaces import remove


def leave_all(workshop: Workshop, account_id: str) -> None:
    """Let somebody out of every workspace, and remove those in which nobody is left, with all that is in them.

    Nobody can sign their lists in their place: where they were the only owner, the others go on reading and writing,
    and the members stay as they are.
    """
    with workshop.database.read() as session:
        theirs = workspaces.of_account(session, account_id)
        left = {
            workspace_id: workspaces.members(session, workspace_id).keys() - {account_id} for workspace_id in theirs
        }
    for workspace_id, others in left.items():
        if not others:
            with workshop.database.read() as session:
                inside = recordings.inside(session, workspace_id)
            erase_recordings(workshop, inside)
        with workshop.changing_members:
            if others:
                take_back_keys(workshop, workspace_id, account_id)
            else:
                remove(workshop, workspace_id)
    with workshop.database.write() as session:
        workspaces.forget_account(session, account_id)
    sweep_links(workshop)
