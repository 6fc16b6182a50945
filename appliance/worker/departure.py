"""What happens to workspaces when an account ends, or gets keys that no list of members knows."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from appliance.records import access, recordings, shares, transcripts, workspaces
from appliance.worker.library import end_workspaces_of_nobody
from appliance.worker.link_ends import sweep_links, take_back_wraps
from appliance.worker.member_keys import take_back_keys
from appliance.worker.workshop import Workshop


@dataclass(frozen=True, slots=True)
class Kept:
    """A recording that became somebody's own because its workspace ends.

    Attributes:
        place: Where it was.
        documents: Its title, and its transcript where it has one.
    """

    id: str
    place: str
    documents: tuple[bytes, ...]


def leave_all(workshop: Workshop, account_id: str) -> None:
    """Let somebody out of every workspace, and remove those in which nobody is left, with all that is in them.

    Nobody can sign their lists in their place: where they were the only owner, the others go on reading and writing,
    and the members stay as they are.
    """
    with workshop.changing_members:
        with workshop.database.write() as session:
            theirs = workspaces.of_account(session, account_id)
            workspaces.forget_account(session, account_id)
        for workspace_id in theirs:  # Where the power fails in between, the next start takes them back.
            take_back_keys(workshop, workspace_id, account_id)
    end_workspaces_of_nobody(workshop)
    sweep_links(workshop)


def keep_what_opens(session: Session, account_id: str) -> list[Kept]:
    """Make theirs what the appliance can open in workspaces in which somebody is alone.

    To be called in the transaction that gives them other keys, with ``changing_members`` held: those keys let them into
    no workspace any more, and nobody is left who could take them in again. What is private there was sealed to the keys
    of before, so it goes with the workspace.
    """
    kept = []
    for workspace_id in workspaces.of_nobody_else(session, account_id):
        for recording in recordings.inside(session, workspace_id):
            if recording.mode == recordings.STANDARD:
                documents = (recording.title_id, *transcripts.document_ids(session, recording.id))
                kept.append(Kept(recording.id, access.place_of(recording), documents))
                recordings.put_in(session, recording.id, None, account_id)
                shares.remove_of(session, recording.id)
    return kept


def settle(workshop: Workshop, kept: list[Kept]) -> None:
    """End what depended on the places and the memberships of before; what is cut off here, ``tidy`` does later."""
    for recording in kept:
        take_back_wraps(workshop, recording.documents)
        workshop.indexing.moved(recording.place, recording.id)
        workshop.board.publish(recording.id, None)
    end_workspaces_of_nobody(workshop)
    sweep_links(workshop)
