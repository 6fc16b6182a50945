"""Member lists: what a lying server, a removed member and a stranger can and cannot make others believe."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.crypto import identity, members
from appliance.crypto.envelope import DocumentType, open_document
from appliance.crypto.hpke import SealedKeyLabel, SealedKeyPurpose, open_key, seal_key
from appliance.crypto.members import (
    MemberList,
    Role,
    Seen,
    SignedList,
    inbox_private,
    sign_list,
    verify_chain,
    verify_first,
    verify_next,
)
from appliance.errors import (
    ApplianceError,
    CryptoError,
    MemberListKeyError,
    MemberListOrderError,
    MemberListSignerError,
    UnknownFormatError,
    WrongContextError,
)
from tests.workspaces import WORKSPACE, changed, first, following, person, signed, signed_bytes, workspace_key

VECTORS = Path(__file__).resolve().parent.parent / "vectors" / "members.json"
FEW = settings(max_examples=60, deadline=None)
OWNER, EDITOR, VIEWER = Role.OWNER, Role.EDITOR, Role.VIEWER
NAMES = ["anna", "bela", "chandra", "dilip"]
Case = dict[str, Any]


def vectors(group: str) -> list[Any]:
    """Return the cases of a group as parameters."""
    cases: list[Case] = json.loads(VECTORS.read_text(encoding="utf-8"))[group]
    return [pytest.param(case, id=case["name"]) for case in cases]


def two_lists() -> tuple[MemberList, MemberList]:
    """Return Anna's workspace before and after she took Bela in."""
    one = first()
    return one, following(one, "anna", {"anna": OWNER, "bela": EDITOR})


@pytest.mark.parametrize("case", vectors("opens"))
def test_a_chain_holds(case: Case) -> None:
    newest = verify_chain(chain_of(case), bytes.fromhex(case["workspace"]), seen_of(case))
    told = (newest.version, newest.epoch, newest.digest.hex(), len(newest.members))
    assert told == (case["version"], case["epoch"], case["digest"], case["members"])


@pytest.mark.parametrize("case", vectors("refuses"))
def test_a_chain_is_refused_with_its_code(case: Case) -> None:
    with pytest.raises(ApplianceError) as refused:
        verify_chain(chain_of(case), bytes.fromhex(case["workspace"]), seen_of(case))
    assert refused.value.code == case["code"]


@pytest.mark.parametrize("case", vectors("keys"))
def test_a_workspace_key_belongs_to_its_list(case: Case) -> None:
    key = bytes.fromhex(case["workspace_key"])
    assert inbox_private(key).hex() == case["inbox_private"]
    MemberList.decode(case["list"].encode()).require_key(key)


@pytest.mark.parametrize("case", vectors("key_refuses"))
def test_a_workspace_key_that_the_list_does_not_name_is_refused(case: Case) -> None:
    with pytest.raises(ApplianceError) as refused:
        MemberList.decode(case["list"].encode()).require_key(bytes.fromhex(case["workspace_key"]))
    assert refused.value.code == case["code"]


@FEW
@given(
    steps=st.lists(
        st.dictionaries(st.sampled_from(NAMES[1:]), st.sampled_from(list(Role)), max_size=3), min_size=1, max_size=5
    )
)
def test_any_story_in_which_anna_keeps_the_rules_holds_and_its_head_is_remembered(
    steps: list[dict[str, Role]],
) -> None:
    newest = first()
    chain = [signed(newest, "anna")]
    for people in steps:
        there = {member.account for member in newest.members}
        staying = {person(name).account.hex() for name in people} | {person("anna").account.hex()}
        newest = following(newest, "anna", {"anna": OWNER, **people}, new_epoch=bool(there - staying))
        chain.append(signed(newest, "anna"))
    seen = Seen(newest.version, newest.digest)
    assert verify_chain(chain, WORKSPACE, seen) == newest
    with pytest.raises(MemberListOrderError):
        verify_chain(chain[:-1], WORKSPACE, seen)


@FEW
@given(at=st.integers(0, 10_000), bit=st.integers(0, 7), in_signature=st.booleans())
def test_any_flipped_bit_of_a_list_or_its_signature_is_refused(at: int, bit: int, in_signature: bool) -> None:  # noqa: FBT001 -- drawn.
    one, two = two_lists()
    true = signed(two, "anna")
    blob = bytearray(true.signature if in_signature else true.encoded)
    blob[at % len(blob)] ^= 1 << bit
    forged = SignedList(true.encoded, bytes(blob)) if in_signature else SignedList(bytes(blob), true.signature)
    with pytest.raises(CryptoError):
        verify_next(one, forged)


@FEW
@given(noise=st.binary(max_size=300))
def test_noise_is_no_list(noise: bytes) -> None:
    with pytest.raises(UnknownFormatError):
        MemberList.decode(noise)


def test_a_list_of_more_than_1_mib_is_not_even_parsed() -> None:
    with pytest.raises(UnknownFormatError):
        MemberList.decode(changed(first(), name=bytes(800_000)).encode())
    MemberList.decode(changed(first(), name=bytes(700_000)).encode())


def test_a_server_without_an_owners_key_cannot_add_itself() -> None:
    one, _ = two_lists()
    with_mallory = following(one, "anna", {"anna": OWNER, "mallory": OWNER})
    for name in ("mallory", "bela"):
        with pytest.raises(MemberListSignerError):
            verify_next(one, signed(with_mallory, name))
    with pytest.raises(MemberListSignerError):
        verify_next(one, signed(following(one, "mallory", {"anna": OWNER, "mallory": OWNER}), "mallory"))


