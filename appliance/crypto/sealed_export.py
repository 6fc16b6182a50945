"""The sealed export: documents that a person takes away and opens offline with the recovery code.

FORMAT.md section 11 is the specification.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from appliance.crypto import envelope, identity, keywrap
from appliance.crypto.envelope import DocumentType
from appliance.crypto.keywrap import WrapKind, WrapLabel
from appliance.errors import UnknownFormatError

Hex16 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{32}\Z")]
EXPORTED_TYPES = frozenset({DocumentType.TRANSCRIPT, DocumentType.TITLE})
MAX_VERSION = 2**53 - 1  # What a number of JavaScript holds exactly.


class ExportedDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One sealed document with the wrap that opens it.

    Attributes:
        id: Of the document, in hexadecimal.
        type: 1 transcript, 6 title.
        version: Of the document.
        recording: Id that a title and its transcript share, in hexadecimal; a hint that nothing authenticates.
        wrap: KW1 kind 4.
        sealed: CB1.
    """

    id: Hex16
    type: DocumentType
    version: Annotated[int, msgspec.Meta(ge=0, le=MAX_VERSION)]
    recording: Hex16
    wrap: bytes
    sealed: bytes

    def open(self, user_key: bytes) -> bytes:
        """Return the document's text.

        Raises:
            CryptoError: Wrap or document is damaged, belongs to another place, or has another key.
        """
        document_id = bytes.fromhex(self.id)
        label = WrapLabel(WrapKind.FILE_KEY_UNDER_USER_KEY, 1, keywrap.key_id(user_key), document_id)
        file_key = keywrap.unwrap(user_key, self.wrap, label)
        return envelope.open_document(file_key, self.sealed, self.type, document_id, self.version)


class SealedExport(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything that a person exported.

    Attributes:
        format: The name of this format.
        account: Id in hexadecimal.
        slot: KW1 kind 2.
        documents: No id twice.
    """

    format: Literal["cloister-sealed-export-1"]  # Without a default: a file that does not name it is none.
    account: Hex16
    slot: bytes
    documents: tuple[ExportedDocument, ...]

    @classmethod
    def decode(cls, encoded: bytes) -> SealedExport:
        """Read an export.

        Raises:
            UnknownFormatError: It is not an export of this format, names a document twice, or has one of another type.
        """
        try:
            read = msgspec.json.decode(encoded, type=cls)
        except (msgspec.DecodeError, ValueError) as exc:
            raise UnknownFormatError from exc
        if len({document.id for document in read.documents}) != len(read.documents):
            raise UnknownFormatError
        if not {document.type for document in read.documents} <= EXPORTED_TYPES:
            raise UnknownFormatError
        return read

    def encode(self) -> bytes:
        """Return the bytes of the file."""
        return msgspec.json.encode(self)

    def user_key(self, code: bytes) -> bytes:
        """Return the account's user key.

        Args:
            code: The 32 bytes of the recovery code.

        Raises:
            WrongKeyError: It is the code of another account, or one that was replaced.
            UnknownFormatError, TruncatedError, WrongContextError, TamperedError: The slot is damaged.
        """
        wrap_key, _ = identity.recovery_keys(code)
        account = bytes.fromhex(self.account)
        label = WrapLabel(WrapKind.USER_KEY_UNDER_RECOVERY, 1, keywrap.key_id(wrap_key), account)
        return keywrap.unwrap(wrap_key, self.slot, label)
