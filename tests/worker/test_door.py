from __future__ import annotations

import base64

import pytest

from appliance.crypto.kdf import KdfAlgorithm, KdfRecord
from appliance.records.columns import new_id
from appliance.worker.door import MOST_PEOPLE_A_BROWSER, Door
from appliance.worker.halves import Halves

ROOT = b"a root key of thirty-two bytes!!"
AMINA, BEN = "a" * 32, "b" * 32


@pytest.fixture
def door() -> Door:
    return Door(ROOT)


def test_a_name_that_nobody_has_is_answered_alike_after_a_restart(door: Door) -> None:
    assert door.stand_in("nobody", KdfAlgorithm.ARGON2ID) == Door(ROOT).stand_in("nobody", KdfAlgorithm.ARGON2ID)


def test_each_name_that_nobody_has_gets_an_id_and_a_salt_of_its_own(door: Door) -> None:
    found = [door.stand_in(name, KdfAlgorithm.ARGON2ID) for name in ("one", "two")]
    assert len({stand_in.account_id for stand_in in found}) == 2
    assert len({KdfRecord.decode(stand_in.kdf).salt for stand_in in found}) == 2


def test_the_id_of_a_stand_in_has_the_shape_of_a_persons(door: Door) -> None:
    names = [f"name {number}" for number in range(64)]
    for made in (
        [new_id() for _ in names],
        [door.stand_in(name, KdfAlgorithm.ARGON2ID).account_id for name in names],
    ):
        assert {(len(account_id), account_id[12]) for account_id in made} == {(32, "4")}
        assert {account_id[16] for account_id in made} == set("89ab")
        for place in set(range(32)) - {12, 16}:  # The others take many values, so none of them tells anything.
            assert len({account_id[place] for account_id in made}) > len("89ab")


def test_another_appliance_answers_otherwise(door: Door) -> None:
    other = Door(ROOT[::-1])
    assert door.stand_in("nobody", KdfAlgorithm.ARGON2ID) != other.stand_in("nobody", KdfAlgorithm.ARGON2ID)
    assert door.nobody != other.nobody


@pytest.mark.parametrize("algorithm", list(KdfAlgorithm))
def test_a_stand_in_asks_for_as_much_work_as_a_person(door: Door, algorithm: KdfAlgorithm) -> None:
    asked, real = KdfRecord.decode(door.stand_in("nobody", algorithm).kdf), KdfRecord.fresh(algorithm)
    assert (asked.algorithm, asked.cost, asked.passes, asked.lanes) == (
        real.algorithm, real.cost, real.passes, real.lanes,
    )  # fmt: skip


def test_a_browser_is_known_for_who_signed_in_there_and_for_nobody_else(door: Door) -> None:
    cookie = door.remember("", AMINA)
    assert len(door.browser_of(cookie, AMINA)) == 32
    assert door.browser_of(cookie, BEN) == ""


def test_a_shared_browser_is_known_for_several_people_under_one_id(door: Door) -> None:
    cookie = door.remember(door.remember("", AMINA), BEN)
    assert door.browser_of(cookie, AMINA) == door.browser_of(cookie, BEN) != ""
    assert door.remember(cookie, BEN) == cookie


def test_who_used_a_shared_browser_longest_ago_is_forgotten_first(door: Door) -> None:
    cookie = ""
    for number in range(MOST_PEOPLE_A_BROWSER + 1):
        cookie = door.remember(cookie, f"{number:032x}")
    assert door.browser_of(cookie, f"{0:032x}") == ""
    assert door.browser_of(cookie, f"{1:032x}") != ""


@pytest.mark.parametrize(
    "cookie", ["", "x", "%%%", "ü", "a" * 22, "A" * 5000, base64.urlsafe_b64encode(bytes(48)).decode()]
)
def test_a_made_up_cookie_makes_nobody_known(door: Door, cookie: str) -> None:
    assert door.browser_of(cookie, AMINA) == ""
    assert door.browser_of(door.remember(cookie, AMINA), AMINA) != ""


def test_a_cookie_of_another_appliance_makes_nobody_known(door: Door) -> None:
    assert door.browser_of(Door(ROOT[::-1]).remember("", AMINA), AMINA) == ""


def test_a_half_is_made_once_a_session_and_forgotten_with_it() -> None:
    halves = Halves()
    assert halves.get("one") is None
    half = halves.made_for("one")
    assert len(half) == 32
    assert halves.made_for("one") == half == halves.get("one")
    assert halves.made_for("two") != half
    halves.forget("one")
    assert halves.get("one") is None
    assert halves.session_ids() == {"two"}
    halves.forget("two", "three")
    assert halves.session_ids() == set()
