"""Vectors of keys under keys: FORMAT.md sections 4 (KW1), 6 (KDF record) and 8 (SL1)."""
# ruff: noqa: SLF001 -- the wrapping function that takes a salt is private, so that nothing but vectors gives one.

from __future__ import annotations

from vectors_parts import Case, drawn, flipped, refusal, refused, sealed_of, text

from appliance.crypto import hpke, identity, kdf, keywrap
from appliance.crypto.hpke import SealedKeyLabel, SealedKeyPurpose
from appliance.crypto.kdf import KdfAlgorithm, KdfRecord
from appliance.crypto.keywrap import WrapKind, WrapLabel
from tests import rfc9180

# Points of low order on Curve25519 and its twist, as little-endian numbers: with any of them every secret is zero.
LOW_ORDER = (
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
)


def keywrap_vectors() -> Case:
    """Return wraps of every kind and what must not open."""
    root, kek, file_key = drawn("root", 32), drawn("kek", 32), drawn("file key", 32)
    opens = [
        keywrap_case("key-encrypting key", root, kek, WrapKind.KEK_UNDER_ROOT, 1, keywrap.key_id(kek)),
        keywrap_case("file key", kek, file_key, WrapKind.FILE_KEY_UNDER_KEK, 513, drawn("document", 16)),
    ]
    case = opens[1]
    blob = sealed_of(case)
    places = {0: "unknown_format", 4: "wrong_context", 5: "unknown_format", 7: "wrong_context", 8: "wrong_key",
              24: "wrong_context", 40: "wrong_key", 64: "wrong_key", 96: "tampered", 143: "tampered"}  # fmt: skip
    refuses = [
        refusal(case, f"a bit of byte {at}", flipped(blob, at, 1), f"crypto.{code}") for at, code in places.items()
    ]
    refuses += [
        refusal(case, "unknown kind", flipped(blob, 4, 0x40), "crypto.unknown_format"),
        refusal(case, "nothing at all", b"", "crypto.truncated"),
        refusal(case, "a byte less", blob[:-1], "crypto.truncated"),
        refusal(case, "a byte more", blob + b"\0", "crypto.unknown_format"),
        refusal(case | {"wrapping_key": root.hex()}, "another key", blob, "crypto.wrong_key"),
        refusal(
            case | {"subject": drawn("another document", 16).hex()}, "another document", blob, "crypto.wrong_context"
        ),
        refusal(case | {"epoch": 514}, "another epoch", blob, "crypto.wrong_context"),
    ]
    persons = person_cases()
    return {
        "key_ids": [{"key": root.hex(), "id": keywrap.key_id(root).hex()}],
        "opens": opens + list(persons.values()),
        "refuses": refuses + person_refusals(persons),
    }


def person_cases() -> dict[WrapKind, Case]:
    """Return one wrap of each kind that belongs to persons, workspaces and links."""
    user_key, file_key, document = drawn("user key", 32), drawn("file key", 32), drawn("document", 16)
    account, workspace = drawn("account", 16), drawn("workspace", 16)
    before, after = drawn("workspace key 1", 32), drawn("workspace key 2", 32)
    under = {
        WrapKind.USER_KEY_UNDER_PASSPHRASE: (drawn("passphrase key", 32), user_key, 1, account),
        WrapKind.USER_KEY_UNDER_RECOVERY: (drawn("recovery key", 32), user_key, 1, account),
        WrapKind.FILE_KEY_UNDER_USER_KEY: (user_key, file_key, 1, document),
        WrapKind.FILE_KEY_UNDER_WORKSPACE_KEY: (after, file_key, 2, document),
        WrapKind.FILE_KEY_UNDER_LINK: (drawn("link key", 32), file_key, 1, document),
        WrapKind.IDENTITY_UNDER_USER_KEY: (user_key, drawn("x", 32) + drawn("ed", 32), 1, account),
        WrapKind.USER_KEY_UNDER_HALF: (drawn("half", 32), user_key, 1, account),
        WrapKind.WORKSPACE_KEY_UNDER_NEXT: (after, before, 2, workspace),
    }
    return {
        kind: keywrap_case(
            kind.name.lower().replace("_", " "),
            wrapping_key,
            key,
            kind,
            epoch,
            subject,
            record().encode() if kind is WrapKind.USER_KEY_UNDER_PASSPHRASE else None,
        )
        for kind, (wrapping_key, key, epoch, subject) in under.items()
    }


