"""A share link as a browser makes and opens it, with the same formats."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from appliance.crypto import keywrap
from appliance.crypto.envelope import DocumentType, open_document
from appliance.crypto.keywrap import WrapKind, WrapLabel
from appliance.crypto.links import access_token, link_key
from appliance.records.columns import new_id
from appliance.records.shares import digest_of
from appliance.worker.sharing import DAY_S, FileKey, FileKeys, LinkOffer, Shared, SharedDocument
from tests.people import QUICK, stretched


@dataclass(frozen=True)
class Link:
    """A link, as whoever has the whole of it knows it."""

    id: str = field(default_factory=new_id)
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    pin: str = ""

    @classmethod
    def parse(cls, address: str, pin: str = "") -> Link:
        """Read what a person was sent."""
        path, _, fragment = address.partition("#")
        return cls(path.rpartition("/")[2], base64.urlsafe_b64decode(fragment + "="), pin)

    @property
    def path(self) -> str:
        return f"/s/{self.id}#{self.fragment}"

    @property
    def fragment(self) -> str:
        return base64.urlsafe_b64encode(self.secret).decode().rstrip("=")

    @property
    def token(self) -> bytes:
        return access_token(self.secret)

    @property
    def key(self) -> bytes:
        return link_key(self.secret, stretched(self.pin, QUICK) if self.pin else b"")

    @property
    def spellings(self) -> list[bytes]:
        """Every way in which the secret, the token or the key could be written down somewhere."""
        found: list[bytes] = []
        for part in (self.secret, self.token, self.key):
            plain, url = base64.b64encode(part).rstrip(b"="), base64.urlsafe_b64encode(part).rstrip(b"=")
            found += [part, part.hex().encode(), plain, url, url.decode().encode("utf-16-le")]
        return found

    def offer(self, keys: FileKeys, lifetime_s: int = DAY_S) -> LinkOffer:
        return LinkOffer(
            id=self.id,
            token_digest=digest_of(self.token),
            kdf=QUICK.encode() if self.pin else None,
            lifetime_s=lifetime_s,
            title=self.wrap(keys.title),
            transcript=self.wrap(keys.transcript),
        )

    def content(self, keys: FileKeys, lifetime_s: int = DAY_S) -> dict[str, Any]:
        """Return the offer as the page sends it."""
        offer = self.offer(keys, lifetime_s)
        return {
            "id": offer.id,
            "token_digest": text(offer.token_digest),
            "kdf": text(offer.kdf) if offer.kdf else None,
            "expires_in_s": lifetime_s,
            "wraps": {"title": text(offer.title), "transcript": text(offer.transcript)},
        }

    def wrap(self, key: FileKey) -> bytes:
        return keywrap.wrap(self.key, key.key, self._label(key.document_id))

    def opened(self, shared: Shared) -> tuple[str, dict[str, Any]]:
        """Return the title and the transcript."""
        title = self._open(shared.title, DocumentType.TITLE)
        return title.decode(), json.loads(self._open(shared.transcript, DocumentType.TRANSCRIPT))

    def _open(self, document: SharedDocument, kind: DocumentType) -> bytes:
        file_key = keywrap.unwrap(self.key, document.wrapped, self._label(document.document_id))
        return open_document(file_key, document.sealed, kind, document.document_id, document.version)

    def _label(self, document_id: bytes) -> WrapLabel:
        return WrapLabel(WrapKind.FILE_KEY_UNDER_LINK, 1, keywrap.key_id(self.key), document_id)


def text(content: bytes) -> str:
    return base64.b64encode(content).decode()
