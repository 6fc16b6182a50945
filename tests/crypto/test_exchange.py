"""What Python sealed opens in the JavaScript of the pages, and the other way round, with fresh keys each time."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from typing import Any

import pytest

from appliance.crypto import envelope, hpke, identity, kdf, keywrap, members, recovery
from appliance.crypto.envelope import DocumentType
from appliance.crypto.hpke import SealedKeyLabel, SealedKeyPurpose
from appliance.crypto.identity import Identity
from appliance.crypto.kdf import KdfAlgorithm, KdfRecord
from appliance.crypto.keywrap import WrapKind, WrapLabel
from appliance.crypto.members import Role, SignedList
from tests.conftest import REPOSITORY
from tests.workspaces import WORKSPACE, first, following, person, signed

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed, so there is no other side")
LARGEST_VERSION = 2**53 - 1  # In a page. Python counts to 2^64.


@pytest.mark.parametrize("kind", list(DocumentType))
def test_a_document_opens_on_the_other_side(kind: DocumentType) -> None:
    file_key, subject = envelope.new_file_key(), envelope.new_document_id()
    text = ("Hello and nomoshkar. " * 3000).encode()
    sealed = envelope.seal_document(file_key, kind, subject, LARGEST_VERSION, text)
    answer = exchanged(
        "document",
        file_key=file_key.hex(),
        kind=kind,
        subject=subject.hex(),
        version=LARGEST_VERSION,
        sealed=base64.b64encode(sealed).decode(),
    )
    again = base64.b64decode(answer["sealed"])
    assert again != sealed
    assert envelope.open_document(file_key, again, kind, subject, LARGEST_VERSION) == text


@pytest.mark.parametrize("kind", list(WrapKind))
def test_a_wrap_opens_on_the_other_side(kind: WrapKind) -> None:
    wrapping_key, subject = envelope.new_file_key(), envelope.new_document_id()
    key = Identity.fresh().encode() if kind is WrapKind.IDENTITY_UNDER_USER_KEY else envelope.new_file_key()
    record = KdfRecord.fresh(KdfAlgorithm.ARGON2ID).encode() if kind is WrapKind.USER_KEY_UNDER_PASSPHRASE else None
    label = WrapLabel(kind, keywrap.FIRST_AND_LAST_EPOCH.get(kind, (1, 1))[1], keywrap.key_id(wrapping_key), subject)
    sealed = keywrap.wrap(wrapping_key, key, label, record)
    answer = exchanged(
        "wrap",
        wrapping_key=wrapping_key.hex(),
        kind=kind,
        epoch=label.epoch,
        subject=subject.hex(),
        record=record.hex() if record else None,
        sealed=base64.b64encode(sealed).decode(),
    )
    again = base64.b64decode(answer["sealed"])
    assert again != sealed
    assert keywrap.unwrap(wrapping_key, again, label, record) == key


@pytest.mark.parametrize("purpose", list(SealedKeyPurpose))
def test_a_sealed_key_opens_on_the_other_side(purpose: SealedKeyPurpose) -> None:
    there, here, key = Identity.fresh(), Identity.fresh(), envelope.new_file_key()
    label = SealedKeyLabel(purpose, envelope.new_document_id(), envelope.new_document_id())
    sealed = hpke.seal_key(there.x_public, key, label)
    answer = exchanged(
        "sealed_key",
        private=there.x_private.hex(),
        purpose=purpose,
        recipient=label.recipient.hex(),
        subject=label.subject.hex(),
        sealed=base64.b64encode(sealed).decode(),
        reply_to=here.x_public.hex(),
    )
    assert hpke.open_key(here.x_private, base64.b64decode(answer["sealed"]), label) == key


@pytest.mark.parametrize("algorithm", list(KdfAlgorithm))
def test_a_passphrase_gives_one_key_on_both_sides(algorithm: KdfAlgorithm) -> None:
    passphrase = "cafe\u0301 \ufb01le \u2126 \u0986\u09ae\u09be\u09b0 \U0001f511"
    record = KdfRecord.decode(bytes.fromhex(exchanged("fresh_record", algorithm=algorithm)["record"]))
    assert record.algorithm is algorithm
    answer = exchanged("stretch", passphrase=passphrase, record=record.encode().hex())
    assert bytes.fromhex(answer["key"]) == kdf.stretch(passphrase, record)


def test_both_sides_ask_for_the_same_work_today() -> None:
    for algorithm in KdfAlgorithm:
        theirs = KdfRecord.decode(bytes.fromhex(exchanged("fresh_record", algorithm=algorithm)["record"]))
        ours = KdfRecord.fresh(algorithm)
        assert (theirs.lanes, theirs.cost, theirs.passes) == (ours.lanes, ours.cost, ours.passes)
        assert theirs.salt != ours.salt


def test_a_signature_and_a_fingerprint_are_the_same_on_both_sides() -> None:
    person = Identity.fresh()
    message = identity.login_message("https://cloister.example", envelope.new_file_key())
    signature = identity.sign(person.ed_seed, message)
    answer = exchanged("identity", encoded=person.encode().hex(), message=message.hex(), signature=signature.hex())
    assert bytes.fromhex(answer["signature"]) == signature
    words = identity.fingerprint_words(identity.fingerprint(person.ed_public, person.x_public))
    assert tuple(answer["words"]) == words


def test_a_chain_of_member_lists_is_carried_on_by_the_other_side() -> None:
    one = first()
    two = following(one, "anna", {"anna": Role.OWNER, "bela": Role.EDITOR})
    chain = [signed(one, "anna"), signed(two, "anna")]
    answer = exchanged(
        "members",
        workspace=WORKSPACE.hex(),
        chain=[{"encoded": base64.b64encode(one.encoded).decode(), "signature": one.signature.hex()} for one in chain],
        ed_seed=person("anna").identity.ed_seed.hex(),
    )
    made = SignedList(base64.b64decode(answer["encoded"]), bytes.fromhex(answer["signature"]))
    newest = members.verify_chain([*chain, made], WORKSPACE)
    assert (newest.version, newest.members) == (3, two.members)


def test_a_recovery_code_is_read_and_written_the_same_on_both_sides() -> None:
    printed = recovery.write_code(envelope.new_file_key())
    typed = printed.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert exchanged("recovery_code", text=typed)["text"] == printed


def test_the_words_of_fingerprints_are_the_same_list_on_both_sides() -> None:
    script = REPOSITORY / "appliance" / "web" / "static" / "js" / "crypto" / "words.js"
    listed = script.read_text(encoding="utf-8").split("`")[1].split()
    assert tuple(listed) == identity.words()
    assert len(set(listed)) == 2048


def exchanged(exchange: str, **given: object) -> dict[str, Any]:
    """Return what the other side answers."""
    command = [str(NODE), str(REPOSITORY / "tests" / "js" / "exchange.mjs")]
    asked = json.dumps({"exchange": exchange} | given)
    ran = subprocess.run(command, input=asked, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stderr[-4000:]
    return dict(json.loads(ran.stdout))