def person_refusals(cases: dict[WrapKind, Case]) -> list[Case]:
    """Return attacks on those wraps: swapped place, swapped kind, lowered work, lost end."""
    slot, identity_case = cases[WrapKind.USER_KEY_UNDER_PASSPHRASE], cases[WrapKind.IDENTITY_UNDER_USER_KEY]
    other = drawn("another account", 16).hex()
    lowered = record(passes=1).encode().hex()
    refuses = [
        refusal(case | {"subject": other}, f"{case['name']}: swapped subject", sealed_of(case), "crypto.wrong_context")
        for case in cases.values()
    ]
    pairs = [(WrapKind.FILE_KEY_UNDER_LINK, WrapKind.FILE_KEY_UNDER_USER_KEY),
             (WrapKind.USER_KEY_UNDER_HALF, WrapKind.USER_KEY_UNDER_RECOVERY)]  # fmt: skip
    for kind, instead in pairs:
        case = cases[kind] | {"kind": int(instead)}
        blob = sealed_of(case)
        rewritten = blob[:4] + bytes([instead]) + blob[5:]
        refuses += [
            refusal(case, f"{case['name']}: swapped kind", blob, "crypto.wrong_context"),
            refusal(case, f"{case['name']}: swapped kind, header rewritten", rewritten, "crypto.wrong_key"),
        ]
    wide, next_wrap = sealed_of(identity_case), cases[WrapKind.WORKSPACE_KEY_UNDER_NEXT]
    reserved = sealed_of(slot)[:4] + b"\3" + sealed_of(slot)[5:]
    return [
        *refuses,
        refusal(slot | {"record": lowered}, "lowered work in the record", sealed_of(slot), "crypto.wrong_key"),
        refusal(slot, "the reserved kind 3", reserved, "crypto.unknown_format"),
        refusal(identity_case, "an identity cut to the size of a key", wide[:144], "crypto.truncated"),
        refusal(identity_case, "an identity, a byte less", wide[:-1], "crypto.truncated"),
        refusal(identity_case, "an identity, a byte more", wide + b"\0", "crypto.unknown_format"),
        refusal(slot, "a slot of the size of an identity", sealed_of(slot) + bytes(32), "crypto.unknown_format"),
        refusal(next_wrap | {"epoch": 3}, "a workspace key of another epoch", sealed_of(next_wrap),
                "crypto.wrong_context"),
    ]  # fmt: skip


def keywrap_case(  # noqa: PLR0913, PLR0917 -- a wrap has so many parts.
    name: str,
    wrapping_key: bytes,
    key: bytes,
    kind: WrapKind,
    epoch: int,
    subject: bytes,
    record: bytes | None = None,
) -> Case:
    """Return one wrapped key; the record is there in kind 1 only."""
    salt = drawn(f"salt {name}", 24)
    label = WrapLabel(kind, epoch, keywrap.key_id(wrapping_key), subject)
    bound = {} if record is None else {"record": record.hex()}
    return {
        "name": name, "wrapping_key": wrapping_key.hex(), "key": key.hex(), "kind": int(kind), "epoch": epoch,
        "wrapping_key_id": label.wrapping_key_id.hex(), "subject": subject.hex(), "salt": salt.hex(),
        "sealed": text(keywrap._wrap_with_salt(wrapping_key, key, label, record, salt)),
    } | bound  # fmt: skip


def record(**changed: int) -> KdfRecord:
    """Return the default record with a fixed salt, and what is to differ."""
    fields = {"lanes": 4, "cost": 65_536, "passes": 3} | changed
    return KdfRecord(KdfAlgorithm.ARGON2ID, fields["lanes"], fields["cost"], fields["passes"], drawn("kdf salt", 16))


