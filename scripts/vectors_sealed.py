"""Vectors of messages, documents and the root key file: FORMAT.md sections 2, 3 and 5."""
# ruff: noqa: SLF001 -- the sealing functions that take a salt are private, so that nothing but vectors gives one.

from __future__ import annotations

from vectors_parts import Case, drawn, flipped, pattern, refusal, sealed_of, text

from appliance.crypto import chunked, envelope, keyring
from appliance.crypto.envelope import DocumentType

TEXT = "Guten Morgen. \u09b6\u09c1\u09ad \u09b8\u0995\u09be\u09b2\u0964 Good morning, good morning, good morning.\n"
# What zlib makes of TEXT at level 6; written down, because another deflater may choose other bytes.
DEFLATED_TEXT = bytes.fromhex(
    "732f2d49cd53f0cd2f4a4fcdd35378b06cdb83e58d0f96ad05b2763c5836f5c1b27d0f966d7ab07489827b7e7e8a426e7e51"
    "5e665eba8e423a4e9e1e1700"
)


def chunked_vectors() -> Case:
    """Return messages of the sizes around chunk borders, and what must not open."""
    opens = [chunked_case(size, b"cloister vector") for size in (0, 1, 16383, 16384, 16385, 32768)]
    opens.append(chunked_case(20, b""))
    small, full, long = opens[1], opens[3], opens[5]
    blob, cut = sealed_of(small), sealed_of(full)
    two = sealed_of(long)
    first, second = two[56 : 56 + 16400], two[56 + 16400 : 56 + 32800]
    refuses = [
        refusal(small, "nothing at all", b"", "crypto.truncated"),
        refusal(small, "half of the salt and commitment", blob[:40], "crypto.truncated"),
        refusal(small, "no chunk", blob[:56], "crypto.truncated"),
        refusal(small, "a part of a tag", blob[:71], "crypto.truncated"),
        refusal(full, "the empty last chunk is gone", cut[:-16], "crypto.truncated"),
        refusal(full, "cut within the first chunk", cut[:200], "crypto.tampered"),
        refusal(small, "a byte more at the end", blob + b"\0", "crypto.tampered"),
        refusal(long, "two chunks changed places", two[:56] + second + first + two[-16:], "crypto.tampered"),
        refusal(long, "a chunk left out", two[:56] + second + two[-16:], "crypto.tampered"),
        refusal(small, "a bit of the salt", flipped(blob, 0), "crypto.wrong_key"),
        refusal(small, "a bit of the commitment", flipped(blob, 55), "crypto.wrong_key"),
        refusal(small, "a bit of the ciphertext", flipped(blob, 56), "crypto.tampered"),
        refusal(small, "a bit of the tag", flipped(blob, len(blob) - 1), "crypto.tampered"),
        refusal(small | {"key": drawn("another key", 32).hex()}, "another key", blob, "crypto.wrong_key"),
        refusal(small | {"context": b"cloister vectoR".hex()}, "another context", blob, "crypto.wrong_key"),
    ]
    return {"opens": opens, "refuses": refuses}


def chunked_case(size: int, context: bytes) -> Case:
    """Return one message of so many bytes."""
    name = f"{size} bytes, context of {len(context)}"
    key, salt = drawn(f"key {name}", 32), drawn(f"salt {name}", 24)
    sealed = chunked._seal_with_salt(key, context, pattern(size), salt)
    return {
        "name": name, "key": key.hex(), "context": context.hex(), "salt": salt.hex(), "plaintext_bytes": size,
        "sealed": text(sealed),
    }  # fmt: skip


