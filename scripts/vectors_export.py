"""Vectors of sealed exports: FORMAT.md section 11. Files as text; the recovery code as printed."""

from __future__ import annotations

import msgspec
from vectors_parts import Case, flipped

from appliance.crypto import recovery
from appliance.crypto.envelope import DocumentType
from appliance.crypto.sealed_export import SealedExport
from tests.sealed_exports import CODE, PLAIN, document, drawn, export


def export_vectors() -> Case:
    """Return exports that open, and exports of which something does not."""
    whole = export(*PLAIN)
    return {
        "opens": [case("five documents", whole), case("no document", export())],
        "refuses": [*file_refusals(whole), *slot_refusals(whole), *document_refusals(whole)],
    }


def case(name: str, made: SealedExport) -> Case:
    """Return one export and what lies in it."""
    there = {one.id for one in made.documents}
    plain = [
        {"id": one.id.hex(), "type": int(one.kind), "text": one.text.decode()} for one in PLAIN if one.id.hex() in there
    ]
    return {
        "name": name, "code_text": recovery.write_code(CODE), "file": made.encode().decode(), "documents": plain,
    }  # fmt: skip


def refused(name: str, made: SealedExport | bytes, code: str, code_bytes: bytes = CODE) -> Case:
    """Return one export that does not open as a whole."""
    file = made if isinstance(made, bytes) else made.encode()
    return {"name": name, "code_text": recovery.write_code(code_bytes), "file": file.decode(), "code": code}


def file_refusals(whole: SealedExport) -> list[Case]:
    """Return files that are no exports."""
    text = whole.encode().decode()
    audio = msgspec.structs.replace(whole.documents[0], type=DocumentType.AUDIO)
    broken = {
        "nothing": "",
        "cut": text[: len(text) // 2],
        "another format": text.replace("cloister-sealed-export-1", "cloister-sealed-export-2"),
        "without a format": text.replace('"format":"cloister-sealed-export-1",', ""),
        "an unknown field": text.replace("{", '{"admin":true,', 1),
        "an account of 15 bytes": text.replace(whole.account, whole.account[2:]),
        "a document twice": export(PLAIN[0], PLAIN[0]).encode().decode(),
        "audio": msgspec.structs.replace(whole, documents=(audio,)).encode().decode(),
    }
    return [refused(name, file.encode(), "crypto.unknown_format") for name, file in broken.items()]


def slot_refusals(whole: SealedExport) -> list[Case]:
    """Return exports whose slot does not open."""
    moved = msgspec.structs.replace(whole, account=drawn("another account", 16).hex())
    changed = msgspec.structs.replace(whole, slot=flipped(whole.slot, 100))
    short = msgspec.structs.replace(whole, slot=whole.slot[:-1])
    return [
        refused("the recovery code of somebody else", whole, "crypto.wrong_key", drawn("another code")),
        refused("the slot in another account", moved, "crypto.wrong_context"),
        refused("a bit of the slot", changed, "crypto.tampered"),
        refused("a slot without its end", short, "crypto.truncated"),
        refused("a document's wrap in the place of the slot",
                msgspec.structs.replace(whole, slot=whole.documents[0].wrap), "crypto.wrong_context"),
    ]  # fmt: skip


def document_refusals(whole: SealedExport) -> list[Case]:
    """Return exports of which one document does not open."""
    one, other = document(PLAIN[1]), document(PLAIN[3])
    replace = msgspec.structs.replace
    broken = {
        "documents swapped": (replace(one, sealed=other.sealed), "crypto.wrong_context"),
        "wraps swapped": (replace(one, wrap=other.wrap), "crypto.wrong_context"),
        "document and wrap swapped together": (
            replace(one, wrap=other.wrap, sealed=other.sealed), "crypto.wrong_context"),
        "an older version said to be a newer one": (replace(one, version=2), "crypto.wrong_context"),
        "a transcript said to be a title": (replace(one, type=DocumentType.TITLE), "crypto.wrong_context"),
        "a truncated document": (replace(one, sealed=one.sealed[:-1]), "crypto.truncated"),
        "a bit of a document": (replace(one, sealed=flipped(one.sealed, 200)), "crypto.tampered"),
        "another header on the document": (
            replace(one, id=other.id, wrap=other.wrap, sealed=other.sealed[:32] + one.sealed[32:], version=7),
            "crypto.wrong_key"),
    }  # fmt: skip
    rest = whole.documents[2:3]
    return [refused(name, replace(whole, documents=(made, *rest)), code) for name, (made, code) in broken.items()]