def kdf_vectors() -> Case:
    """Return records, stretched passphrases and derived keys."""
    salt = drawn("kdf salt", 16)
    floor = record(lanes=1, cost=47_104, passes=1)
    ceiling = record(lanes=64, cost=4_194_304, passes=64)
    pbkdf2 = KdfRecord(KdfAlgorithm.PBKDF2, 0, 1_000_000, 0, salt)
    least = KdfRecord(KdfAlgorithm.PBKDF2, 0, 600_000, 0, salt)
    most = KdfRecord(KdfAlgorithm.PBKDF2, 0, 100_000_000, 0, salt)
    named = {"default": record(), "floor": floor, "ceiling": ceiling, "default without WebAssembly": pbkdf2,
             "floor without WebAssembly": least, "ceiling without WebAssembly": most}  # fmt: skip
    return {
        "records": [record_case(name, made) for name, made in named.items()],
        "refuses": record_refusals(),
        "stretches": [
            stretch_case("default", "correct horse battery staple", record()),
            stretch_case("floor", "correct horse battery staple", floor),
            stretch_case("Bengali", "\u09b8\u09cb\u09a8\u09be\u09b0 \u09ac\u09be\u0982\u09b2\u09be", floor),
            stretch_case("composed", "caf\u00e9 file \u2126 \u4f60\u597d", floor),
            stretch_case("decomposed, ligature, wide space", "cafe\u0301 \ufb01le\u3000\u2126 \u4f60\u597d", floor),
            stretch_case("empty", "", floor),
            stretch_case("floor without WebAssembly", "correct horse battery staple", least),
            stretch_case("default without WebAssembly", "correct horse battery staple", pbkdf2),
        ],
        "hkdf": [
            {"name": "RFC 5869 test case 3", "ikm": "0b" * 22, "info": "", "length": 42,
             "key": kdf.hkdf256(b"\x0b" * 22, b"", 42).hex()},
            *(derived_case(info) for info in DERIVATIONS),
        ],
    }  # fmt: skip


DERIVATIONS = (
    "cloister/v1/kek", "cloister/v1/login-ed25519", "cloister/v1/recovery-kek", "cloister/v1/recovery-ed25519",
    "cloister/v1/index", "cloister/v1/workspace-x25519", "cloister/v1/share-auth", "cloister/v1/share-key",
)  # fmt: skip


def derived_case(info: str) -> Case:
    """Return one derived key; the info is text."""
    ikm = drawn(f"ikm {info}", 32)
    return {"name": info, "ikm": ikm.hex(), "info": info, "length": 32, "key": kdf.hkdf256(ikm, info.encode()).hex()}


def record_case(name: str, made: KdfRecord) -> Case:
    """Return one record and what it says."""
    return {
        "name": name, "record": made.encode().hex(), "algorithm": int(made.algorithm), "lanes": made.lanes,
        "cost": made.cost, "passes": made.passes, "salt": made.salt.hex(),
    }  # fmt: skip


def stretch_case(name: str, passphrase: str, made: KdfRecord) -> Case:
    """Return one passphrase and its key."""
    key = kdf.stretch(passphrase, made)
    return {"name": name, "passphrase": passphrase, "record": made.encode().hex(), "key": key.hex()}


def record_refusals() -> list[Case]:
    """Return records that a reader must not use: what a hostile server would ask for, and what is not a record."""
    good, salt = record().encode(), drawn("kdf salt", 16)

    def packed(algorithm: int, lanes: int, cost: int, passes: int, version: int = 1) -> bytes:
        return kdf.RECORD.pack(b"CLK1", algorithm, version, lanes, cost, passes, salt)

    weak, unknown = "crypto.weak_kdf", "crypto.unknown_format"
    cases = [
        ("lowered memory", packed(1, 4, 47_103, 3), weak),
        ("almost no memory", packed(1, 1, 8, 1), weak),
        ("no pass", packed(1, 4, 65_536, 0), weak),
        ("no lane", packed(1, 0, 65_536, 3), weak),
        ("lowered iterations", packed(2, 0, 599_999, 0), weak),
        ("one iteration", packed(2, 0, 1, 0), weak),
        ("more memory than 4 GiB", packed(1, 4, 4_194_305, 3), unknown),
        ("65 passes", packed(1, 4, 65_536, 65), unknown),
        ("65 lanes", packed(1, 65, 65_536, 3), unknown),
        ("100,000,001 iterations", packed(2, 0, 100_000_001, 0), unknown),
        ("too much memory and no pass", packed(1, 4, 2**32 - 1, 0), unknown),
        ("PBKDF2 with lanes", packed(2, 1, 1_000_000, 0), unknown),
        ("PBKDF2 with passes", packed(2, 0, 1_000_000, 1), unknown),
        ("algorithm 0", packed(0, 4, 65_536, 3), unknown),
        ("algorithm 3", packed(3, 4, 65_536, 3), unknown),
        ("version 2", packed(1, 4, 65_536, 3, version=2), unknown),
        ("another magic", b"CLK2" + good[4:], unknown),
        ("nothing at all", b"", "crypto.truncated"),
        ("a byte less", good[:-1], "crypto.truncated"),
        ("three bytes of something else", b"RIF", unknown),
        ("a byte more", good + b"\0", unknown),
    ]
    return [{"name": name, "record": blob.hex(), "code": code} for name, blob, code in cases]


