"""Where a private recording's keys lie: under its owner's user key, or under the key of its workspace. And moving.

Rows and keys lie in two databases. Whoever changes both puts the next wraps beside the old ones first, then changes the
row, then takes the old ones back: whenever that stops, the row says which of them are meant.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlmodel import Session

from appliance.crypto import keywrap
from appliance.crypto.keywrap import WrapKind
from appliance.errors import ConflictError, KeysRefusedError, NotMovableError
from appliance.records import access, jobs, recordings, transcripts
from appliance.records.access import Act
from appliance.records.keystore import Wrap
from appliance.records.recordings import Recording
from appliance.worker.recipients import RESULT
from appliance.worker.workshop import Workshop
from appliance.worker.workspaces import newest_list

log = logging.getLogger(__name__)

ID_BYTES = 16
WRAPS_AT_ONCE = 1000
UNDER_USER_KEY = WrapKind.FILE_KEY_UNDER_USER_KEY
UNDER_WORKSPACE_KEY = WrapKind.FILE_KEY_UNDER_WORKSPACE_KEY
OF_A_PLACE = (UNDER_USER_KEY, UNDER_WORKSPACE_KEY, RESULT)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a recording is.

    Attributes:
        workspace_id: None where it belongs to its owner alone.
        owner_id: Who put it there.
    """

    workspace_id: str | None
    owner_id: str

    @classmethod
    def of(cls, recording: Recording) -> Place:
        """Return where a recording is."""
        return cls(recording.workspace_id, recording.owner_id)

    @property
    def holder(self) -> bytes:
        """Whose keys open what is there, as the key store has it."""
        return bytes.fromhex(self.workspace_id or self.owner_id)


@dataclass(frozen=True, slots=True)
class MovedKeys:
    """The file keys of a private recording as a browser wrapped them for another place.

    Attributes:
        transcript: None where there is none.
    """

    title: bytes
    transcript: bytes | None


def wrap_at(session: Session, place: Place, document_id: bytes, wrapped: bytes) -> Wrap:
    """Return a wrap as it is kept at a place, if it says that it belongs there.

    Raises:
        CryptoError: It does not have the form of one.
        ConflictError: It is under a workspace key that is not the newest: the page did not know of a change.
    """
    if place.workspace_id is None:
        keywrap.require_label(wrapped, UNDER_USER_KEY, document_id)
        return Wrap(document_id, UNDER_USER_KEY, place.holder, wrapped)
    keywrap.require_label(wrapped, UNDER_WORKSPACE_KEY, document_id)
    label, newest = keywrap.read_label(wrapped), newest_list(session, place.workspace_id)
    if (label.epoch, label.wrapping_key_id.hex()) != (newest.epoch, newest.key):
        raise ConflictError
    return Wrap(document_id, UNDER_WORKSPACE_KEY, place.holder, wrapped)


def own_wrap(held: Iterable[Wrap], place: Place, document_id: bytes) -> bytes | None:
    """Return the wrap by which those open a document who may read it where it is, if they have one yet."""
    kind = UNDER_WORKSPACE_KEY if place.workspace_id else UNDER_USER_KEY
    own = (document_id, kind, place.holder)
    return next((wrap.wrapped for wrap in held if (wrap.subject, wrap.kind, wrap.holder) == own), None)


@contextmanager
def replacing_key(workshop: Workshop, wrap: Wrap, sealed: bytes) -> Iterator[None]:
    """Put the wrap of a document's next key beside the present one, store the document, then let it take its place.

    Every other way to the present key is taken back, because it opens nothing any more.
    """
    waiting = Wrap(wrap.subject, wrap.kind, _name_of(sealed), wrap.wrapped)
    workshop.keystore.put(waiting)
    try:
        yield
    except BaseException:
        workshop.keystore.change((), take_back=[waiting])
        raise
    workshop.keystore.change([wrap], take_back=workshop.keystore.held(wrap.subject))


