"""The appliance's own keys: the root key in its file, and the key-encrypting keys that it wraps.

FORMAT.md sections 4 and 5 are the specification.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import stat
from typing import TYPE_CHECKING

from appliance.crypto import chunked, keywrap
from appliance.crypto.keywrap import WrapKind, WrapLabel
from appliance.errors import (
    EpochsSpentError,
    RootKeyError,
    RootKeyInvalidError,
    RootKeyMissingError,
    WrongContextError,
    WrongKeyError,
)
from appliance.owners import refuse_foreign, require_own

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

FIRST_EPOCH = 1
LAST_EPOCH = 2**16 - 1  # A wrap has two bytes for its epoch.
ROOT_FILE_MODE = 0o600
ROOT_FILE_FORM = re.compile(rb"cloister-root-key-1:([0-9a-f]{64}):([0-9a-f]{16})(?:\r?\n)?")
CHECKSUM_LABEL = b"cloister-root-key-1\0"
MAX_ROOT_FILE_BYTES = 4096  # The file is read before it is known to be ours, so cap it.


def load_root_key(path: Path, has_data: bool) -> bytes:  # noqa: FBT001 -- the one question that decides.
    """Return the root key from its file, which is made if neither it nor any data exists yet.

    An existing file is never written to. A new one appears under its name complete and on the disk, or not at all.

    Args:
        path: The key file.
        has_data: Whether there is data already, which a new key could not open.

    Returns:
        32 bytes.

    Raises:
        RootKeyMissingError: There is data but no file.
        RootKeyInvalidError: The file is truncated, altered or another file.
        RootKeyError: It cannot be read or written, is no regular file, or others than its owner may read or write it.
        WrongOwnerError: It, or its folder, belongs to another user.
    """
    try:
        return _read_root_key(path)
    except FileNotFoundError:
        if has_data:
            raise RootKeyMissingError(path=str(path)) from None
    except OSError as exc:
        refuse_foreign(path)
        raise RootKeyError(path=str(path), reason=exc.strerror or "it cannot be read") from exc
    try:
        _make_root_key(path)
        return _read_root_key(path)
    except OSError as exc:
        require_own(path.parent)
        raise RootKeyError(path=str(path), reason=f"it cannot be made: {exc.strerror}") from exc


class Keyring:
    """The key-encrypting keys of all epochs, opened; wraps under the newest, unwraps under each. It never changes."""

    __slots__ = ("_ids", "_keks")

    def __init__(self, keks: dict[int, bytes]) -> None:
        if not keks:
            raise ValueError("a keyring has at least one epoch")
        self._keks = keks
        self._ids = {epoch: keywrap.key_id(kek) for epoch, kek in keks.items()}

    @classmethod
    def first(cls, root: bytes) -> tuple[Keyring, dict[int, bytes]]:
        """Make the key of the first epoch.

        Returns:
            The keyring, and epoch to wrapped key (144 bytes) to be stored before anything is sealed under it.
        """
        kek, wrapped = _fresh_kek(root, FIRST_EPOCH)
        return cls({FIRST_EPOCH: kek}), {FIRST_EPOCH: wrapped}

    @classmethod
    def next(cls, root: bytes, wrapped_keks: dict[int, bytes]) -> tuple[Keyring, dict[int, bytes]]:
        """Open the stored keys of all epochs and make the key of the next one.

        The stored keys are opened first on purpose: a new key under a root key that does not open the others would make
        every document that is wrapped under it unreadable at the next start.

        Args:
            root: The root key, 32 bytes.
            wrapped_keks: As for ``open``.

        Returns:
            The keyring with the new epoch, and that epoch to its wrapped key (144 bytes), to be stored before the
            keyring is used.

        Raises:
            EpochsSpentError: The newest epoch is the last that has a number.
            WrongKeyError: And its kin, as from ``open``.
        """
        keyring = cls.open(root, wrapped_keks)
        epoch = keyring.epoch + 1
        if epoch > LAST_EPOCH:
            raise EpochsSpentError(last=LAST_EPOCH)
        kek, wrapped = _fresh_kek(root, epoch)
        return cls({**keyring._keks, epoch: kek}), {epoch: wrapped}  # noqa: SLF001 -- of the same class.

    @classmethod
    def open(cls, root: bytes, wrapped_keks: dict[int, bytes]) -> Keyring:
        """Open the stored keys of all epochs.

        Args:
            root: The root key, 32 bytes.
            wrapped_keks: Epoch to wrapped key, 144 bytes; at least one.

        Raises:
            WrongKeyError: The root key belongs to other data.
            WrongContextError: A key stands under another epoch than its own.
            UnknownFormatError, TruncatedError, TamperedError: A stored wrap is damaged.
        """
        return cls({epoch: _open_kek(root, epoch, wrapped) for epoch, wrapped in wrapped_keks.items()})

    @property
    def epoch(self) -> int:
        """The newest epoch, under which new keys are wrapped."""
        return max(self._keks)

    def without(self, epochs: Collection[int]) -> Keyring:
        """Return a keyring that has forgotten some epochs; the newest of all must not be among them."""
        if self.epoch in epochs:
            raise ValueError("the newest epoch is in use")
        return Keyring({epoch: kek for epoch, kek in self._keks.items() if epoch not in epochs})

    def wrap_file_key(self, document_id: bytes, file_key: bytes) -> bytes:
        """Return a document's key wrapped under the newest epoch, 144 bytes."""
        return keywrap.wrap(self._keks[self.epoch], file_key, self._label(self.epoch, document_id))

    def unwrap_file_key(self, document_id: bytes, wrapped: bytes) -> bytes:
        """Return a document's key; the wrap itself names the epoch.

        Raises:
            WrongKeyError: The epoch is not in this keyring, or its key does not open the wrap.
            WrongContextError: The wrap belongs to another document.
            UnknownFormatError, TruncatedError, TamperedError: The wrap is damaged.
        """
        epoch = keywrap.read_label(wrapped).epoch
        if epoch not in self._keks:
            raise WrongKeyError
        return keywrap.unwrap(self._keks[epoch], wrapped, self._label(epoch, document_id))

    def renew_file_key(self, document_id: bytes, wrapped: bytes) -> bytes | None:
        """Return a document's key wrapped again, under the newest epoch; None where it is already.

        Raises:
            CryptoError: As ``unwrap_file_key``.
        """
        if keywrap.read_label(wrapped).epoch == self.epoch:
            return None
        return self.wrap_file_key(document_id, self.unwrap_file_key(document_id, wrapped))

    def _label(self, epoch: int, document_id: bytes) -> WrapLabel:
        return WrapLabel(WrapKind.FILE_KEY_UNDER_KEK, epoch, self._ids[epoch], document_id)


