"""Vectors of member lists: FORMAT.md section 9. Lists are text: their bytes are signed as they are."""

from __future__ import annotations

import json
from dataclasses import dataclass

from vectors_parts import Case, flipped

from appliance.crypto import identity, keywrap, members
from appliance.crypto.members import Member, MemberList, Role, SignedList
from tests.workspaces import WORKSPACE, changed, drawn, first, following, person, signed, signed_bytes, workspace_key

OWNER, EDITOR, VIEWER = Role.OWNER, Role.EDITOR, Role.VIEWER
UNKNOWN, CONTEXT = "crypto.unknown_format", "crypto.wrong_context"
SIGNER, ORDER, KEY = "crypto.member_list.signer", "crypto.member_list.order", "crypto.member_list.key"


@dataclass(frozen=True, slots=True)
class Story:
    """Four lists as they should be: Anna alone; with Bela and Chandra; Bela an owner too; Chandra removed by Bela."""

    lists: tuple[MemberList, ...]
    chain: tuple[SignedList, ...]


def story() -> Story:
    """Return the workspace that all attacks begin with."""
    one = first()
    two = following(one, "anna", {"anna": OWNER, "bela": EDITOR, "chandra": VIEWER})
    three = following(two, "anna", {"anna": OWNER, "bela": OWNER, "chandra": VIEWER})
    four = following(three, "bela", {"anna": OWNER, "bela": OWNER}, new_epoch=True)
    by = ("anna", "anna", "anna", "bela")
    lists = (one, two, three, four)
    return Story(lists, tuple(signed(made, name) for made, name in zip(lists, by, strict=True)))


def members_vectors() -> Case:
    """Return chains that hold, chains that must not, and which key belongs to a list."""
    told = story()
    lists, chain = told.lists, told.chain
    return {
        "opens": [
            chain_case("one list", chain[:1]),
            chain_case("three lists", chain[:3]),
            chain_case("a removal with another key", chain),
            chain_case("more than the reader remembers", chain, lists[1]),
            chain_case("just what the reader remembers", chain, lists[3]),
        ],
        "refuses": [*form_refusals(lists, chain), *first_refusals(lists[0]), *signer_refusals(lists, chain),
                    *order_refusals(lists, chain), *key_refusals(lists, chain)],
        "keys": [
            key_case("epoch 1", lists[2], workspace_key(1)),
            key_case("epoch 2", lists[3], workspace_key(2)),
        ],
        "key_refuses": [
            key_case("a key that the server made", lists[2], drawn("server")) | {"code": CONTEXT},
            key_case("the key from before the removal", lists[3], workspace_key(1)) | {"code": CONTEXT},
            key_case("another inbox beside the true key", changed(lists[2], inbox=lists[3].inbox), workspace_key(1))
            | {"code": CONTEXT},
        ],
    }  # fmt: skip


def form_refusals(lists: tuple[MemberList, ...], chain: tuple[SignedList, ...]) -> list[Case]:
    """Return lists that are well signed, yet no lists."""
    two = lists[1]
    text = two.encode().decode()
    anna, bela = person("anna").as_member(OWNER), person("bela").as_member(EDITOR)
    same_keys = Member(account=drawn("eve", 16).hex(), ed=bela.ed, x=bela.x, role=VIEWER)
    same_x = Member(account=drawn("eve", 16).hex(), ed=drawn("eve").hex(), x=bela.x, role=VIEWER)
    broken = {
        "duplicate members": changed(two, members=(anna, bela, bela)).encode(),
        "one account with two roles": changed(two, members=(anna, changed_role(anna, VIEWER))).encode(),
        "two accounts with the same keys": changed(two, members=(anna, bela, same_keys)).encode(),
        "two accounts with the same X25519 key": changed(two, members=(anna, bela, same_x)).encode(),
        "no owner": changed(two, members=(changed_role(anna, EDITOR), bela)).encode(),
        "no member": changed(two, members=()).encode(),
        "white space": text.replace(",", ", ", 1).encode(),
        "a line feed at the end": text.encode() + b"\n",
        "a byte order mark": b"\xef\xbb\xbf" + text.encode(),
        "a key twice": text.replace('"version":2,', '"version":1,"version":2,').encode(),
        "members twice": text.replace('"members":[', '"members":[],"members":[').encode(),
        "keys in another order": json.dumps(json.loads(text), sort_keys=True, separators=(",", ":")).encode(),
        "an unknown key": text.replace("{", '{"admin":true,', 1).encode(),
        "a key missing": text.replace(f'"prev":"{two.prev}",', "").encode(),
        "an escape": text.replace('"owner"', '"\\u006fwner"').encode(),
        "upper case digits": text.replace(two.prev, two.prev.upper()).encode(),
        "an id of 15 bytes": text.replace(two.signer, two.signer[2:]).encode(),
        "version 2.0": text.replace('"version":2,', '"version":2.0,').encode(),
        "version as text": text.replace('"version":2,', '"version":"2",').encode(),
        "version 0": changed(two, version=0).encode(),
        "version 2^53": changed(two, version=2**53).encode(),
        "epoch 0": changed(two, epoch=0).encode(),
        "epoch 65,536": changed(two, epoch=65_536).encode(),
        "an unknown role": text.replace('"viewer"', '"administrator"').encode(),
        "base64 without padding": text.replace("=", "").encode(),
        "base64 of the URL kind": text.replace("+", "-").replace("/", "_").encode(),
        "an array": b"[" + text.encode() + b"]",
        "nothing": b"",
    }
    return [refused_chain(name, (chain[0], signed_bytes(made, "anna")), UNKNOWN) for name, made in broken.items()]


