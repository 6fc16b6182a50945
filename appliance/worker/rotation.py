"""Rotation: a fresh key-encrypting key every so many days, and every file key wrapped again under it.

::

    root key, read for this ──► the key of epoch e+1, stored ──► new wraps use it
                                every older wrap, in batches: opened, wrapped under e+1, put in its own place
                                the keys of epochs that no wrap needs any more, erased

Each arrow is a transaction, and after each the key store is whole: whatever ends the process, the next start goes on.
Documents are not touched, only their wrapped keys. A batch is put in place by compare-and-set, so a key that was erased
while the batch was being wrapped stays erased.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from appliance.crypto.keyring import Keyring, load_root_key
from appliance.crypto.keywrap import WrapKind
from appliance.errors import ApplianceError, CryptoError, RootKeyWrongError, WrongKeyError
from appliance.records.keystore import Wrap
from appliance.worker.workshop import Workshop, root_key_file

log = logging.getLogger(__name__)

BATCH = 500  # Wraps in one transaction: about 150 KiB of journal, which a quarter of the ballast must hold.
CLOCK_SLACK_DAYS = 1  # A clock that was set back a little makes no key look as if it were of the future.


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did.

    Attributes:
        epoch: The newest one, under which everything that opens now is, if the rotation has finished.
        count: How many file keys were wrapped again.
        unopened: How many stayed under an older epoch because they do not open: they are damaged.
        erased: The epochs whose key was erased.
        finished: Whether every wrap was looked at.
    """

    epoch: int
    count: int
    unopened: int
    erased: tuple[int, ...]
    finished: bool


def look(workshop: Workshop, go_on: Callable[[], bool]) -> None:
    """Finish what an earlier rotation left, and replace the key where it is old enough; at most one thread does.

    ``go_on`` is asked before each batch; its no leaves the rest to the next look.
    """
    if not workshop.rotating.acquire(blocking=False):
        return
    try:
        finish(workshop, go_on)
        if go_on() and is_due(workshop, datetime.now(UTC)):
            begin(workshop)
            finish(workshop, go_on)
    except ApplianceError as error:  # A full disk, a root key that was taken away: tomorrow is another day.
        log.error("keys are not rotated", extra={"code": error.code})  # noqa: TRY400 -- the code says it all.
    finally:
        workshop.rotating.release()


def rotate(workshop: Workshop) -> Rotated:
    """Replace the key now, whatever its age, and wrap every file key again.

    Raises:
        EpochsSpentError: There is no number for another epoch.
        RootKeyError: And its kin: the root key cannot be used.
        DiskFullError: There is no room. What was wrapped again stays so; the next look goes on.
    """
    with workshop.rotating:
        begin(workshop)
        return finish(workshop, go_on=lambda: True)


def is_due(workshop: Workshop, now: datetime) -> bool:
    """Tell whether the newest key is old enough to be replaced, by the settings.

    A key without a date was made by a version that wrote none, so it is old; one of the future was made under a wrong
    clock, and nobody knows how old it is.
    """
    limit_days = workshop.settings.key_rotation_days
    if limit_days == 0:
        return False
    made_at = workshop.keystore.kek_made_at(workshop.keyring.epoch)
    return made_at is None or (now - made_at).days not in range(-CLOCK_SLACK_DAYS, limit_days)


def begin(workshop: Workshop) -> None:
    """Make the key of the next epoch, store it, and use it from now on.

    The root key is read from its file for this moment and held by nothing afterwards. The stored keys are opened with
    it first: a file that was exchanged since the start must not wrap a key.
    """
    path = root_key_file(workshop.settings)
    with workshop.minding_keys:
        root = load_root_key(path, has_data=True)
        try:
            keyring, wrapped = Keyring.next(root, workshop.keystore.keks())
        except WrongKeyError as exc:
            raise RootKeyWrongError(path=str(path)) from exc
        for epoch, kek in wrapped.items():
            workshop.keystore.put_kek(epoch, kek)
        workshop.keyring = keyring
    log.info("a new epoch of keys begins", extra={"epoch": keyring.epoch})


def finish(workshop: Workshop, go_on: Callable[[], bool]) -> Rotated:
    """Wrap every file key of an older epoch again, then erase the keys that no wrap needs any more.

    One way through is enough: since the newest epoch is in use, nothing can be stored under an older one. ``go_on`` is
    asked before each batch; its no leaves the rest to the next call.
    """
    keyring = workshop.keyring
    count, unopened, started = 0, 0, time.monotonic()
    older = {epoch for epoch in workshop.keystore.keks() if epoch < keyring.epoch}
    last: Wrap | None = None
    while older and (batch := workshop.keystore.page(WrapKind.FILE_KEY_UNDER_KEK, last, BATCH)):
        if not go_on():
            return Rotated(keyring.epoch, count, unopened, erased=(), finished=False)
        renewed, damaged = _renewed(keyring, batch)
        count += workshop.keystore.replace(renewed) if renewed else 0
        unopened += damaged
        last = batch[-1]
    erased = workshop.keystore.erase_unused_keks(older)
    with workshop.minding_keys:
        workshop.keyring = workshop.keyring.without(erased)
    if older:
        facts = {"epoch": keyring.epoch, "count": count, "seconds": round(time.monotonic() - started, 1)}
        log.info("keys rotated", extra=facts)
    if unopened:
        log.warning("wrapped keys do not open and keep an old key from being erased", extra={"count": unopened})
    return Rotated(keyring.epoch, count, unopened, tuple(sorted(erased)), finished=True)


def _renewed(keyring: Keyring, batch: list[Wrap]) -> tuple[list[tuple[Wrap, bytes]], int]:
    """Wrap a batch again; return what changes, and how many do not open."""
    renewed, damaged = [], 0
    for wrap in batch:
        try:
            wrapped = keyring.renew_file_key(wrap.subject, wrap.wrapped)
        except CryptoError:
            damaged += 1
        else:
            if wrapped is not None:
                renewed.append((wrap, wrapped))
    return renewed, damaged
