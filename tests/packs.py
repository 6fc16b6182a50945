"""A search pack as a person's browser makes one, with their own keys."""

from __future__ import annotations

import json

from appliance.crypto.envelope import DocumentType, new_document_id, new_file_key, seal_document
from appliance.worker.packs import begin_pack
from appliance.worker.workshop import Workshop
from tests.people import Person
from tests.worker.private import wrapped

NO_ENTRY = json.dumps({"schema": 1, "entries": []}).encode()


def sealed_pack(person: Person, text: bytes = NO_ENTRY, version: int = 1) -> tuple[bytes, bytes, bytes]:
    """Return id, sealed bytes and wrapped key of a pack."""
    document_id, file_key = new_document_id(), new_file_key()
    sealed = seal_document(file_key, DocumentType.SEARCH_PACK, document_id, version, text)
    return document_id, sealed, wrapped(person, document_id, file_key)


def put_pack(workshop: Workshop, person: Person, entries: list[dict[str, object]]) -> bytes:
    """Store a pack of a person; returns its id."""
    text = json.dumps({"schema": 1, "entries": entries}).encode()
    document_id, sealed, wrap = sealed_pack(person, text)
    begin_pack(workshop, person.account_id, document_id, sealed, wrap)
    return document_id


def an_entry(recording: str, document_id: bytes, version: int = 1, text: str = "A forged gate.") -> dict[str, object]:
    """Return what a pack says of a transcript with one passage."""
    return {
        "recording": recording,
        "document": document_id.hex(),
        "version": version,
        "created_ms": 1_790_000_000_000,
        "title": "Talk",
        "language": "en",
        "speakers": [],
        "starts": [0.5],
        "voices": [-1],
        "texts": [text],
    }
