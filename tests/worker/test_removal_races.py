"""What a request adds while its person, or its workspace, is being removed: nothing stays behind without an owner."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread

import pytest
from sqlmodel import select

from appliance.crypto.members import Role
from appliance.errors import ApplianceError, NotFoundError, SignedOutError
from appliance.options import TranscribeOptions
from appliance.records import accounts, packs, workspaces
from appliance.records.accounts import MEMBER
from appliance.records.keystore import Wrap
from appliance.records.recordings import Recording
from appliance.worker import enrolling
from appliance.worker import workspaces as closing
from appliance.worker.enrolling import remove_account
from appliance.worker.intake import begin_upload
from appliance.worker.packs import begin_pack, delete_packs_of
from appliance.worker.places import move
from appliance.worker.private_intake import PrivateUpload, begin_private_upload
from appliance.worker.workshop import Workshop
from appliance.worker.workspaces import close, remove
from tests.packs import sealed_pack
from tests.people import Person
from tests.web.appliance import a_transcript, enrolled, finish_job, put_recording
from tests.worker.private import sealed_title
from tests.worker.shared import Team

PATIENCE_S = 30
A_MOMENT_S = 0.3

Asked = Callable[[Workshop, Person], object]


def upload(workshop: Workshop, person: Person, workspace_id: str | None = None) -> None:
    begin_upload(workshop, person.account_id, "late.wav", 4000, TranscribeOptions(), workspace_id)


def upload_privately(workshop: Workshop, person: Person) -> None:
    asked = PrivateUpload(sealed_title(person, "late.wav"), 4000, TranscribeOptions(), survives_restart=True)
    begin_private_upload(workshop, person.account_id, asked)


def store_pack(workshop: Workshop, person: Person) -> None:
    begin_pack(workshop, person.account_id, *sealed_pack(person))


def make_workspace(workshop: Workshop, person: Person) -> None:
    Team().made_by(workshop, person)


def take_out_of_a_workspace(workshop: Workshop, person: Person) -> None:
    with workshop.database.read() as session:
        (recording,) = session.exec(select(Recording)).all()
    move(workshop, person.account_id, recording.id, None, None)


@pytest.mark.parametrize("asked", [upload, upload_privately, store_pack, make_workspace, take_out_of_a_workspace])
def test_nothing_comes_in_for_somebody_who_is_being_removed(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, asked: Asked
) -> None:
    root, amina = enrolled(workshop, "Root"), enrolled(workshop, "Amina", MEMBER)
    team = Team().made_by(workshop, root)
    team.add(workshop, root, amina, Role.OWNER)
    together = put_recording(workshop, root.account_id, "together.wav")
    finish_job(workshop, together, a_transcript())
    move(workshop, root.account_id, together, team.hex, None)
    kept = workshop.keystore.subjects() - {bytes.fromhex(amina.account_id)}
    removal = _removal_before_the_row(workshop, monkeypatch, amina)
    with pytest.raises(SignedOutError):
        asked(workshop, amina)
    removal.join(PATIENCE_S)
    with workshop.database.read() as session:
        assert accounts.find(session, amina.account_id) is None
        (left,) = session.exec(select(Recording)).all()
        assert (left.owner_id, left.workspace_id) == (root.account_id, team.hex)
        assert packs.all_document_ids(session) == set()
        assert workspaces.ids(session) == {team.id}
    assert workshop.keystore.subjects() == kept


def test_a_workspace_that_is_being_closed_takes_nothing_in(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    root = enrolled(workshop, "Root")
    team = Team().made_by(workshop, root)
    refused: list[ApplianceError] = []
    late = Thread(target=_catching, args=(refused, lambda: upload(workshop, root, team.hex)))

    def remove_late(workshop: Workshop, workspace_id: str) -> None:
        late.start()  # It was found empty a moment ago.
        late.join(A_MOMENT_S)
        remove(workshop, workspace_id)

    monkeypatch.setattr(closing, "remove", remove_late)
    close(workshop, root.account_id, team.hex)
    late.join(PATIENCE_S)
    assert [type(error) for error in refused] == [NotFoundError]
    with workshop.database.read() as session:
        assert session.exec(select(Recording)).all() == []
    assert workshop.keystore.subjects() == {bytes.fromhex(root.account_id)}


def _removal_before_the_row(workshop: Workshop, monkeypatch: pytest.MonkeyPatch, person: Person) -> Thread:
    """Let somebody be removed when a request has been let in and has stored its keys, but not its row."""
    looked, put = Event(), workshop.keystore.put

    def delete_packs_late(workshop: Workshop, owner_id: str) -> None:
        delete_packs_of(workshop, owner_id)
        looked.set()  # Whatever comes now is not looked for any more.

    removal = Thread(target=remove_account, args=(workshop, person.account_id))

    def put_late(*wraps: Wrap) -> None:
        put(*wraps)
        if removal.ident is None:
            removal.start()
            assert looked.wait(PATIENCE_S)

    monkeypatch.setattr(enrolling, "delete_packs_of", delete_packs_late)
    monkeypatch.setattr(workshop.keystore, "put", put_late)
    return removal


def _catching(caught: list[ApplianceError], work: Callable[[], object]) -> None:
    try:
        work()
    except ApplianceError as error:
        caught.append(error)
