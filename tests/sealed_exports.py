"""A sealed export as a browser writes it, the same bytes on each run, and the means to damage it.

For tests and scripts/vectors: keys come from names and salts are chosen, as no writer may do.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from appliance.crypto import envelope, identity, keywrap
from appliance.crypto.envelope import DocumentType
from appliance.crypto.keywrap import WrapKind, WrapLabel
from appliance.crypto.sealed_export import ExportedDocument, SealedExport
from appliance.transcript import Segment, Speaker, Transcript, Word, to_json


def drawn(name: str, size: int = 32) -> bytes:
    """Return bytes that look random and are the same on each run."""
    return hashlib.sha256(f"cloister exports/{name}".encode()).digest()[:size]


ACCOUNT = drawn("account", 16)
CODE = drawn("recovery code")
USER_KEY = drawn("user key")


@dataclass(frozen=True, slots=True)
class Plain:
    """A document before it is sealed."""

    name: str
    kind: DocumentType
    version: int
    recording: str
    text: bytes

    @property
    def id(self) -> bytes:
        """The document's id."""
        return drawn(f"id {self.name}", 16)


def transcript(text: str) -> Transcript:
    """Return a transcript of one sentence."""
    words = tuple(
        Word(start=float(n), end=n + 0.5, text=word, score=0.9, timed_by="attention")
        for n, word in enumerate(text.split())
    )
    spoken = Segment(id=0, start=0.0, end=float(len(words)), speaker="S1", text=text, words=words)
    speaker = Speaker(id="S1", name="Dr. Rahman")
    return Transcript(language="en", duration_s=60.0, models={"asr": "base"}, speakers=(speaker,), segments=(spoken,))


def written(text: str) -> bytes:
    """Return such a transcript as it was written before transcripts named their set: vectors never change."""
    return to_json(transcript(text)).replace(b'"model_set":"","terms_given":0,"terms_used":0,', b"")


PLAIN = (
    Plain("title 1", DocumentType.TITLE, 2, "recording 1", b"Ward round, 3 March.m4a"),
    Plain("transcript 1", DocumentType.TRANSCRIPT, 1, "recording 1", written("Good morning everybody.")),
    Plain("title 2", DocumentType.TITLE, 1, "recording 2", "সকালের সভা".encode()),
    Plain("transcript 2", DocumentType.TRANSCRIPT, 7, "recording 2", written("শুভ সকাল।")),
    Plain("transcript 3", DocumentType.TRANSCRIPT, 1, "recording 3", written("Nobody named this.")),
)


def export(*plain: Plain) -> SealedExport:
    """Return an export of some documents."""
    wrap_key, _ = identity.recovery_keys(CODE)
    label = WrapLabel(WrapKind.USER_KEY_UNDER_RECOVERY, 1, keywrap.key_id(wrap_key), ACCOUNT)
    slot = keywrap._wrap_with_salt(wrap_key, USER_KEY, label, None, drawn("salt slot", 24))
    documents = tuple(document(one) for one in plain)
    return SealedExport(format="cloister-sealed-export-1", account=ACCOUNT.hex(), slot=slot, documents=documents)


def document(plain: Plain) -> ExportedDocument:
    """Return one sealed document with its wrap."""
    file_key = drawn(f"file key {plain.name}")
    label = WrapLabel(WrapKind.FILE_KEY_UNDER_USER_KEY, 1, keywrap.key_id(USER_KEY), plain.id)
    return ExportedDocument(
        id=plain.id.hex(),
        type=plain.kind,
        version=plain.version,
        recording=drawn(plain.recording, 16).hex(),
        wrap=keywrap._wrap_with_salt(USER_KEY, file_key, label, None, drawn(f"salt wrap {plain.name}", 24)),
        sealed=_sealed(plain, file_key),
    )


def _sealed(plain: Plain, file_key: bytes) -> bytes:
    """Seal a text in one stored block, so that no deflater chooses the bytes."""
    text = plain.text
    stored = b"\1" + len(text).to_bytes(2, "little") + (0xFFFF - len(text)).to_bytes(2, "little") + text
    marked = stored + envelope.PADDING_MARK
    body = marked.ljust(envelope.padded_size(len(marked)), b"\0")
    header = envelope._header(plain.kind, plain.id, plain.version)
    return envelope._seal_body(file_key, header, body, drawn(f"salt {plain.name}", 24))
