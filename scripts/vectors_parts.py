"""What the files of vectors have in common: bytes that look random and are the same on each run, and refusals."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

Case = dict[str, object]


def refusal(case: Case, name: str, sealed: bytes, code: str) -> Case:
    """Return a case that must not open: the expectations of a case, other bytes, the error's code."""
    expected = {
        field: case[field] for field in case if field not in {"name", "salt", "plaintext", "plaintext_bytes", "body"}
    }
    return expected | {"name": name, "sealed": text(sealed), "code": code}


def flipped(blob: bytes, at: int, bit: int = 0x80) -> bytes:
    """Return the bytes with one bit of one byte changed."""
    return blob[:at] + bytes([blob[at] ^ bit]) + blob[at + 1 :]


def drawn(name: str, size: int) -> bytes:
    """Return bytes that look random and are the same on each run."""
    return hashlib.sha256(f"cloister vectors/{name}".encode()).digest()[:size]


def pattern(size: int) -> bytes:
    """Return a plaintext that both languages can make."""
    return bytes(i % 251 for i in range(size))


def sealed_of(case: Case) -> bytes:
    """Return the sealed bytes of a case."""
    return base64.b64decode(str(case["sealed"]))


def text(blob: bytes) -> str:
    """Return base64."""
    return base64.b64encode(blob).decode()


def refused(case: Case, name: str, code: str, **changed: object) -> Case:
    """Return a case that must be refused: another name, some fields changed, the error's code."""
    return case | {"name": name} | changed | {"code": code}


def write(path: Path, about: str, vectors: Case) -> None:
    """Write one file."""
    path.write_text(json.dumps({"about": about} | vectors, indent=1, ensure_ascii=True) + "\n")
