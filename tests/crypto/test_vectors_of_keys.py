"""The vectors of persons' keys hold in Python, and the library's HPKE is the one of RFC 9180."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.crypto import hpke, identity, kdf, links, recovery
from appliance.crypto.hpke import SealedKeyLabel, SealedKeyPurpose
from appliance.crypto.identity import Identity
from appliance.crypto.kdf import KdfRecord
from appliance.errors import ApplianceError
from tests import rfc9180

VECTORS = Path(__file__).resolve().parent.parent / "vectors"
FEW = settings(max_examples=60, deadline=None)
Case = dict[str, Any]


def vectors(file: str, group: str) -> list[Any]:
    """Return the cases of a file as parameters."""
    cases: list[Case] = json.loads((VECTORS / f"{file}.json").read_text(encoding="utf-8"))[group]
    return [pytest.param(case, id=case["name"]) for case in cases]


@pytest.mark.parametrize("case", vectors("rfc9180", "cases"))
def test_our_second_writing_of_hpke_gives_every_value_of_the_rfc(case: Case) -> None:
    shared, enc = rfc9180.encapsulate(raw(case, "pkRm"), raw(case, "skEm"))
    assert (shared, enc) == (raw(case, "shared_secret"), raw(case, "enc"))
    assert rfc9180.decapsulate(enc, raw(case, "skRm")) == shared
    schedule = rfc9180.key_schedule(shared, raw(case, "info"), case["aead_id"])
    for name in ("key_schedule_context", "secret", "key", "base_nonce", "exporter_secret"):
        assert getattr(schedule, name) == raw(case, name)
    for message in case["encryptions"]:
        nonce = rfc9180.nonce(schedule, message["sequence"])
        assert nonce == raw(message, "nonce")
        sealed = AESGCM(schedule.key).encrypt(nonce, raw(message, "pt"), raw(message, "aad"))
        assert sealed == raw(message, "ct")


@FEW
@given(private=st.binary(min_size=32, max_size=32), info=st.binary(max_size=100), key=st.binary(max_size=64))
def test_the_suite_opens_what_our_second_writing_sealed(private: bytes, info: bytes, key: bytes) -> None:
    recipient = X25519PrivateKey.from_private_bytes(private)
    public = recipient.public_key().public_bytes_raw()
    sealed = rfc9180.seal(public, b"ephemeral".ljust(32, b"."), info, key)
    assert hpke.SUITE.decrypt(sealed, recipient, info=info) == key


@FEW
@given(private=st.binary(min_size=32, max_size=32), info=st.binary(max_size=100), key=st.binary(max_size=64))
def test_the_suite_writes_enc_then_ct_as_the_rfc_lays_them_out(private: bytes, info: bytes, key: bytes) -> None:
    public = X25519PrivateKey.from_private_bytes(private).public_key()
    sealed = hpke.SUITE.encrypt(key, public, info=info)
    enc, ct = sealed[:32], sealed[32:]
    schedule = rfc9180.key_schedule(rfc9180.decapsulate(enc, private), info, rfc9180.AES_256_GCM)
    assert AESGCM(schedule.key).decrypt(rfc9180.nonce(schedule, 0), ct, None) == key
    assert len(ct) == len(key) + 16


@pytest.mark.parametrize("case", vectors("sealed_key", "opens"))
def test_a_sealed_key_opens(case: Case) -> None:
    assert hpke.open_key(raw(case, "private"), blob(case), sealed_label(case)) == raw(case, "key")


@pytest.mark.parametrize("case", vectors("sealed_key", "refuses"))
def test_a_sealed_key_is_refused_with_its_code(case: Case) -> None:
    with pytest.raises(ApplianceError) as refused:
        hpke.open_key(raw(case, "private"), blob(case), sealed_label(case))
    assert refused.value.code == case["code"]


@pytest.mark.parametrize("case", vectors("sealed_key", "seal_refuses"))
def test_nothing_is_sealed_to_a_key_of_low_order(case: Case) -> None:
    with pytest.raises(ApplianceError) as refused:
        hpke.seal_key(raw(case, "public"), bytes(32), SealedKeyLabel(SealedKeyPurpose.RESULT, bytes(16), bytes(16)))
    assert refused.value.code == case["code"]


@pytest.mark.parametrize("case", vectors("kdf", "records"))
def test_a_record_says_what_the_vector_says(case: Case) -> None:
    record = KdfRecord.decode(raw(case, "record"))
    assert record == KdfRecord(
        kdf.KdfAlgorithm(case["algorithm"]), case["lanes"], case["cost"], case["passes"], raw(case, "salt")
    )
    assert record.encode() == raw(case, "record")


@pytest.mark.parametrize("case", vectors("kdf", "refuses"))
def test_a_record_is_refused_with_its_code(case: Case) -> None:
    with pytest.raises(ApplianceError) as refused:
        KdfRecord.decode(raw(case, "record"))
    assert refused.value.code == case["code"]


@pytest.mark.parametrize("case", vectors("kdf", "stretches"))
def test_a_passphrase_gives_the_same_key(case: Case) -> None:
    assert kdf.stretch(case["passphrase"], KdfRecord.decode(raw(case, "record"))) == raw(case, "key")


@pytest.mark.parametrize("case", vectors("kdf", "hkdf"))
def test_a_key_gives_the_same_derived_key(case: Case) -> None:
    assert kdf.hkdf256(raw(case, "ikm"), case["info"].encode(), case["length"]) == raw(case, "key")


def test_hkdf_is_the_one_of_rfc_5869() -> None:
    okm = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    assert kdf.hkdf256(b"\x0b" * 22, b"", 42).hex() == okm  # Appendix A.3.


@pytest.mark.parametrize("case", vectors("identity", "persons"))
def test_a_master_key_gives_the_same_keys(case: Case) -> None:
    assert identity.person_keys(raw(case, "master_key")) == (raw(case, "wrap_key"), raw(case, "login_seed"))
    assert identity.public_of_seed(raw(case, "login_seed")) == raw(case, "login_public")


@pytest.mark.parametrize("case", vectors("identity", "recoveries"))
def test_a_recovery_code_gives_the_same_keys(case: Case) -> None:
    assert identity.recovery_keys(raw(case, "bytes")) == (raw(case, "wrap_key"), raw(case, "seed"))
    assert identity.public_of_seed(raw(case, "seed")) == raw(case, "public")


@pytest.mark.parametrize("case", vectors("identity", "organisations"))
def test_the_code_of_an_organisation_gives_the_same_keys(case: Case) -> None:
    keys = identity.organisation_identity(raw(case, "bytes"))
    assert keys.encode() == raw(case, "encoded")
    assert (keys.x_public, keys.ed_public) == (raw(case, "x_public"), raw(case, "ed_public"))
    assert identity.organisation_id(keys.x_public) == raw(case, "id")


@pytest.mark.parametrize("case", vectors("identity", "indexes"))
def test_a_user_key_gives_the_same_index_key(case: Case) -> None:
    assert identity.index_key(raw(case, "user_key")) == raw(case, "index_key")


@pytest.mark.parametrize("case", vectors("identity", "identities"))
def test_an_identity_shows_the_same_keys_and_words(case: Case) -> None:
    person = Identity.decode(raw(case, "encoded"))
    assert (person.x_public, person.ed_public) == (raw(case, "x_public"), raw(case, "ed_public"))
    assert identity.fingerprint(person.ed_public, person.x_public) == raw(case, "fingerprint")
    assert list(identity.fingerprint_words(raw(case, "fingerprint"))) == case["words"]


def test_public_keys_are_the_ones_that_two_rfcs_publish() -> None:
    case = json.loads((VECTORS / "identity.json").read_text(encoding="utf-8"))["identities"][0]
    assert case["x_public"] == "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d"  # RFC 9180 A.1.1.
    assert case["ed_public"] == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"  # RFC 8032 7.1.


@pytest.mark.parametrize("case", vectors("identity", "fingerprints"))
def test_a_fingerprint_is_read_out_in_the_same_words(case: Case) -> None:
    assert list(identity.fingerprint_words(raw(case, "fingerprint"))) == case["words"]


@pytest.mark.parametrize("case", vectors("identity", "links"))
def test_the_secret_of_a_link_gives_the_same_token_and_key(case: Case) -> None:
    assert links.access_token(raw(case, "secret")) == raw(case, "access_token")
    assert links.link_key(raw(case, "secret"), raw(case, "stretched_pin")) == raw(case, "link_key")


@pytest.mark.parametrize("case", vectors("identity", "signatures"))
def test_a_signature_is_the_same_and_holds(case: Case) -> None:
    nonce, changed = raw(case, "nonce"), raw(case, "changed")
    message = {
        "login": lambda: identity.login_message(case["origin"], nonce),
        "recover": lambda: identity.recovery_message(case["origin"], nonce),
        "passphrase": lambda: identity.passphrase_message(case["origin"], nonce, changed),
        "recovery": lambda: identity.recovery_change_message(case["origin"], nonce, changed),
        "deletion": lambda: identity.deletion_message(case["origin"], nonce, with_account=False),
        "deletion with account": lambda: identity.deletion_message(case["origin"], nonce, with_account=True),
        "consent": lambda: identity.consent_message(case["origin"], nonce, changed),
        "consent taken back": lambda: identity.consent_message(case["origin"], nonce, None),
        "let back in": lambda: identity.let_back_in_message(case["origin"], nonce, nonce[:16], changed),
    }[case["name"]]()
    assert message == raw(case, "message")
    assert identity.sign(raw(case, "seed"), message) == raw(case, "signature")
    identity.verify(raw(case, "public"), message, raw(case, "signature"))


@pytest.mark.parametrize("case", vectors("identity", "refuses"))
def test_a_signature_is_refused_with_its_code(case: Case) -> None:
    with pytest.raises(ApplianceError) as refused:
        identity.verify(raw(case, "public"), raw(case, "message"), raw(case, "signature"))
    assert refused.value.code == case["code"]


@pytest.mark.parametrize("case", vectors("recovery", "writes"))
def test_a_recovery_code_is_printed_the_same(case: Case) -> None:
    assert recovery.write_code(raw(case, "bytes")) == case["text"]
    assert recovery.read_code(case["text"]) == raw(case, "bytes")


@pytest.mark.parametrize("case", vectors("recovery", "reads"))
def test_a_typed_recovery_code_is_understood(case: Case) -> None:
    assert recovery.read_code(case["text"]) == raw(case, "bytes")


@pytest.mark.parametrize("case", vectors("recovery", "refuses"))
def test_what_is_not_a_recovery_code_is_refused_with_its_code(case: Case) -> None:
    with pytest.raises(ApplianceError) as refused:
        recovery.read_code(case["text"])
    assert refused.value.code == case["code"]


def sealed_label(case: Case) -> SealedKeyLabel:
    """Return the label that the case expects."""
    return SealedKeyLabel(SealedKeyPurpose(case["purpose"]), raw(case, "recipient"), raw(case, "subject"))


def blob(case: Case) -> bytes:
    """Return the sealed bytes of a case."""
    return base64.b64decode(case["sealed"])


def raw(case: Case, field: str) -> bytes:
    """Return a field that is written in hexadecimal."""
    return bytes.fromhex(case[field])