def _fresh_kek(root: bytes, epoch: int) -> tuple[bytes, bytes]:
    kek = secrets.token_bytes(chunked.KEY_BYTES)
    return kek, keywrap.wrap(root, kek, _kek_label(root, epoch, keywrap.key_id(kek)))


def _open_kek(root: bytes, epoch: int, wrapped: bytes) -> bytes:
    # Which key lies inside is not known before it is opened: take the id from the label and check it against the key.
    named = keywrap.read_label(wrapped).subject
    kek = keywrap.unwrap(root, wrapped, _kek_label(root, epoch, named))
    if keywrap.key_id(kek) != named:
        raise WrongContextError
    return kek


def _kek_label(root: bytes, epoch: int, kek_id: bytes) -> WrapLabel:
    return WrapLabel(WrapKind.KEK_UNDER_ROOT, epoch, keywrap.key_id(root), kek_id)


def _read_root_key(path: Path) -> bytes:
    # Without O_NONBLOCK a FIFO in place of the file would stop the start for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise RootKeyError(path=str(path), reason="it is not a regular file")
        if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            mode = f"{stat.S_IMODE(status.st_mode):04o}"
            raise RootKeyError(path=str(path), reason=f"others than its owner may use it (mode {mode}); set it to 0600")
        text = os.read(descriptor, MAX_ROOT_FILE_BYTES)
    finally:
        os.close(descriptor)
    form = ROOT_FILE_FORM.fullmatch(text)
    if form is None:
        raise RootKeyInvalidError(path=str(path))
    root = bytes.fromhex(form[1].decode())
    if not hmac.compare_digest(_checksum(root), form[2]):
        raise RootKeyInvalidError(path=str(path))
    return root


def _make_root_key(path: Path) -> None:
    missing = [folder for folder in (path.parent, *path.parent.parents) if not folder.exists()]
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    root = secrets.token_bytes(chunked.KEY_BYTES)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, ROOT_FILE_MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(b"cloister-root-key-1:" + root.hex().encode() + b":" + _checksum(root) + b"\n")
            file.flush()
            os.fsync(descriptor)
        try:
            # A link, not a rename: it fails where the name exists, so that no key is ever replaced.
            os.link(draft, path)
        except FileExistsError:
            return  # Another start made one in between; that one counts.
    finally:
        draft.unlink()
    # A folder's name lies in its parent: sync them all, or a power cut could lose the key and keep the data.
    for folder in {path.parent, *(folder.parent for folder in missing)}:
        _sync_folder(folder)


def _checksum(root: bytes) -> bytes:
    return hashlib.sha256(CHECKSUM_LABEL + root).hexdigest()[:16].encode()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
