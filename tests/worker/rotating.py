"""An appliance without its processes, and documents whose keys can be told, for the tests of rotation."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from appliance.config import Settings
from appliance.crypto import keywrap
from appliance.crypto.keywrap import WrapKind
from appliance.records.keystore import APPLIANCE, Wrap
from appliance.worker.filekeys import file_key
from appliance.worker.workshop import Workshop

KIND = WrapKind.FILE_KEY_UNDER_KEK


def settings(folder: Path, **given: object) -> Settings:
    (folder / "keys").mkdir(parents=True, exist_ok=True)
    return Settings(data=folder / "data", keys=folder / "keys", **given)  # type: ignore[arg-type]


def key_of(document_id: bytes, change: int = 0) -> bytes:
    """Return the key that a document has in these tests, so that a wrong one shows."""
    return hashlib.sha256(document_id + bytes([change])).digest()


def add(workshop: Workshop, count: int) -> list[bytes]:
    documents = [os.urandom(16) for _ in range(count)]
    wraps = [Wrap(each, KIND, APPLIANCE, workshop.keyring.wrap_file_key(each, key_of(each))) for each in documents]
    workshop.keystore.put(*wraps)
    return documents


def epochs_in_use(workshop: Workshop) -> set[int]:
    return {keywrap.read_label(wrap.wrapped).epoch for wrap in workshop.keystore.page(KIND, None, 10**6)}


def opens(workshop: Workshop, documents: list[bytes]) -> bool:
    return all(file_key(workshop, each) == key_of(each) for each in documents)