def sealed_key_vectors() -> Case:
    """Return sealed keys of every purpose, what must not open, and public keys to which nothing may be sealed."""
    opens = [sealed_key_case(purpose) for purpose in SealedKeyPurpose]
    case = opens[0]
    blob = sealed_of(case)
    places = {0: "unknown_format", 4: "unknown_format", 7: "unknown_format", 9: "unknown_format",
              10: "unknown_format", 11: "unknown_format", 12: "wrong_context", 28: "wrong_context",
              44: "wrong_key", 75: "wrong_key", 76: "wrong_key", 123: "wrong_key"}  # fmt: skip
    refuses = [
        refused(case, f"a bit of byte {at}", f"crypto.{code}", sealed=text(flipped(blob, at)))
        for at, code in places.items()
    ]
    moved = blob[:28] + drawn("another document", 16) + blob[44:]
    other = {"subject": drawn("another document", 16).hex()}
    refuses += [
        refused(case, "nothing at all", "crypto.truncated", sealed=""),
        refused(case, "a byte less", "crypto.truncated", sealed=text(blob[:-1])),
        refused(case, "a byte more", "crypto.unknown_format", sealed=text(blob + b"\0")),
        refused(case, "something else", "crypto.unknown_format", sealed=text(b"RIFF" + blob[4:])),
        refused(case, "purpose 0", "crypto.unknown_format", sealed=text(blob[:10] + b"\0" + blob[11:])),
        refused(case, "swapped purpose", "crypto.wrong_context", purpose=2),
        refused(
            case, "swapped purpose, header rewritten", "crypto.wrong_key", purpose=2,
            sealed=text(blob[:10] + b"\2" + blob[11:]),
        ),
        refused(case, "swapped subject", "crypto.wrong_context", **other),
        refused(case, "swapped subject, header rewritten", "crypto.wrong_key", sealed=text(moved), **other),
        refused(case, "swapped recipient", "crypto.wrong_context", recipient=drawn("another account", 16).hex()),
        refused(case, "another private key", "crypto.wrong_key", private=drawn("another x", 32).hex()),
        *(
            refused(case, f"encapsulated key of low order: {point[:16]}", "crypto.wrong_key",
                    sealed=text(blob[:44] + bytes.fromhex(point) + blob[76:]))
            for point in LOW_ORDER
        ),
    ]  # fmt: skip
    return {
        "opens": opens,
        "refuses": refuses,
        "seal_refuses": [
            {"name": f"public key of low order: {point[:16]}", "public": point, "code": "crypto.wrong_key"}
            for point in LOW_ORDER
        ],
    }


def sealed_key_case(purpose: SealedKeyPurpose) -> Case:
    """Return one sealed key; the ephemeral key is given, as no writer may do."""
    name = purpose.name.lower().replace("_", " ")
    private, ephemeral, key = drawn(f"x {name}", 32), drawn(f"ephemeral {name}", 32), drawn(f"sealed key {name}", 32)
    public = identity.x_public_of(private)
    label = SealedKeyLabel(purpose, drawn(f"recipient {name}", 16), drawn(f"subject {name}", 16))
    header = hpke._packed(label)
    sealed = header + rfc9180.seal(public, ephemeral, b"cloister-seal-v1\0" + header, key)
    return {
        "name": name, "purpose": int(purpose), "recipient": label.recipient.hex(), "subject": label.subject.hex(),
        "private": private.hex(), "public": public.hex(), "ephemeral": ephemeral.hex(), "key": key.hex(),
        "sealed": text(sealed),
    }  # fmt: skip
