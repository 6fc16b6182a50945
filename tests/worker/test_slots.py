"""A change of keys that is cut off anywhere leaves one passphrase that lets the person in and opens their vault."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import NoReturn

import pytest

from appliance.crypto.keywrap import WrapKind
from appliance.errors import CryptoError, KeysRefusedError
from appliance.records import accounts
from appliance.worker.library import resume
from appliance.worker.slots import Slot, replacing, slots_of, tidy_slots
from appliance.worker.workshop import Workshop
from tests.people import Person

NEXT = "seven swans a-swimming by"


class PowerCut(BaseException):
    """Nothing after it runs, not even what cleans up."""


def next_passphrase(person: Person) -> Person:
    return replace(person, passphrase=NEXT, record=replace(person.record, salt=b"another salt 16b"))


def change(workshop: Workshop, person: Person, changed: Person) -> None:
    slot = Slot(WrapKind.USER_KEY_UNDER_PASSPHRASE, changed.keys.login_public, changed.passphrase_slot())
    with replacing(workshop, person.account_id, slot), workshop.database.write() as session:
        accounts.change_passphrase(session, person.account_id, changed.keys.kdf, changed.keys.login_public)


def opens_now(workshop: Workshop, *people: Person) -> list[bool]:
    """Tell for each whether their passphrase lets them in, and make sure that it then opens the vault too."""
    with workshop.database.read() as session:
        account = accounts.get(session, people[0].account_id)
    slot = slots_of(workshop, account)[WrapKind.USER_KEY_UNDER_PASSPHRASE]
    found = []
    for person in people:
        lets_in = account.login_public == person.keys.login_public
        opens = False
        with suppress(CryptoError):
            opens = person.opens(slot)
        assert lets_in == opens
        found.append(opens)
    return found


def wraps(workshop: Workshop, person: Person) -> int:
    return len(workshop.keystore.held(bytes.fromhex(person.account_id)))


def test_a_change_replaces_one_slot_and_leaves_nothing_beside_it(workshop: Workshop, amina: Person) -> None:
    changed = next_passphrase(amina)
    change(workshop, amina, changed)
    assert opens_now(workshop, amina, changed) == [False, True]
    assert wraps(workshop, amina) == 3


def test_a_change_that_fails_leaves_everything_as_it_was(workshop: Workshop, amina: Person) -> None:
    changed = next_passphrase(amina)
    slot = Slot(WrapKind.USER_KEY_UNDER_PASSPHRASE, changed.keys.login_public, changed.passphrase_slot())
    with pytest.raises(ZeroDivisionError), replacing(workshop, amina.account_id, slot):
        raise ZeroDivisionError
    assert opens_now(workshop, amina, changed) == [True, False]
    assert wraps(workshop, amina) == 3


@pytest.mark.parametrize("cut_before", ["the row", "the end"])
def test_a_power_cut_in_a_change_leaves_one_passphrase_that_works(
    workshop: Workshop, amina: Person, cut_before: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = next_passphrase(amina)

    def cut(*_: object, **__: object) -> NoReturn:
        raise PowerCut

    with monkeypatch.context() as patch:
        if cut_before == "the row":
            patch.setattr(accounts, "change_passphrase", cut)
        patch.setattr(workshop.keystore.__class__, "change", _only_first(workshop.keystore.__class__.change))
        with pytest.raises(PowerCut):
            change(workshop, amina, changed)
    expected = [cut_before == "the row", cut_before == "the end"]
    assert wraps(workshop, amina) == 4
    assert opens_now(workshop, amina, changed) == expected
    tidy_slots(workshop)
    assert opens_now(workshop, amina, changed) == expected
    assert wraps(workshop, amina) == 3


def _only_first(change: object) -> object:
    done: list[int] = []

    def once(*given: object, **named: object) -> None:
        done.append(1)
        if len(done) > 1:
            raise PowerCut
        change(*given, **named)  # type: ignore[operator]

    return once


def test_a_start_erases_no_slot_of_somebody_who_is_there(workshop: Workshop, amina: Person) -> None:
    resume(workshop)
    assert wraps(workshop, amina) == 3
    assert opens_now(workshop, amina) == [True]


def test_a_start_erases_the_slots_of_an_enrolment_that_was_cut_off(workshop: Workshop, amina: Person) -> None:
    nobody = replace(amina, account_id="9" * 32)
    slot = Slot(WrapKind.USER_KEY_UNDER_PASSPHRASE, nobody.keys.login_public, nobody.passphrase_slot())
    with replacing(workshop, nobody.account_id, slot):
        pass
    assert wraps(workshop, nobody) == 1
    resume(workshop)
    assert wraps(workshop, nobody) == 0


def test_a_slot_of_another_account_or_another_kind_is_refused(workshop: Workshop, amina: Person) -> None:
    other = replace(amina, account_id="9" * 32)
    public = amina.keys.login_public
    for kind, wrapped in (
        (WrapKind.USER_KEY_UNDER_PASSPHRASE, other.passphrase_slot()),
        (WrapKind.USER_KEY_UNDER_RECOVERY, amina.passphrase_slot()),
        (WrapKind.IDENTITY_UNDER_USER_KEY, amina.passphrase_slot()),
        (WrapKind.USER_KEY_UNDER_PASSPHRASE, b"x" * 144),
        (WrapKind.USER_KEY_UNDER_PASSPHRASE, amina.passphrase_slot()[:-1]),
    ):
        with pytest.raises(KeysRefusedError), replacing(workshop, amina.account_id, Slot(kind, public, wrapped)):
            pytest.fail("it was taken")
    assert opens_now(workshop, amina) == [True]
