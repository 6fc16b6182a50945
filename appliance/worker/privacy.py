"""Recordings that the appliance cannot read: what a browser sealed is stored as it came and handed out as it is.

The checks here are of form only. Whether a sealed title, a wrap or a transcript is true, nobody can tell without the
key; the browser looks at that whenever it opens one, so a browser that stores nonsense harms its own person alone, and
in a workspace those who let that person write there.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from sqlmodel import Session

from appliance.crypto.envelope import DocumentType, require_form
from appliance.errors import ConflictError, NotFoundError, SealedTooLargeError
from appliance.records import access, indexes, recordings, shares, transcripts, workspaces
from appliance.records.access import Act
from appliance.records.keystore import Wrap
from appliance.records.recordings import Recording
from appliance.worker.consents import who_consented
from appliance.worker.places import Place, own_wrap, replacing_key, wrap_at
from appliance.worker.recipients import RESULT
from appliance.worker.workshop import Workshop

MAX_TRANSCRIPT_BYTES = 64 * 2**20
MAX_INDEX_BYTES = 32 * 2**20  # A document takes about a hundred bytes in it.


@dataclass(frozen=True, slots=True)
class SealedTitle:
    """A title as a browser sealed it.

    Attributes:
        document_id: Chosen by the browser, 16 random bytes.
        sealed: CB1, type 6, version 1.
        wrapped: Its file key under the owner's user key, KW1 kind 4; in a workspace under its key, kind 5.
    """

    document_id: bytes
    sealed: bytes
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class ShownTitle:
    """A sealed title on its way to a browser.

    Attributes:
        workspace: Id of the workspace whose key opens it; empty where the reader's own does.
    """

    document_id: bytes
    sealed: bytes
    wrapped: bytes
    workspace: str


@dataclass(frozen=True, slots=True)
class SealedDocument:
    """A document as the appliance keeps it, with every way to its key.

    Attributes:
        workspace: Id of the workspace in which it is, or empty.
        wraps: Of all who can open it.
        organisation: Whether the organisation's recovery key opens it too, because somebody who reads it chose so.
    """

    workspace: str
    document_id: bytes
    version: int
    sealed: bytes
    wraps: tuple[Wrap, ...]
    organisation: bool


def sealed_titles(workshop: Workshop, private: list[Recording]) -> dict[str, ShownTitle]:
    """Return the sealed titles of private recordings by recording id; those whose key is erased are missing."""
    held: dict[bytes, list[Wrap]] = {}
    for wrap in workshop.keystore.held(*(each.title_id for each in private)):
        held.setdefault(wrap.subject, []).append(wrap)
    titles = {each.id: own_wrap(held.get(each.title_id, ()), Place.of(each), each.title_id) for each in private}
    return {
        each.id: ShownTitle(each.title_id, each.sealed_title, wrapped, each.workspace_id or "")
        for each in private
        if (wrapped := titles[each.id]) is not None
    }


def private_title(workshop: Workshop, account_id: str, recording_id: str) -> ShownTitle:
    """Return the sealed title of one private recording.

    Raises:
        NotFoundError: There is none, or they may not read it, or it is in standard mode.
    """
    with workshop.database.read() as session:
        recording = _get(session, account_id, recording_id, Act.READ)
    found = sealed_titles(workshop, [recording]).get(recording_id)
    if found is None:
        raise NotFoundError
    return found


def sealed_transcript(workshop: Workshop, account_id: str, recording_id: str) -> SealedDocument:
    """Return the sealed transcript of a private recording.

    Raises:
        NotFoundError: There is none, or they may not read it, or it is in standard mode.
    """
    with workshop.database.read() as session:
        recording = _get(session, account_id, recording_id, Act.READ)
        row = transcripts.get(session, recording_id)
        readers = workspaces.members(session, recording.workspace_id) if recording.workspace_id else (account_id,)
    wraps = tuple(workshop.keystore.held(row.document_id))
    return SealedDocument(
        workspace=recording.workspace_id or "",
        document_id=row.document_id,
        version=row.version,
        sealed=row.sealed,
        wraps=wraps,
        organisation=bool(who_consented(workshop, readers)),
    )


def require_transcript(workshop: Workshop, recording_id: str) -> None:
    """Refuse a recording that has no transcript yet.

    Raises:
        NotFoundError: It has none.
    """
    with workshop.database.read() as session:
        transcripts.get(session, recording_id)


def adopt(workshop: Workshop, account_id: str, recording_id: str, wrapped: bytes) -> None:
    """Put a wrap under the owner's user key, or the workspace's key, in the place of the one that the engine sealed.

    Twice is once: two tabs that open a result at the same time both may adopt it.

    Raises:
        RoleError: They only read in its workspace.
        ConflictError: The workspace has another key by now.
        CryptoError: The wrap does not have the form of one of this transcript.
    """
    with workshop.changing_members:
        with workshop.database.read() as session:
            place = Place.of(_get(session, account_id, recording_id, Act.WRITE))
            document_id = transcripts.get(session, recording_id).document_id
            adopted = wrap_at(session, place, document_id, wrapped)
        # A wrap that is there already stays: whoever comes second must not put another key in its place.
        is_first = own_wrap(workshop.keystore.held(document_id), place, document_id) is None
        result = Wrap(document_id, RESULT, place.holder, b"")
        workshop.keystore.change([adopted] if is_first else (), take_back=[result])


def save_sealed_transcript(
    workshop: Workshop,
    account_id: str,
    recording_id: str,
    sealed: bytes,
    from_version: int,
    wrapped: bytes | None = None,
) -> int:
    """Store what a browser sealed as the next version; return its number.

    Args:
        workshop: The appliance.
        account_id: Who saves it.
        recording_id: Whose transcript it is.
        sealed: The next version.
        from_version: What it was made from.
        wrapped: Its file key, where that is another one than before; else None.

    Raises:
        RoleError: They only read in its workspace.
        ConflictError: Somebody saved another one since ``from_version`` was opened, or the workspace has another key.
        CryptoError: It does not have the form of that version of this transcript, or the wrap has not.
        SealedTooLargeError: It is larger than any transcript.
    """
    if len(sealed) > MAX_TRANSCRIPT_BYTES:
        raise SealedTooLargeError(size_bytes=len(sealed), limit_bytes=MAX_TRANSCRIPT_BYTES)
    version = from_version + 1
    with workshop.changing_members, ExitStack() as key_change:
        with workshop.database.read() as session:
            place = Place.of(_get(session, account_id, recording_id, Act.WRITE))
            row = transcripts.get(session, recording_id)
            require_form(sealed, DocumentType.TRANSCRIPT, row.document_id, version)
            if row.version != from_version:
                raise ConflictError
            wrap = None if wrapped is None else wrap_at(session, place, row.document_id, wrapped)
        if wrap is not None:
            key_change.enter_context(replacing_key(workshop, wrap, sealed))
        with workshop.database.write() as session:
            transcripts.replace(session, recording_id, sealed, from_version)
            if wrap is not None:  # Links were made with the key of before, and open nothing from now on.
                shares.remove(session, *(share.id for share in shares.listing(session, recording_id)))
    return version


def sealed_index(workshop: Workshop, owner_id: str) -> tuple[int, bytes]:
    """Return the person's sealed index and its version; version 0 and no bytes before there is one."""
    with workshop.database.read() as session:
        found = indexes.find(session, owner_id)
    return (found.version, found.sealed) if found else (0, b"")


