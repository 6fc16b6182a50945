"""The vectors in tests/vectors hold in Python and in node."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from appliance.crypto import chunked, envelope, keyring, keywrap
from appliance.crypto.envelope import DocumentType
from appliance.crypto.keywrap import WrapKind, WrapLabel
from appliance.errors import ApplianceError

TESTS = Path(__file__).resolve().parent.parent
NODE = shutil.which("node")
Case = dict[str, Any]
needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed, so its half of the vectors is not read")

OF_OTHERS = ("file_names.json", "search.json", "vocabulary.json")
"""Cases of other parts, which pytest and node share too."""


def vectors(file: str, group: str) -> list[Any]:
    """Return the cases of a file as parameters."""
    cases: list[Case] = json.loads((TESTS / "vectors" / f"{file}.json").read_text())[group]
    return [pytest.param(case, id=case.get("name", case.get("id"))) for case in cases]


@pytest.mark.parametrize("case", vectors("chunked", "opens"))
def test_a_chunked_message_opens_and_seals_to_the_same_bytes(case: Case) -> None:
    key, context, sealed = raw(case, "key"), raw(case, "context"), base64.b64decode(case["sealed"])
    plaintext = bytes(i % 251 for i in range(case["plaintext_bytes"]))
    assert chunked.open_sealed(key, context, sealed) == plaintext
    assert chunked._seal_with_salt(key, context, plaintext, raw(case, "salt")) == sealed


@pytest.mark.parametrize("case", vectors("chunked", "refuses"))
def test_a_chunked_message_is_refused_with_its_code(case: Case) -> None:
    with pytest.raises(ApplianceError) as refused:
        chunked.open_sealed(raw(case, "key"), raw(case, "context"), base64.b64decode(case["sealed"]))
    assert refused.value.code == case["code"]


@pytest.mark.parametrize("case", vectors("content", "opens"))
def test_a_document_opens_and_seals_to_the_same_bytes(case: Case) -> None:
    header = envelope._header(DocumentType(case["kind"]), raw(case, "subject"), int(case["version"]))
    body, sealed = base64.b64decode(case["body"]), base64.b64decode(case["sealed"])
    assert opened_document(case) == base64.b64decode(case["plaintext"])
    assert envelope._seal_body(raw(case, "file_key"), header, body, raw(case, "salt")) == sealed


@pytest.mark.parametrize("case", vectors("content", "refuses"))
def test_a_document_is_refused_with_its_code(case: Case) -> None:
    with pytest.raises(ApplianceError) as refused:
        opened_document(case)
    assert refused.value.code == case["code"]


@pytest.mark.parametrize("case", vectors("keywrap", "opens"))
def test_a_wrap_opens_and_wraps_to_the_same_bytes(case: Case) -> None:
    wrapping_key, key, sealed = raw(case, "wrapping_key"), raw(case, "key"), base64.b64decode(case["sealed"])
    assert keywrap.unwrap(wrapping_key, sealed, label(case), record(case)) == key
    assert keywrap._wrap_with_salt(wrapping_key, key, label(case), record(case), raw(case, "salt")) == sealed


@pytest.mark.parametrize("case", vectors("keywrap", "refuses"))
def test_a_wrap_is_refused_with_its_code(case: Case) -> None:
    with pytest.raises(ApplianceError) as refused:
        keywrap.unwrap(raw(case, "wrapping_key"), base64.b64decode(case["sealed"]), label(case), record(case))
    assert refused.value.code == case["code"]


@pytest.mark.parametrize("case", vectors("keywrap", "key_ids"))
def test_a_key_has_the_same_id(case: Case) -> None:
    assert keywrap.key_id(raw(case, "key")) == raw(case, "id")


@pytest.mark.parametrize("case", vectors("root_key", "opens"))
def test_a_root_key_file_is_taken(case: Case, tmp_path: Path) -> None:
    assert keyring.load_root_key(root_key_file(case, tmp_path), has_data=True) == raw(case, "root")


@pytest.mark.parametrize("case", vectors("root_key", "refuses"))
def test_a_root_key_file_is_refused_with_its_code(case: Case, tmp_path: Path) -> None:
    with pytest.raises(ApplianceError) as refused:
        keyring.load_root_key(root_key_file(case, tmp_path), has_data=True)
    assert refused.value.code == case["code"]


def test_the_vectors_are_what_the_script_writes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, TESTS.parent / "scripts" / "vectors", tmp_path], check=True, timeout=60)
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert written == {name: (TESTS / "vectors" / name).read_bytes() for name in written}
    # The RFC's own vectors are nobody's to write.
    assert set(written) == {path.name for path in (TESTS / "vectors").iterdir()} - {"rfc9180.json", *OF_OTHERS}


@needs_node
def test_the_vectors_hold_in_node() -> None:
    ran = subprocess.run(
        [str(NODE), "--test", TESTS / "js" / "formats.test.mjs"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stdout[-4000:]


def opened_document(case: Case) -> bytes:
    """Open a document where the case expects it."""
    place = (DocumentType(case["kind"]), raw(case, "subject"), int(case["version"]))
    return envelope.open_document(raw(case, "file_key"), base64.b64decode(case["sealed"]), *place)


def label(case: Case) -> WrapLabel:
    """Return the label that the case expects."""
    return WrapLabel(WrapKind(case["kind"]), case["epoch"], raw(case, "wrapping_key_id"), raw(case, "subject"))


def record(case: Case) -> bytes | None:
    """Return the KDF record that a wrap of kind 1 is bound to."""
    return raw(case, "record") if "record" in case else None


def root_key_file(case: Case, folder: Path) -> Path:
    """Write the root key file of a case."""
    path = folder / "root.key"
    path.write_bytes(case["file"].encode())
    path.chmod(0o600)
    return path


def raw(case: Case, field: str) -> bytes:
    """Return a field that is written in hexadecimal."""
    return bytes.fromhex(case[field])
