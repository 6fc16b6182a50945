"""Vectors of a person's keys, of signatures, of links, and of the recovery code: FORMAT.md sections 7 and 10."""

from __future__ import annotations

from vectors_parts import Case, drawn, flipped, refused

from appliance.crypto import identity, links, recovery
from appliance.crypto.identity import Identity

ORIGIN = "https://cloister.example:8443"


def identity_vectors() -> Case:
    """Return derived keys, identities with their words, links, signatures, and signatures that must not hold."""
    signatures = signature_cases()
    user_key = drawn("user key", 32)
    return {
        "persons": [person_case(f"person {number}") for number in (1, 2)],
        "recoveries": [recovery_case("recovery 1")],
        "organisations": [organisation_case("organisation 1")],
        "indexes": [{"name": "index", "user_key": user_key.hex(), "index_key": identity.index_key(user_key).hex()}],
        "identities": [
            identity_case("RFC 9180 appendix A.1.1 (pkRm) and RFC 8032 section 7.1 (test 1)", Identity(
                bytes.fromhex("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8"),
                bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"),
            )),
            identity_case("drawn", Identity(drawn("x", 32), drawn("ed", 32))),
        ],
        "fingerprints": [
            {"name": name, "fingerprint": value.hex(), "words": list(identity.fingerprint_words(value))}
            for name, value in (("zeros", bytes(32)), ("ones", b"\xff" * 32), ("counting", bytes(range(32))))
        ],
        "links": [link_case("without a PIN", b""), link_case("with a PIN", drawn("stretched pin", 32))],
        "signatures": signatures,
        "refuses": signature_refusals(signatures[0]),
    }  # fmt: skip


def person_case(name: str) -> Case:
    """Return what a stretched passphrase gives."""
    master_key = drawn(f"master key {name}", 32)
    wrap_key, login_seed = identity.person_keys(master_key)
    return {
        "name": name, "master_key": master_key.hex(), "wrap_key": wrap_key.hex(), "login_seed": login_seed.hex(),
        "login_public": identity.public_of_seed(login_seed).hex(),
    }  # fmt: skip


def recovery_case(name: str) -> Case:
    """Return what a recovery code gives."""
    code = drawn(f"code {name}", 32)
    wrap_key, seed = identity.recovery_keys(code)
    return {
        "name": name, "bytes": code.hex(), "wrap_key": wrap_key.hex(), "seed": seed.hex(),
        "public": identity.public_of_seed(seed).hex(),
    }  # fmt: skip


def organisation_case(name: str) -> Case:
    """Return what an organisation's code gives."""
    code = drawn(f"code {name}", 32)
    keys = identity.organisation_identity(code)
    return {
        "name": name, "bytes": code.hex(), "encoded": keys.encode().hex(), "x_public": keys.x_public.hex(),
        "ed_public": keys.ed_public.hex(), "id": identity.organisation_id(keys.x_public).hex(),
    }  # fmt: skip


def identity_case(name: str, person: Identity) -> Case:
    """Return one identity and what others see of it."""
    fingerprint = identity.fingerprint(person.ed_public, person.x_public)
    return {
        "name": name, "encoded": person.encode().hex(), "x_public": person.x_public.hex(),
        "ed_public": person.ed_public.hex(), "fingerprint": fingerprint.hex(),
        "words": list(identity.fingerprint_words(fingerprint)),
    }  # fmt: skip


def link_case(name: str, stretched_pin: bytes) -> Case:
    """Return what the fragment of a link gives."""
    secret = drawn("link secret", 32)
    return {
        "name": name, "secret": secret.hex(), "stretched_pin": stretched_pin.hex(),
        "access_token": links.access_token(secret).hex(), "link_key": links.link_key(secret, stretched_pin).hex(),
    }  # fmt: skip


