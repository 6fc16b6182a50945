"""A person whose browser seals: what it would send for a private recording, made with the same formats."""

from __future__ import annotations

from dataclasses import dataclass, field
from os import urandom

from appliance.crypto.hpke import SealedKeyLabel, SealedKeyPurpose, open_key
from appliance.crypto.identity import Identity

from appliance.crypto import keywrap
from appliance.crypto.envelope import DocumentType, new_document_id, new_file_key, seal_document
from appliance.crypto.keywrap import WrapKind, WrapLabel
from appliance.records.columns import new_id
from appliance.records.tables import Account
from appliance.worker.privacy import SealedTitle
from appliance.worker.workshop import Workshop


@dataclass(frozen=True)
class Person:
    """Somebody with a vault.

    Attributes:
        user_key: UK.
    """

    id: str = field(default_factory=new_id)
    user_key: bytes = field(default_factory=lambda: urandom(32))
    identity: Identity = field(default_factory=Identity.fresh)

    def enrol(self, workshop: Workshop) -> None:
        """Give the person an account with the public halves of their keys."""
        account = Account(
            id=self.id,
            name=f"Person {self.id[:8]}",
            name_key=f"person {self.id[:8]}",
            role="member",
            ed_public=self.identity.ed_public,
            x_public=self.identity.x_public,
        )
        with workshop.database.write() as session:
            session.add(account)

    def sealed_title(self, title: str) -> SealedTitle:
        document_id, file_key = new_document_id(), new_file_key()
        sealed = seal_document(file_key, DocumentType.TITLE, document_id, 1, title.encode())
        return SealedTitle(document_id=document_id, sealed=sealed, wrapped=self.wrap(document_id, file_key))

    def wrap(self, document_id: bytes, file_key: bytes) -> bytes:
        return keywrap.wrap(self.user_key, file_key, self._label(document_id))

    def unwrap(self, document_id: bytes, wrapped: bytes) -> bytes:
        return keywrap.unwrap(self.user_key, wrapped, self._label(document_id))

    def open_result(self, document_id: bytes, sealed_key: bytes) -> bytes:
        label = SealedKeyLabel(SealedKeyPurpose.RESULT, recipient=bytes.fromhex(self.id), subject=document_id)
        return open_key(self.identity.x_private, sealed_key, label)

    def _label(self, document_id: bytes) -> WrapLabel:
        return WrapLabel(WrapKind.FILE_KEY_UNDER_USER_KEY, 1, keywrap.key_id(self.user_key), document_id)