def first_refusals(one: MemberList) -> list[Case]:
    """Return first lists that are not the first list of the workspace asked for."""
    two_owners = changed(one, members=(*one.members, person("mallory").as_member(OWNER)))
    return [
        refused_chain("no list at all", (), ORDER),
        refused_chain("the list of another workspace", (signed(first(workspace=drawn("other", 16)), "anna"),), CONTEXT),
        refused_chain("a first list with version 2", (signed(changed(one, version=2), "anna"),), ORDER),
        refused_chain("a first list with a predecessor", (signed(changed(one, prev="1" * 64), "anna"),), ORDER),
        refused_chain("a first list with epoch 2", (signed(changed(one, epoch=2), "anna"),), ORDER),
        refused_chain("a first list with two owners", (signed(two_owners, "anna"),), SIGNER),
        refused_chain("a first list that somebody else signed", (signed(one, "mallory"),), SIGNER),
    ]


def signer_refusals(lists: tuple[MemberList, ...], chain: tuple[SignedList, ...]) -> list[Case]:
    """Return forged lists: signed by nobody who may."""
    two, three = lists[1], lists[2]
    people = {"anna": OWNER, "bela": EDITOR, "chandra": VIEWER}
    with_mallory = {**people, "mallory": OWNER}
    forged = {
        "signed by an editor": (following(two, "bela", {**people, "bela": OWNER}), "bela"),
        "signed by a viewer": (following(two, "chandra", people), "chandra"),
        "signer not in the list before": (following(two, "mallory", with_mallory), "mallory"),
        "signed by the server in an owner's name": (following(two, "anna", with_mallory), "mallory"),
        "signer without an account": (changed(following(two, "anna", people), signer="0" * 32), "anna"),
    }
    cases = [refused_chain(name, (*chain[:2], signed(made, by)), SIGNER) for name, (made, by) in forged.items()]
    swapped = changed(three, members=(*three.members[:2], person("mallory").as_member(VIEWER)))
    after = following(lists[3], "chandra", {"anna": OWNER, "bela": OWNER, "chandra": OWNER})
    third = chain[2]
    unlabelled = identity.sign(person("anna").identity.ed_seed, third.encoded)
    signatures = {
        "a bit of the signature": flipped(third.signature, 9),
        "no signature": b"",
        "the signature of another version": chain[1].signature,
        "a signature without its label": unlabelled,
    }
    return [
        *cases,
        refused_chain(
            "a key swapped in a signed list", (*chain[:2], SignedList(swapped.encode(), third.signature)), SIGNER
        ),
        refused_chain("signed by somebody who was removed", (*chain, signed(after, "chandra")), SIGNER),
        *(
            refused_chain(name, (*chain[:2], SignedList(third.encoded, signature)), SIGNER)
            for name, signature in signatures.items()
        ),
    ]