def signature_cases() -> list[Case]:
    """Return one signature of each message; ``changed`` is the public key that a change puts in place."""
    nonce, changed = drawn("nonce", 32), drawn("changed public", 32)
    messages = {
        "login": (identity.login_message(ORIGIN, nonce), None),
        "recover": (identity.recovery_message(ORIGIN, nonce), None),
        "passphrase": (identity.passphrase_message(ORIGIN, nonce, changed), changed),
        "recovery": (identity.recovery_change_message(ORIGIN, nonce, changed), changed),
        "deletion": (identity.deletion_message(ORIGIN, nonce, with_account=False), None),
        "deletion with account": (identity.deletion_message(ORIGIN, nonce, with_account=True), None),
        "consent": (identity.consent_message(ORIGIN, nonce, changed), changed),
        "consent taken back": (identity.consent_message(ORIGIN, nonce, None), None),
        "let back in": (identity.let_back_in_message(ORIGIN, nonce, nonce[:16], changed), changed),
    }
    seed = drawn("login seed", 32)
    return [
        {
            "name": name, "origin": ORIGIN, "nonce": nonce.hex(), "changed": "" if public is None else public.hex(),
            "message": message.hex(), "seed": seed.hex(), "public": identity.public_of_seed(seed).hex(),
            "signature": identity.sign(seed, message).hex(),
        }
        for name, (message, public) in messages.items()
    ]  # fmt: skip


def signature_refusals(case: Case) -> list[Case]:
    """Return signatures that do not hold: another purpose, origin, nonce or key, and changed bytes."""
    nonce, signature = drawn("nonce", 32), bytes.fromhex(str(case["signature"]))
    kept = {field: case[field] for field in ("message", "public", "signature")}
    order = 2**252 + 27742317777372353535851937790883648493
    shifted = (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    other = identity.public_of_seed(drawn("another seed", 32)).hex()
    wrong = "crypto.wrong_key"
    return [
        refused(kept, "passed on by another site", wrong,
                message=identity.login_message("https://evil.example", nonce).hex()),
        refused(kept, "used to recover", wrong, message=identity.recovery_message(ORIGIN, nonce).hex()),
        refused(kept, "another nonce", wrong,
                message=identity.login_message(ORIGIN, drawn("another nonce", 32)).hex()),
        refused(kept, "another key", wrong, public=other),
        refused(kept, "a bit of R", wrong, signature=flipped(signature, 0, 1).hex()),
        refused(kept, "a bit of S", wrong, signature=flipped(signature, 32, 1).hex()),
        refused(kept, "S plus the order of the group", wrong, signature=(signature[:32] + shifted).hex()),
        refused(kept, "no signature", wrong, signature=""),
        refused(kept, "a byte less", wrong, signature=signature[:-1].hex()),
        refused(kept, "a key of 31 bytes", wrong, public=str(kept["public"])[:-2]),
    ]  # fmt: skip


def recovery_vectors() -> Case:
    """Return codes as printed, as people type them, and what is not a code."""
    code = drawn("recovery code", 32)
    printed = recovery.write_code(code)
    compact = printed.replace("-", "")
    misread = printed.replace("1", "l", 1).replace("1", "I").replace("0", "o")
    wrong_place = compact[1] + compact[0] + compact[2:]
    changed = ("0" if compact[20] != "0" else "1").join((compact[:20], compact[21:]))
    longer = compact + "0"
    return {
        "writes": [
            {"name": name, "bytes": value.hex(), "text": recovery.write_code(value)}
            for name, value in (("drawn", code), ("zeros", bytes(32)), ("ones", b"\xff" * 32))
        ],
        "reads": [
            {"name": name, "text": typed, "bytes": code.hex()}
            for name, typed in (
                ("as printed", printed),
                ("lower case", printed.lower()),
                ("without hyphens", compact),
                ("with spaces, tabs and line ends", f"  {printed.replace('-', ' ', 5).replace('-', chr(9), 2)}\r\n"),
                ("l and I for 1, o for 0", misread),
            )
        ],
        "refuses": [
            {"name": name, "text": typed, "code": "crypto.recovery_code"}
            for name, typed in (
                ("nothing", ""),
                ("a character less", compact[:-1]),
                ("a character more", longer),
                ("a group less", printed[:-5]),
                ("one character changed", changed),
                ("two characters changed places", wrong_place),
                ("U, which no code has", "U" + compact[1:]),
                ("a letter that only looks like one of ours", "\u0410" + compact[1:]),
                ("a full width digit", "\uff11" + compact[1:]),
                ("another dash", printed.replace("-", "\u2013")),
                ("all zeros", "0" * 56),
            )
        ],
    }
