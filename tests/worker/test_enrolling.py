from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.crypto import identity
from appliance.crypto.kdf import KdfAlgorithm, KdfRecord
from appliance.errors import KeysRefusedError, LastAdministratorError, LinkUsedError, NameTakenError, NotFoundError
from appliance.records import accounts, invitations, recordings
from appliance.records.accounts import MEMBER
from appliance.worker import enrolling
from appliance.worker.challenge import Purpose
from appliance.worker.enrolling import enrol, remove_account
from appliance.worker.entering import Proof, ask, enter
from appliance.worker.library import delete_all_of
from appliance.worker.workshop import Workshop
from tests.people import Person
from tests.web.appliance import AT_A_DESK, a_transcript, enrolled, finish_job, issue_link, open_workshop, put_recording


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    opened = open_workshop(tmp_path)
    yield opened
    opened.close()


def test_keys_of_another_account_use_nothing_up(workshop: Workshop) -> None:
    token = issue_link(workshop, "Amina")
    foreign = Person("Amina", account_id="9" * 32)
    with pytest.raises(KeysRefusedError):
        enrol(workshop, token, "Amina", foreign.keys, foreign.slots, AT_A_DESK)
    with workshop.database.read() as session:
        foreign.account_id = invitations.look(session, token).account_id
    assert enrol(workshop, token, "Amina", foreign.keys, foreign.slots, AT_A_DESK).account.name == "Amina"


def test_a_browser_that_chose_too_little_work_is_refused(workshop: Workshop) -> None:
    token = issue_link(workshop, "Amina")
    with workshop.database.read() as session:
        person = Person("Amina", account_id=invitations.look(session, token).account_id)
    weak = bytearray(person.keys.kdf)
    weak[8:12] = (1024).to_bytes(4, "big")
    for kdf in (bytes(weak), b"CLK1" + bytes(28), person.keys.kdf[:31]):
        with pytest.raises(KeysRefusedError):
            enrol(workshop, token, "Amina", replace(person.keys, kdf=kdf), person.slots, AT_A_DESK)


def test_an_enrolment_that_is_refused_leaves_no_key(workshop: Workshop) -> None:
    enrolled(workshop, "Amina")
    token = issue_link(workshop)
    with workshop.database.read() as session:
        person = Person("amina", account_id=invitations.look(session, token).account_id)
    with pytest.raises(NameTakenError):
        enrol(workshop, token, person.name, person.keys, person.slots, AT_A_DESK)
    assert workshop.keystore.held(bytes.fromhex(person.account_id)) == []


def test_removing_somebody_erases_their_keys_then_their_recordings_then_their_rows(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrolled(workshop, "Root")
    amina = enrolled(workshop, "Amina", MEMBER)
    done = put_recording(workshop, amina.account_id, "done.wav")
    finish_job(workshop, done, a_transcript())
    put_recording(workshop, amina.account_id, "waiting.wav")
    kept = put_recording(workshop, enrolled(workshop, "Ben", MEMBER).account_id, "of Ben.wav")
    order: list[str] = []

    def watched(workshop: Workshop, owner_id: str) -> int:
        with workshop.database.read() as session:
            assert accounts.find(session, owner_id) is not None
        number = delete_all_of(workshop, owner_id)
        order.append(f"{number} recordings with {len(workshop.keystore.held(bytes.fromhex(owner_id)))} keys")
        return number

    monkeypatch.setattr(enrolling, "delete_all_of", watched)
    remove_account(workshop, amina.account_id)
    assert order == ["2 recordings with 0 keys"]
    with workshop.database.read() as session:
        assert accounts.find(session, amina.account_id) is None
        assert recordings.listing(session, amina.account_id) == []
        assert len(workshop.keystore.subjects()) == 2 + 2  # Root and Ben; audio and title of Ben's recording.
        assert len(recordings.listing(session, enrolled(workshop, "Ben").account_id)) == 1
    assert kept


def test_removing_somebody_that_was_cut_off_can_be_repeated(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrolled(workshop, "Root")
    amina = enrolled(workshop, "Amina", MEMBER)
    put_recording(workshop, amina.account_id, "waiting.wav")
    with monkeypatch.context() as patch:
        patch.setattr(enrolling, "delete_all_of", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            remove_account(workshop, amina.account_id)
    with workshop.database.read() as session:
        assert not accounts.get(session, amina.account_id).is_enrolled
    remove_account(workshop, amina.account_id)
    with pytest.raises(NotFoundError):
        remove_account(workshop, amina.account_id)


def test_the_last_administrator_stays_with_all_keys(workshop: Workshop) -> None:
    only = enrolled(workshop, "Root")
    with pytest.raises(LastAdministratorError):
        remove_account(workshop, only.account_id)
    assert len(workshop.keystore.held(bytes.fromhex(only.account_id))) == 3


def test_enrolling_afresh_leaves_nothing_that_the_old_passphrase_or_code_opens(workshop: Workshop) -> None:
    before = enrolled(workshop, "Amina")
    held = {wrap.wrapped for wrap in workshop.keystore.held(bytes.fromhex(before.account_id))}
    with workshop.database.write() as session:
        token = invitations.link_for(session, accounts.get(session, before.account_id))
    again = Person("Amina", "another passphrase it is", account_id=before.account_id)
    enrol(workshop, token, "Amina", again.keys, again.slots, AT_A_DESK)
    now = {wrap.wrapped for wrap in workshop.keystore.held(bytes.fromhex(before.account_id))}
    assert len(now) == 3
    assert held & now == set()
    with pytest.raises(LinkUsedError):
        enrol(workshop, token, "Amina", again.keys, again.slots, AT_A_DESK)


def test_a_site_that_forbids_web_assembly_is_asked_for_pbkdf2(tmp_path: Path) -> None:
    workshop = open_workshop(tmp_path, passphrase_kdf="pbkdf2")
    try:
        person = enrolled(workshop, "Amina")  # Of before the setting: her record stays as it is.
        assert KdfRecord.decode(ask(workshop, "Amina", Purpose.PASSPHRASE).kdf) == person.record
        asked = ask(workshop, "Nobody", Purpose.PASSPHRASE)
        assert KdfRecord.decode(asked.kdf).algorithm is KdfAlgorithm.PBKDF2
        nonce = ask(workshop, "Amina", Purpose.PASSPHRASE).nonce
        signature = identity.sign(person.login_seed, identity.login_message(AT_A_DESK.origin, nonce))
        assert enter(workshop, "Amina", Purpose.PASSPHRASE, Proof(nonce, signature), AT_A_DESK).account.name == "Amina"
    finally:
        workshop.close()