def move(
    workshop: Workshop, account_id: str, recording_id: str, workspace_id: str | None, keys: MovedKeys | None
) -> None:
    """Put a recording into a workspace, or out of one and to whoever moves it.

    Args:
        workshop: The appliance.
        account_id: Who moves it.
        recording_id: What is moved.
        workspace_id: Where to; None for to themselves.
        keys: Of a private recording, for the members there; None in standard mode.

    Raises:
        NotFoundError: There is no such recording or workspace for them.
        SignedOutError: Their account is being removed.
        RoleError: Their role in one of the two does not allow it.
        NotMovableError: Its job has not ended.
        ConflictError: It is there already, or the workspace has another key by now.
        CryptoError: A wrap does not have the form of one.
        KeysRefusedError: A key is missing, or is one too many.
    """
    with workshop.changing_members:
        with workshop.database.read() as session:
            recording = _movable(session, account_id, recording_id, workspace_id)
            put = _wraps(session, recording, keys, Place(workspace_id, account_id))
        documents = {wrap.subject for wrap in put}
        held = [wrap for wrap in workshop.keystore.held(*documents) if wrap.kind in OF_A_PLACE]
        workshop.keystore.put(*put)
        try:
            with workshop.database.write() as session:
                _movable(session, account_id, recording_id, workspace_id)
                recordings.put_in(session, recording_id, workspace_id, account_id)
        except BaseException:
            workshop.keystore.change((), take_back=put)
            raise
        workshop.keystore.change((), take_back=held)
    workshop.indexing.moved(access.place_of(recording), recording_id)
    workshop.board.publish(recording_id, None)
    log.info("recording moved", extra={"recording": recording_id})


def tidy_places(workshop: Workshop) -> None:
    """After a start: end the changes that were cut off, by what the rows say. Nothing else changes places meanwhile."""
    with workshop.database.read() as session:
        places = recordings.private_places(session)
    for wrap in _all_wraps(workshop):
        place = places.get(wrap.subject)
        if place is None or wrap.holder.hex() == place:
            continue  # Search packs are of kind 4 too, and have no place.
        holder = bytes.fromhex(place)
        with workshop.database.read() as session:
            sealed = transcripts.stored_bytes(session, wrap.subject)
        if sealed is not None and wrap.holder == _name_of(sealed):  # The document was stored, and its key not yet.
            settled = Wrap(wrap.subject, wrap.kind, holder, wrap.wrapped)
            workshop.keystore.change([settled], take_back=workshop.keystore.held(wrap.subject))
        else:
            workshop.keystore.change((), take_back=[wrap])


def _all_wraps(workshop: Workshop) -> Iterator[Wrap]:
    for kind in OF_A_PLACE:
        last: Wrap | None = None
        while page := workshop.keystore.page(kind, last, WRAPS_AT_ONCE):
            last = page[-1]
            yield from page


def _movable(session: Session, account_id: str, recording_id: str, workspace_id: str | None) -> Recording:
    recording = access.get(session, recording_id, account_id, Act.MOVE)
    access.require_upload(session, account_id, workspace_id)
    if recording.workspace_id == workspace_id:
        raise ConflictError
    # To whom the engine seals its result is settled when the job runs.
    job = jobs.latest(session, recording_id)
    if job is None or job.state in ("queued", "running"):
        raise NotMovableError
    return recording


def _wraps(session: Session, recording: Recording, keys: MovedKeys | None, to: Place) -> list[Wrap]:
    if (keys is not None) != (recording.mode == recordings.PRIVATE):
        raise KeysRefusedError
    if keys is None:
        return []
    wraps = [wrap_at(session, to, recording.title_id, keys.title)]
    documents = transcripts.document_ids(session, recording.id)
    if (keys.transcript is not None) != bool(documents):
        raise KeysRefusedError
    if keys.transcript is not None:
        wraps.append(wrap_at(session, to, documents[0], keys.transcript))
    return wraps


def _name_of(sealed: bytes) -> bytes:
    return hashlib.sha256(sealed).digest()[:ID_BYTES]
