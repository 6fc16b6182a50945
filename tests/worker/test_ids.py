"""Nobody gives something of theirs the id of something of somebody else, to read it or to erase it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from appliance.crypto.envelope import DocumentType, new_file_key, seal_document
from appliance.crypto.keywrap import WrapKind
from appliance.crypto.members import Role
from appliance.errors import ConflictError
from appliance.options import TranscribeOptions
from appliance.records import access, accounts, invitations, transcripts, workspaces
from appliance.records.accounts import MEMBER
from appliance.worker.packs import begin_pack
from appliance.worker.privacy import SealedTitle
from appliance.worker.private_intake import PrivateUpload, begin_private_upload
from appliance.worker.slots import slots_of
from appliance.worker.workshop import Workshop
from appliance.worker.workspaces import remove
from tests.people import Person
from tests.web.appliance import a_transcript, enrolled, finish_job, issue_link, put_recording
from tests.worker.private import begin_privately, put_privately, wrapped
from tests.worker.shared import Team

Use = Callable[[Workshop, Person, bytes], object]
Find = Callable[[Workshop, Person], bytes]


@pytest.fixture
def mallory(workshop: Workshop) -> Person:
    return enrolled(workshop, "Mallory", MEMBER)


def as_workspace(workshop: Workshop, person: Person, chosen: bytes) -> object:
    return Team(id=chosen).made_by(workshop, person)


def as_title(workshop: Workshop, person: Person, chosen: bytes) -> object:
    key = new_file_key()
    sealed = seal_document(key, DocumentType.TITLE, chosen, 1, b"Ward 7")
    title = SealedTitle(document_id=chosen, sealed=sealed, wrapped=wrapped(person, chosen, key))
    upload = PrivateUpload(title, 10, TranscribeOptions(), survives_restart=False)
    return begin_private_upload(workshop, person.account_id, upload)


def as_pack(workshop: Workshop, person: Person, chosen: bytes) -> None:
    key = new_file_key()
    sealed = seal_document(key, DocumentType.SEARCH_PACK, chosen, 1, b"{}")
    begin_pack(workshop, person.account_id, chosen, sealed, wrapped(person, chosen, key))


def account_of(workshop: Workshop, amina: Person) -> bytes:
    return bytes.fromhex(amina.account_id)


def account_of_the_invited(workshop: Workshop, amina: Person) -> bytes:
    token = issue_link(workshop, "Ben", MEMBER)
    with workshop.database.read() as session:
        return bytes.fromhex(invitations.look(session, token).account_id)


def workspace_of(workshop: Workshop, amina: Person) -> bytes:
    return Team().made_by(workshop, amina).id


def title_of(workshop: Workshop, amina: Person) -> bytes:
    return begin_privately(workshop, amina).title_id


def fleeting_sound_of(workshop: Workshop, amina: Person) -> bytes:
    return begin_privately(workshop, amina).audio_id


def private_transcript_of(workshop: Workshop, amina: Person) -> bytes:
    recording_id = put_privately(workshop, amina)
    with workshop.database.read() as session:
        return transcripts.get(session, recording_id).document_id


def transcript_of(workshop: Workshop, amina: Person) -> bytes:
    recording_id = put_recording(workshop, amina.account_id, "talk.wav")
    finish_job(workshop, recording_id, a_transcript())
    with workshop.database.read() as session:
        return transcripts.get(session, recording_id).document_id


@pytest.mark.parametrize("use", [as_workspace, as_title, as_pack])
@pytest.mark.parametrize(
    "find",
    [
        account_of,
        account_of_the_invited,
        workspace_of,
        title_of,
        fleeting_sound_of,
        private_transcript_of,
        transcript_of,
    ],
)
def test_an_id_that_is_taken_is_refused_whatever_it_is_wanted_for(
    workshop: Workshop, amina: Person, mallory: Person, find: Find, use: Use
) -> None:
    taken = find(workshop, amina)
    before = workshop.keystore.held(taken)
    with pytest.raises(ConflictError):
        use(workshop, mallory, taken)
    assert workshop.keystore.held(taken) == before


def test_a_fresh_id_is_taken_and_then_refused(workshop: Workshop, mallory: Person) -> None:
    for number, use in enumerate((as_workspace, as_title, as_pack)):
        chosen = bytes([number]) * 16
        use(workshop, mallory, chosen)
        with pytest.raises(ConflictError):
            use(workshop, mallory, chosen)


def test_removing_a_workspace_that_has_the_id_of_a_person_erases_nothing_of_theirs(
    workshop: Workshop, amina: Person, mallory: Person
) -> None:
    """As could be made before ids were refused, and must not be fatal if one ever slips through again."""
    with workshop.database.write() as session:
        workspaces.add(session, amina.account_id, mallory.account_id)
    with workshop.changing_members:
        remove(workshop, amina.account_id)
    with workshop.database.read() as session:
        slots = slots_of(workshop, accounts.get(session, amina.account_id))
    assert amina.opens(slots[WrapKind.USER_KEY_UNDER_PASSPHRASE])


def test_a_place_says_of_what_kind_it_is(workshop: Workshop, amina: Person, mallory: Person) -> None:
    """A workspace that had the id of a person would otherwise open their shelf of the search index."""
    with workshop.database.write() as session:
        workspaces.add(session, amina.account_id, mallory.account_id)
        workspaces.set_members(session, amina.account_id, {mallory.account_id: Role.OWNER})
        own, theirs = access.places_of(session, amina.account_id), access.places_of(session, mallory.account_id)
    assert set(own) & set(theirs) == set()
