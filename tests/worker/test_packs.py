"""Search packs, as the appliance keeps them: of the right form, in the next version, for their person alone."""

from __future__ import annotations

import pytest

from appliance.crypto.envelope import DocumentType, new_document_id, new_file_key, seal_document
from appliance.errors import (
    ConflictError,
    NotFoundError,
    SealedTooLargeError,
    TooManyPacksError,
    TruncatedError,
    UnknownFormatError,
    WrongContextError,
)
from appliance.records import packs
from appliance.worker import packs as keeping
from appliance.worker.enrolling import remove_account
from appliance.worker.library import resume
from appliance.worker.workshop import Workshop
from tests.packs import put_pack, sealed_pack
from tests.people import Person
from tests.web.appliance import enrolled
from tests.worker.private import unwrapped, wrapped


@pytest.fixture
def other(workshop: Workshop) -> Person:
    return enrolled(workshop, "other")


def next_version(person: Person, workshop: Workshop, pack: bytes, version: int) -> bytes:
    [kept] = [each for each in keeping.kept_packs(workshop, person.account_id) if each.document_id == pack]
    key = unwrapped(person, pack, kept.wrapped)
    return seal_document(key, DocumentType.SEARCH_PACK, pack, version, b"next")


def test_a_pack_comes_back_as_it_was_stored_and_only_its_person_sees_it(
    workshop: Workshop, amina: Person, other: Person
) -> None:
    document_id, sealed, wrap = sealed_pack(amina)
    keeping.begin_pack(workshop, amina.account_id, document_id, sealed, wrap)
    [kept] = keeping.kept_packs(workshop, amina.account_id)
    assert (kept.document_id, kept.version, kept.size_bytes, kept.wrapped) == (document_id, 1, len(sealed), wrap)
    assert keeping.sealed_pack(workshop, amina.account_id, document_id, 1) == sealed
    assert keeping.kept_packs(workshop, other.account_id) == []
    with pytest.raises(NotFoundError):
        keeping.sealed_pack(workshop, other.account_id, document_id, 1)


def test_the_next_version_takes_the_place_of_the_one_it_was_made_from(workshop: Workshop, amina: Person) -> None:
    pack = put_pack(workshop, amina, [])
    second = next_version(amina, workshop, pack, 2)
    assert keeping.save_pack(workshop, amina.account_id, pack, second, 1) == 2
    assert keeping.sealed_pack(workshop, amina.account_id, pack, 2) == second
    with pytest.raises(NotFoundError):
        keeping.sealed_pack(workshop, amina.account_id, pack, 1)
    with pytest.raises(ConflictError):
        keeping.save_pack(workshop, amina.account_id, pack, second, 1)


def test_somebody_else_neither_changes_nor_deletes_a_pack(workshop: Workshop, amina: Person, other: Person) -> None:
    pack = put_pack(workshop, amina, [])
    second = next_version(amina, workshop, pack, 2)
    with pytest.raises(NotFoundError):
        keeping.save_pack(workshop, other.account_id, pack, second, 1)
    with pytest.raises(NotFoundError):
        keeping.delete_pack(workshop, other.account_id, pack, 1)
    _, sealed, _ = sealed_pack(other)
    with pytest.raises(WrongContextError):
        keeping.begin_pack(workshop, other.account_id, pack, sealed, wrapped(other, pack, new_file_key()))


def test_an_id_that_is_taken_is_refused_and_what_is_there_stays(
    workshop: Workshop, amina: Person, other: Person
) -> None:
    pack = put_pack(workshop, amina, [])
    mine = seal_document(new_file_key(), DocumentType.SEARCH_PACK, pack, 1, b"mine")
    with pytest.raises(ConflictError):
        keeping.begin_pack(workshop, other.account_id, pack, mine, wrapped(other, pack, new_file_key()))
    [kept] = keeping.kept_packs(workshop, amina.account_id)
    assert unwrapped(amina, pack, kept.wrapped)
    assert len(workshop.keystore.held(pack)) == 1


def test_what_has_not_the_form_of_a_pack_is_refused(workshop: Workshop, amina: Person) -> None:
    document_id, sealed, wrap = sealed_pack(amina)
    title = seal_document(new_file_key(), DocumentType.TITLE, document_id, 1, b"title")
    for bad, error in [
        (b"CLB2" + sealed[4:], UnknownFormatError),
        (sealed[:50], TruncatedError),
        (title, WrongContextError),
        (sealed_pack(amina)[1], WrongContextError),
        (sealed_pack(amina, version=2)[1], WrongContextError),
        (bytes(keeping.MAX_PACK_BYTES + 1), SealedTooLargeError),
    ]:
        with pytest.raises(error):
            keeping.begin_pack(workshop, amina.account_id, document_id, bad, wrap)
    with pytest.raises(WrongContextError):
        keeping.begin_pack(
            workshop, amina.account_id, document_id, sealed, wrapped(amina, new_document_id(), new_file_key())
        )
    assert keeping.kept_packs(workshop, amina.account_id) == []
    assert workshop.keystore.held(document_id) == []


def test_nobody_keeps_packs_without_end(
    workshop: Workshop, amina: Person, other: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "MAX_PACKS", 2)
    put_pack(workshop, amina, [])
    put_pack(workshop, amina, [])
    document_id, sealed, wrap = sealed_pack(amina)
    with pytest.raises(TooManyPacksError):
        keeping.begin_pack(workshop, amina.account_id, document_id, sealed, wrap)
    assert workshop.keystore.held(document_id) == []
    put_pack(workshop, other, [])


def test_a_deleted_pack_is_in_no_file(workshop: Workshop, amina: Person) -> None:
    pack = put_pack(workshop, amina, [])
    sealed = keeping.sealed_pack(workshop, amina.account_id, pack, 1)
    with pytest.raises(ConflictError):
        keeping.delete_pack(workshop, amina.account_id, pack, 2)
    keeping.delete_pack(workshop, amina.account_id, pack, 1)
    assert keeping.kept_packs(workshop, amina.account_id) == []
    assert workshop.keystore.held(pack) == []
    files = [path.read_bytes() for path in workshop.settings.data.rglob("*") if path.is_file()]
    assert not any(sealed[32:96] in content for content in files)


def test_a_deletion_that_was_cut_off_leaves_a_pack_without_a_key_that_can_be_deleted(
    workshop: Workshop, amina: Person
) -> None:
    pack = put_pack(workshop, amina, [])
    workshop.keystore.erase(pack)
    [kept] = keeping.kept_packs(workshop, amina.account_id)
    assert kept.wrapped == b""
    keeping.delete_pack(workshop, amina.account_id, pack, 1)
    assert keeping.kept_packs(workshop, amina.account_id) == []


def test_a_restart_keeps_the_keys_of_packs(workshop: Workshop, amina: Person) -> None:
    pack = put_pack(workshop, amina, [])
    resume(workshop)
    [kept] = keeping.kept_packs(workshop, amina.account_id)
    assert unwrapped(amina, pack, kept.wrapped)


def test_who_is_removed_leaves_no_pack(workshop: Workshop, amina: Person, other: Person) -> None:
    pack, others = put_pack(workshop, amina, []), put_pack(workshop, other, [])
    remove_account(workshop, amina.account_id)
    with workshop.database.read() as session:
        assert packs.all_document_ids(session) == {others}
    assert workshop.keystore.held(pack) == []