def test_a_removed_member_cannot_come_back_by_a_list_of_their_own() -> None:
    _, two = two_lists()
    three = following(two, "anna", {"anna": OWNER}, new_epoch=True)
    with pytest.raises(MemberListSignerError):
        verify_next(three, signed(following(three, "bela", {"anna": OWNER, "bela": OWNER}), "bela"))


def test_a_removal_that_keeps_the_key_is_refused() -> None:
    _, two = two_lists()
    with pytest.raises(MemberListKeyError):
        verify_next(two, signed(following(two, "anna", {"anna": OWNER}), "anna"))


def test_a_removal_that_the_server_drops_breaks_the_chain() -> None:
    one, two = two_lists()
    three = following(two, "anna", {"anna": OWNER}, new_epoch=True)
    four = following(three, "anna", {"anna": OWNER, "chandra": VIEWER})
    verify_chain([signed(made, "anna") for made in (one, two, three, four)], WORKSPACE)
    with pytest.raises(MemberListOrderError):
        verify_chain([signed(made, "anna") for made in (one, two, four)], WORKSPACE)


def test_a_fork_is_refused_by_whoever_saw_the_other_branch() -> None:
    one, two = two_lists()
    other = following(one, "anna", {"anna": OWNER, "chandra": EDITOR})
    verify_chain([signed(one, "anna"), signed(other, "anna")], WORKSPACE)
    with pytest.raises(MemberListOrderError):
        verify_chain([signed(one, "anna"), signed(other, "anna")], WORKSPACE, Seen(2, two.digest))


def test_the_list_of_another_workspace_is_refused() -> None:
    with pytest.raises(WrongContextError):
        verify_first(signed(first(workspace=bytes(16)), "anna"), WORKSPACE)


def test_an_owner_may_hand_over_and_be_removed() -> None:
    _, two = two_lists()
    three = following(two, "anna", {"anna": OWNER, "bela": OWNER})
    four = following(three, "bela", {"bela": OWNER}, new_epoch=True)
    assert verify_next(verify_next(two, signed(three, "anna")), signed(four, "bela")) == four


def test_the_last_owner_cannot_leave_a_workspace_without_one() -> None:
    _, two = two_lists()
    with pytest.raises(UnknownFormatError):
        verify_next(two, signed(following(two, "anna", {"bela": EDITOR}, new_epoch=True), "anna"))


def test_two_spellings_of_one_list_are_not_both_taken() -> None:
    one, two = two_lists()
    doubled = two.encode().replace(b'"epoch":1,', b'"epoch":2,"epoch":1,')
    with pytest.raises(UnknownFormatError):
        verify_next(one, signed_bytes(doubled, "anna"))


def test_a_writer_does_not_sign_what_nobody_would_take() -> None:
    one, two = two_lists()
    seed = person("anna").identity.ed_seed
    assert verify_next(one, sign_list(seed, two)) == two
    with pytest.raises(UnknownFormatError):
        sign_list(seed, changed(two, members=two.members + two.members))


def test_a_workspace_key_that_the_server_sealed_itself_is_refused() -> None:
    one, _ = two_lists()
    anna = person("anna")
    label = SealedKeyLabel(SealedKeyPurpose.WORKSPACE_KEY, anna.account, WORKSPACE)
    true = open_key(anna.identity.x_private, seal_key(anna.identity.x_public, workspace_key(1), label), label)
    one.require_key(true)
    forged = open_key(anna.identity.x_private, seal_key(anna.identity.x_public, bytes(32), label), label)
    with pytest.raises(WrongContextError):
        one.require_key(forged)


def test_a_result_sealed_to_the_inbox_opens_for_whoever_has_the_workspace_key() -> None:
    one, _ = two_lists()
    label = SealedKeyLabel(SealedKeyPurpose.RESULT, WORKSPACE, bytes(16))
    sealed = seal_key(bytes.fromhex(one.inbox), bytes(range(32)), label)
    assert open_key(inbox_private(workspace_key(1)), sealed, label) == bytes(range(32))


def test_the_name_opens_under_the_key_of_its_epoch_and_in_its_version_only() -> None:
    one, two = two_lists()
    assert open_document(workspace_key(1), one.name, DocumentType.NAME, WORKSPACE, 1) == b"Ward 7"
    with pytest.raises(WrongContextError):
        open_document(workspace_key(1), one.name, DocumentType.NAME, WORKSPACE, two.version)


def test_a_signature_for_signing_in_is_none_of_a_list() -> None:
    one, two = two_lists()
    seed = person("anna").identity.ed_seed
    with pytest.raises(MemberListSignerError):
        verify_next(one, SignedList(two.encode(), identity.sign(seed, b"cloister/login/v1\0" + two.encode())))
    assert members.LABEL == b"cloister/members/v1\0"


def chain_of(case: Case) -> list[SignedList]:
    """Return the lists of a case."""
    return [SignedList(one["list"].encode(), bytes.fromhex(one["signature"])) for one in case["lists"]]


def seen_of(case: Case) -> Seen | None:
    """Return what the reader of a case remembers."""
    return Seen(case["seen"]["version"], bytes.fromhex(case["seen"]["digest"])) if "seen" in case else None