def save_sealed_index(workshop: Workshop, owner_id: str, sealed: bytes, from_version: int) -> int:
    """Store what a browser sealed as the next version of its person's index; return its number.

    Raises:
        ConflictError: Another browser saved one since ``from_version`` was opened.
        CryptoError: It does not have the form of that version of this person's index.
        SealedTooLargeError: It is larger than any index.
    """
    if len(sealed) > MAX_INDEX_BYTES:
        raise SealedTooLargeError(size_bytes=len(sealed), limit_bytes=MAX_INDEX_BYTES)
    require_form(sealed, DocumentType.INDEX, bytes.fromhex(owner_id), from_version + 1)
    with workshop.database.write() as session:
        indexes.replace(session, owner_id, sealed, from_version)
    return from_version + 1


def kept_documents(workshop: Workshop, owner_id: str) -> list[transcripts.Kept]:
    """Return which sealed transcripts a person may read, in which version: the index shows what is missing."""
    with workshop.database.read() as session:
        return transcripts.kept(session, owner_id, recordings.PRIVATE)


def workspaces_of(workshop: Workshop, account_id: str) -> list[str]:
    """Return the ids of the workspaces in which somebody is let in."""
    with workshop.database.read() as session:
        return list(workspaces.of_account(session, account_id))


def _get(session: Session, account_id: str, recording_id: str, act: Act) -> Recording:
    recording = access.get(session, recording_id, account_id, act)
    if recording.mode != recordings.PRIVATE:
        raise NotFoundError
    return recording
