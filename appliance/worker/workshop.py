"""Everything a job and a page need, opened once at start, closed once at the end."""

from __future__ import annotations

import fcntl
import logging
import os
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Protocol

from appliance.bundles.store import Store
from appliance.config import Settings
from appliance.crypto.keyring import Keyring, load_root_key
from appliance.errors import ApplianceError, DataFolderError, RootKeyWrongError, WrongKeyError
from appliance.owners import require_own
from appliance.records import accounts, recordings
from appliance.records.database import Database
from appliance.records.keystore import KeyStore
from appliance.spool import Spool
from appliance.worker.challenge import Challenges
from appliance.worker.door import Door
from appliance.worker.halves import Halves
from appliance.worker.indexing import Indexing
from appliance.worker.keeper import EngineKeeper
from appliance.worker.process import Child
from appliance.worker.progress import Board
from appliance.worker.throttle import Throttle
from appliance.worker.turns import Turns
from appliance.worker.updates import Updates
from appliance.worker.warden import Warden

log = logging.getLogger(__name__)

ROOT_KEY_FILE = "root.key"
LOCK_FILE = "lock"


class Doorbell(Protocol):
    """What wakes the runner."""

    def ring(self) -> None:
        """Say that a job waits."""


class NoBell:
    """Before the queue is opened nobody listens: the rows wait, and the first round finds them."""

    def ring(self) -> None:
        """Do nothing."""


@dataclass(slots=True)
class Workshop:
    """The appliance's parts.

    Attributes:
        claim: Descriptor of the lock on the data folder.
        weaknesses: What the kernel does not enforce, in words; empty where the seal is whole.
        draining: Held by the one thread that works through the queue.
        uploading: The turn of a recording is held while a chunk of it is taken.
        decoders: The decoder at work on a job, by job id.
        minding_keys: Held while a file key is wrapped and stored, or fetched and opened, and while the keyring changes:
            so no key is ever stored under an epoch whose key is being erased.
        rotating: Held by the one thread that goes through the wrapped keys.
        unended: Why a job failed, by its id, as long as the disk has no room for that.
        fleeting_keys: Keys of audio in privacy mode by document id, which no disk ever sees.
        door: What is known about who stands at it.
        halves: What unlocks a reloaded tab, by session.
        changing_slots: Held while slots and public keys of an account change together.
        changing_members: Held while a workspace's list and keys change together, or a recording's place and keys do.
        indexing: Keeps what can be searched.
        updates: The model sets, and an update of them on its way.
    """

    settings: Settings
    database: Database
    keystore: KeyStore
    keyring: Keyring
    spool: Spool
    engine: EngineKeeper
    updates: Updates
    warden: Warden
    claim: int
    door: Door
    board: Board = field(default_factory=Board)
    bell: Doorbell = field(default_factory=NoBell)
    weaknesses: tuple[str, ...] = ()
    draining: Lock = field(default_factory=Lock)
    uploading: Turns = field(default_factory=Turns)
    minding_keys: Lock = field(default_factory=Lock)
    rotating: Lock = field(default_factory=Lock)
    decoders: dict[str, Child] = field(default_factory=dict)
    unended: dict[str, ApplianceError] = field(default_factory=dict)
    fleeting_keys: dict[bytes, bytes] = field(default_factory=dict)
    challenges: Challenges = field(default_factory=Challenges)
    throttle: Throttle = field(default_factory=Throttle)
    halves: Halves = field(default_factory=Halves)
    changing_slots: Lock = field(default_factory=Lock)
    changing_members: Lock = field(default_factory=Lock)
    indexing: Indexing = field(default_factory=Indexing)

    @classmethod
    def open(cls, settings: Settings, weaknesses: tuple[str, ...] = ()) -> Workshop:
        """Open databases, keys and spool; make them at the first start.

        Raises:
            DataFolderError: The data folder cannot be used.
            RootKeyError: And its kin: the root key cannot be used.
        """
        data = settings.data.resolve()
        with ExitStack() as on_failure:
            claim = claim_folder(data)
            on_failure.callback(os.close, claim)
            database = Database.open(data)
            on_failure.callback(database.close)
            with database.read() as session:
                has_data = recordings.exist(session) or accounts.has_administrator(session)
            keystore = KeyStore.open(data, has_data=has_data)
            on_failure.callback(keystore.close)
            root_path = root_key_file(settings)
            root = load_root_key(root_path, has_data=bool(keystore.keks()))
            engine, updates = _open_models(settings)
            workshop = cls(
                settings=settings,
                database=database,
                keystore=keystore,
                keyring=_open_keyring(root, root_path, keystore),
                door=Door(root),
                spool=Spool(data / "spool", settings.spool_quota_bytes),
                engine=engine,
                updates=updates,
                warden=Warden(allow_weaker=settings.allow_weaker_cage),
                weaknesses=weaknesses,
                claim=claim,
            )
            on_failure.pop_all()
        return workshop

    def close(self) -> None:
        """End the engine, then who watches over it and who reads the databases, then close them."""
        self.engine.close()
        self.warden.close()
        self.indexing.close()
        self.keystore.close()
        self.database.close()
        os.close(self.claim)


def _open_models(settings: Settings) -> tuple[EngineKeeper, Updates]:
    """Open the store of the model sets, and name the engine the set in use; nothing starts yet."""
    store = Store(settings.data, settings.models)
    store.open()
    engine = EngineKeeper(settings.models, settings.threads, allow_weaker=settings.allow_weaker_cage)
    updates = Updates(store, engine, settings)
    engine.use(updates.usable)
    return engine, updates


def root_key_file(settings: Settings) -> Path:
    """Return where the root key lies. It is read where it is needed, and nothing that lives on holds it."""
    return settings.keys_folder / ROOT_KEY_FILE


def claim_folder(data: Path) -> int:
    """Make the data folder where it is missing, and take it for this process alone.

    Returns:
        The descriptor that holds the claim; the kernel lets it go with the process, however that ends.

    Raises:
        DataFolderError: It cannot be written, or another appliance has it.
        WrongOwnerError: It belongs to another user.
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not any(data.iterdir()):
            data.chmod(0o700)  # A folder that somebody made for us, with the rights that folders usually get.
        claim = os.open(data / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as exc:
        require_own(data)
        raise DataFolderError(folder=str(data), reason=f"it cannot be written ({exc.strerror})") from exc
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        os.close(claim)
        raise DataFolderError(folder=str(data), reason="another Cloister is running on it") from exc
    return claim


def is_claimed(data: Path) -> bool:
    """Tell whether an appliance is running on a data folder, and make nothing.

    Raises:
        WrongOwnerError: It belongs to another user.
        DataFolderError: It cannot be looked at.
    """
    try:
        claim = os.open(data / LOCK_FILE, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError as exc:
        require_own(data)
        raise DataFolderError(folder=str(data), reason=f"it cannot be read ({exc.strerror})") from exc
    try:
        # Shared, and let go at once: two who ask do not take each other for an appliance.
        fcntl.flock(claim, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(claim)
    return False


def _open_keyring(root: bytes, path: Path, keystore: KeyStore) -> Keyring:
    """Open the keyring with the root key; the wrapped key-encrypting keys are the canary that tells a wrong one."""
    keks = keystore.keks()
    if keks:
        try:
            return Keyring.open(root, keks)
        except WrongKeyError as exc:
            raise RootKeyWrongError(path=str(path)) from exc
    keyring, wrapped = Keyring.first(root)
    for epoch, kek in wrapped.items():
        keystore.put_kek(epoch, kek)
    log.info("keyring made", extra={"count": len(wrapped)})
    return keyring