def order_refusals(lists: tuple[MemberList, ...], chain: tuple[SignedList, ...]) -> list[Case]:
    """Return true lists in a wrong order: rollback, fork, and a removal that was left out."""
    three = lists[2]
    fork = following(three, "anna", {"anna": OWNER, "bela": OWNER, "chandra": EDITOR})
    after = following(lists[3], "anna", {"anna": OWNER, "bela": EDITOR})
    forked = (*chain[:3], signed(fork, "anna"))
    skipping = changed(following(three, "anna", {"anna": OWNER, "bela": OWNER, "chandra": VIEWER}), version=5)
    return [
        refused_chain("rollback to before the removal", chain[:3], ORDER, lists[3]),
        refused_chain("rollback to the first list", chain[:1], ORDER, lists[3]),
        refused_chain("a fork in the place of the removal", forked, ORDER, lists[3]),
        refused_chain("dropped member removal", (*chain[:3], signed(after, "anna")), ORDER),
        refused_chain("dropped member removal, number closed up",
                      (*chain[:3], signed(changed(after, version=4), "anna")), ORDER),
        refused_chain("a number left out", (*chain[:3], signed(skipping, "anna")), ORDER),
        refused_chain("a list twice", (*chain[:2], chain[1], *chain[2:]), ORDER),
        refused_chain("two lists changed places", (chain[0], chain[2], chain[1]), ORDER),
        refused_chain("without the first list", chain[1:], ORDER),
        refused_chain("the list of another workspace in the chain", (*chain[:2], signed(
            changed(three, workspace=drawn("other", 16).hex()), "anna")), CONTEXT),
    ]  # fmt: skip


def key_refusals(lists: tuple[MemberList, ...], chain: tuple[SignedList, ...]) -> list[Case]:
    """Return lists of a true owner that would let somebody read who must not."""
    three, four = lists[2], lists[3]
    gone = {"anna": OWNER, "bela": OWNER}
    all_three = {**gone, "chandra": VIEWER}
    moved = changed(three.members[2], ed=drawn("new ed").hex())
    broken = {
        "removal without another key": following(three, "bela", gone),
        "removal with another epoch and the same key": changed(
            following(three, "bela", gone, new_epoch=True), key=three.key
        ),
        "removal with another epoch and the same inbox": changed(
            following(three, "bela", gone, new_epoch=True), inbox=three.inbox
        ),
        "a member's key swapped without another epoch": changed(
            following(three, "bela", all_three), members=(*three.members[:2], moved)
        ),
        "another key in the same epoch": changed(following(three, "bela", all_three), key=four.key),
        "another inbox in the same epoch": changed(following(three, "bela", all_three), inbox=four.inbox),
        "an epoch left out": changed(following(three, "bela", gone, new_epoch=True), epoch=3),
    }
    back = changed(following(four, "bela", gone), epoch=1, key=three.key, inbox=three.inbox)
    cases = [refused_chain(name, (*chain[:3], signed(made, "bela")), KEY) for name, made in broken.items()]
    return [*cases, refused_chain("back to the epoch before the removal", (*chain, signed(back, "bela")), KEY)]


def changed_role(member: Member, role: Role) -> Member:
    """Return the same person with another role."""
    return Member(account=member.account, ed=member.ed, x=member.x, role=role)


def chain_case(name: str, chain: tuple[SignedList, ...], seen: MemberList | None = None) -> Case:
    """Return a chain, what the reader remembers, and what its newest list says."""
    newest = members.verify_chain(chain, WORKSPACE, None if seen is None else members.Seen(seen.version, seen.digest))
    return given(name, chain, seen) | {
        "version": newest.version, "epoch": newest.epoch, "digest": newest.digest.hex(),
        "members": len(newest.members),
    }  # fmt: skip


def refused_chain(name: str, chain: tuple[SignedList, ...], code: str, seen: MemberList | None = None) -> Case:
    """Return a chain that must be refused."""
    return given(name, chain, seen) | {"code": code}


def given(name: str, chain: tuple[SignedList, ...], seen: MemberList | None) -> Case:
    """Return what a reader is given."""
    remembers = {} if seen is None else {"seen": {"version": seen.version, "digest": seen.digest.hex()}}
    lists = [{"list": one.encoded.decode(), "signature": one.signature.hex()} for one in chain]
    return {"name": name, "workspace": WORKSPACE.hex(), "lists": lists} | remembers


def key_case(name: str, made: MemberList, workspace_key_bytes: bytes) -> Case:
    """Return a list and a workspace key that belongs to it, or not."""
    return {
        "name": name, "list": made.encode().decode(), "workspace_key": workspace_key_bytes.hex(),
        "key_id": keywrap.key_id(workspace_key_bytes).hex(),
        "inbox_private": members.inbox_private(workspace_key_bytes).hex(),
    }  # fmt: skip
