"""The vocabulary of a workspace as the server keeps it: who reads it, who changes it, and under which key."""

from __future__ import annotations

import random

import pytest

from appliance.crypto.envelope import DocumentType, open_document, seal_document
from appliance.crypto.members import Role
from appliance.errors import (
    ConflictError,
    NotFoundError,
    RoleError,
    SealedTooLargeError,
    UnknownFormatError,
    WrongContextError,
)
from appliance.records import vocabularies
from appliance.worker.vocabularies import (
    MAX_SEALED_BYTES,
    SealedVocabulary,
    save_sealed_vocabulary,
    sealed_vocabulary,
)
from appliance.worker.workshop import Workshop
from appliance.worker.workspaces import close
from tests.people import Person
from tests.web.appliance import enrolled
from tests.worker.shared import Team


@pytest.fixture
def team(workshop: Workshop, anna: Person, ben: Person) -> Team:
    team = Team().made_by(workshop, anna)
    team.add(workshop, anna, ben)
    return team


def sealed_by(team: Team, version: int, text: str = "Rahman", kind: DocumentType = DocumentType.VOCABULARY) -> bytes:
    return seal_document(team.key, kind, team.id, version, text.encode())


def save(workshop: Workshop, team: Team, person: Person, sealed: bytes, from_version: int = 0) -> int:
    return save_sealed_vocabulary(
        workshop, person.account_id, team.hex, sealed, from_version=from_version, epoch=team.newest.epoch
    )


def test_what_one_member_saves_the_others_open(workshop: Workshop, team: Team, anna: Person, ben: Person) -> None:
    assert sealed_vocabulary(workshop, anna.account_id, team.hex) == SealedVocabulary(0, 0, b"")
    assert save(workshop, team, ben, sealed_by(team, 1)) == 1
    assert save(workshop, team, anna, sealed_by(team, 2, "Rahman\nMill Lane"), 1) == 2
    served = sealed_vocabulary(workshop, ben.account_id, team.hex)
    assert (served.version, served.epoch) == (2, 1)
    assert open_document(team.key, served.sealed, DocumentType.VOCABULARY, team.id, 2) == b"Rahman\nMill Lane"


def test_the_longest_vocabulary_fits_however_badly_it_deflates(workshop: Workshop, team: Team, anna: Person) -> None:
    drawn = random.Random(7)
    text = "".join(chr(drawn.randrange(0x4E00, 0x9FA5)) for _ in range(1365))
    assert len(text.encode()) <= 4096
    assert save(workshop, team, anna, sealed_by(team, 1, text)) == 1


def test_who_only_reads_changes_nothing_and_strangers_see_nothing(
    workshop: Workshop, team: Team, anna: Person, ben: Person
) -> None:
    save(workshop, team, anna, sealed_by(team, 1))
    team.change_role(workshop, anna, ben, Role.VIEWER)
    assert sealed_vocabulary(workshop, ben.account_id, team.hex).version == 1
    with pytest.raises(RoleError):
        save(workshop, team, ben, sealed_by(team, 2), 1)
    stranger = enrolled(workshop, "cleo")
    with pytest.raises(NotFoundError):
        sealed_vocabulary(workshop, stranger.account_id, team.hex)
    with pytest.raises(NotFoundError):
        save(workshop, team, stranger, sealed_by(team, 2), 1)


def test_of_two_who_save_at_once_the_second_is_refused(
    workshop: Workshop, team: Team, anna: Person, ben: Person
) -> None:
    save(workshop, team, anna, sealed_by(team, 1, "Anna's"))
    with pytest.raises(ConflictError):
        save(workshop, team, ben, sealed_by(team, 1, "Ben's"))
    save(workshop, team, anna, sealed_by(team, 2, "Anna's"), 1)
    with pytest.raises(ConflictError):
        save(workshop, team, ben, sealed_by(team, 2, "Ben's"), 1)


def test_nothing_is_written_under_a_key_that_a_removed_member_has(
    workshop: Workshop, team: Team, anna: Person, ben: Person
) -> None:
    before = sealed_by(team, 1)
    team.remove(workshop, anna, ben)
    with pytest.raises(ConflictError):
        save_sealed_vocabulary(workshop, anna.account_id, team.hex, before, from_version=0, epoch=1)
    assert save(workshop, team, anna, sealed_by(team, 1)) == 1
    assert sealed_vocabulary(workshop, anna.account_id, team.hex).epoch == 2
    with pytest.raises(NotFoundError):
        sealed_vocabulary(workshop, ben.account_id, team.hex)


def test_what_does_not_say_that_it_is_the_next_version_of_this_vocabulary_is_refused(
    workshop: Workshop, team: Team, anna: Person
) -> None:
    with pytest.raises(WrongContextError):
        save(workshop, team, anna, sealed_by(team, 2))
    with pytest.raises(WrongContextError):
        save(workshop, team, anna, sealed_by(team, 1, kind=DocumentType.NAME))
    with pytest.raises(WrongContextError):
        save(workshop, team, anna, sealed_by(Team(lists=team.lists), 1))
    with pytest.raises(UnknownFormatError):
        save(workshop, team, anna, b"Rahman in clear" * 20)
    with pytest.raises(SealedTooLargeError):
        save(workshop, team, anna, bytes(MAX_SEALED_BYTES + 1))


def test_it_goes_with_its_workspace(workshop: Workshop, team: Team, anna: Person) -> None:
    save(workshop, team, anna, sealed_by(team, 1))
    close(workshop, anna.account_id, team.hex)
    with workshop.database.read() as session:
        assert vocabularies.find(session, team.hex) is None