def content_vectors() -> Case:
    """Return sealed documents and what must not open; ``body`` is what lies in the chunks."""
    plain = TEXT.encode()
    stored = b"\x01" + len(plain).to_bytes(2, "little") + (len(plain) ^ 0xFFFF).to_bytes(2, "little") + plain
    opens = [
        content_case("transcript, deflated", DocumentType.TRANSCRIPT, 1, plain, padded(DEFLATED_TEXT)),
        content_case("title, stored block", DocumentType.TITLE, 2**64 - 1, plain, padded(stored)),
        content_case("empty summary", DocumentType.SUMMARY, 0, b"", padded(b"\x03\x00")),
        content_case(
            "vocabulary of a workspace, third version", DocumentType.VOCABULARY, 3, plain, padded(DEFLATED_TEXT)
        ),
        content_case("no terms beside audio", DocumentType.TERMS, 1, b"", padded(b"\x03\x00")),
        content_case("audio chunk 7", DocumentType.AUDIO, 7, pattern(17000), pattern(17000)),
    ]
    document, vocabulary, audio = opens[0], opens[3], opens[5]
    blob = sealed_of(document)
    changed = {0: "magic", 4: "type", 5: "algorithm", 6: "flags, high", 7: "flags, low", 8: "subject", 31: "version"}
    codes = {4: "crypto.wrong_context", 8: "crypto.wrong_context", 31: "crypto.wrong_context"}
    refuses = [
        refusal(document, f"a bit of the {what}", flipped(blob, at, 4), codes.get(at, "crypto.unknown_format"))
        for at, what in changed.items()
    ]
    unknown = sealed_of(vocabulary)[:4] + b"\x0a" + sealed_of(vocabulary)[5:]
    moved = envelope._header(DocumentType.TRANSCRIPT, drawn("another document", 16), 1) + blob[32:]
    other = document | {"subject": drawn("another document", 16).hex()}
    refuses += [
        refusal(document, "nothing at all", b"", "crypto.truncated"),
        refusal(document, "the header only", blob[:32], "crypto.truncated"),
        refusal(document, "a length that no padding gives", blob[:-1], "crypto.truncated"),
        refusal(audio, "cut within the last chunk", sealed_of(audio)[:-1], "crypto.tampered"),
        refusal(document, "something else", b"RIFF" + blob[4:], "crypto.unknown_format"),
        refusal(document, "a bit of the salt", flipped(blob, 32), "crypto.wrong_key"),
        refusal(document, "a bit of the commitment", flipped(blob, 87), "crypto.wrong_key"),
        refusal(document, "a bit of the content", flipped(blob, 88), "crypto.tampered"),
        refusal(document | {"file_key": drawn("another key", 32).hex()}, "another key", blob, "crypto.wrong_key"),
        refusal(other, "another document expected", blob, "crypto.wrong_context"),
        refusal(document | {"version": "2"}, "another version expected", blob, "crypto.wrong_context"),
        refusal(document | {"kind": 2}, "another type expected", blob, "crypto.wrong_context"),
        refusal(other, "moved there, header rewritten", moved, "crypto.wrong_key"),
        refusal(vocabulary | {"kind": 7}, "a name expected", sealed_of(vocabulary), "crypto.wrong_context"),
        refusal(vocabulary | {"kind": 9}, "terms beside audio expected", sealed_of(vocabulary), "crypto.wrong_context"),
        refusal(
            vocabulary | {"version": "4"}, "a later version expected", sealed_of(vocabulary), "crypto.wrong_context"
        ),
        refusal(vocabulary, "a type that nobody knows", unknown, "crypto.unknown_format"),
        refusal(document, "inner: no padding mark", resealed(document, bytes(32)), "crypto.unknown_format"),
        refusal(
            document, "inner: padding too long", resealed(document, padded(stored) + bytes(64)), "crypto.unknown_format"
        ),
        refusal(document, "inner: not deflate", resealed(document, padded(b"\xff\xff")), "crypto.unknown_format"),
        refusal(
            document, "inner: deflate without its end", resealed(document, padded(stored[:-9])), "crypto.unknown_format"
        ),
    ]
    return {"opens": opens, "refuses": refuses}


def content_case(name: str, kind: DocumentType, version: int, plaintext: bytes, body: bytes) -> Case:
    """Return one sealed document; the version is text because JSON numbers end at 2^53 in a browser."""
    file_key, subject, salt = drawn(f"key {name}", 32), drawn(f"subject {name}", 16), drawn(f"salt {name}", 24)
    sealed = envelope._seal_body(file_key, envelope._header(kind, subject, version), body, salt)
    return {
        "name": name, "file_key": file_key.hex(), "kind": int(kind), "subject": subject.hex(), "version": str(version),
        "salt": salt.hex(), "plaintext": text(plaintext), "body": text(body), "sealed": text(sealed),
    }  # fmt: skip


def root_key_vectors() -> Case:
    """Return root key files that are taken and files that are refused."""
    root = drawn("root", 32)
    altered = root.hex()[:-1] + ("0" if root.hex()[-1] != "0" else "1")
    line = f"cloister-root-key-1:{root.hex()}:{keyring._checksum(root).decode()}"
    return {
        "opens": [{"name": name, "root": root.hex(), "file": line + end}
                  for name, end in (("as written", "\n"), ("without line end", ""), ("CRLF", "\r\n"))],
        "refuses": [
            {"name": "empty", "file": "", "code": "root_key.invalid"},
            {"name": "truncated", "file": line[:50], "code": "root_key.invalid"},
            {"name": "one digit less", "file": line[:-1] + "\n", "code": "root_key.invalid"},
            {"name": "one digit changed", "file": line.replace(root.hex(), altered), "code": "root_key.invalid"},
            {"name": "another version", "file": line.replace("key-1", "key-2"), "code": "root_key.invalid"},
            {"name": "two lines", "file": line + "\n" + line + "\n", "code": "root_key.invalid"},
        ],
    }  # fmt: skip


def resealed(case: Case, body: bytes) -> bytes:
    """Return another body under the same header: authentic, yet not of the format."""
    header = sealed_of(case)[: envelope.HEADER.size]
    return envelope._seal_body(bytes.fromhex(str(case["file_key"])), header, body, drawn("salt resealed", 24))


def padded(deflated: bytes) -> bytes:
    """Return deflated text with mark and padding."""
    marked = deflated + envelope.PADDING_MARK
    return marked.ljust(envelope.padded_size(len(marked)), b"\0")
