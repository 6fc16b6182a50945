"""The model sets of an appliance on its disk: which is in use, which stands ready, to which one may go back.

::

    taking.take_in  staging/<name> → every file whole → releases/<name> → candidate
    activate        candidate → active, active → previous
    roll_back       previous → active, active → candidate
    discard         candidate → gone

``trust`` decides, this does. The set in use is one field of the ledger, and nothing that it names is ever written to.
A command and the server may work on one folder: whoever changes the ledger holds its lock for that moment.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from appliance import __version__
from appliance.bundles import lines, roots, sweeping
from appliance.bundles.archive import ENVELOPE_NAME
from appliance.bundles.durable import NO_ROOM, Reserve, only_one, read_whole, replace_file
from appliance.bundles.envelope import MAX_ENVELOPE_BYTES, Envelope
from appliance.bundles.journal import Entry, Journal
from appliance.bundles.ledger import IMAGE, Ledger
from appliance.bundles.manifest import PAYLOAD_TYPE, Manifest
from appliance.bundles.roots import Root
from appliance.bundles.sweeping import SET_FOLDER
from appliance.bundles.trust import Installed, decide_rollback, require_floor, require_range
from appliance.errors import (
    ApplianceError,
    BundleError,
    DataFolderError,
    DiskFullError,
    Fact,
    NoCandidateError,
    ReleaseDamagedError,
)

MODELS_FOLDER = "models"
ROOTS_FOLDER = "roots"
RESERVE_BYTES = 2**18
PROBATION_JOBS = 3
BY_ITSELF = "appliance"
DIGEST_CHARACTERS = 12
IMAGE_NAME = "image"


class Store:
    """The folder ``models`` in a data folder.

    Args:
        data: The data folder.
        image_set: The set that came with the appliance; lists of signers lie beside it.
    """

    def __init__(self, data: Path, image_set: Path) -> None:
        self.folder = data.resolve() / MODELS_FOLDER
        self.releases = self.folder / "releases"
        self.staging = self.folder / "staging"
        self.journal = Journal(self.folder)
        self.image_set = image_set.resolve()
        self._reserve = Reserve(self.folder / "reserve", RESERVE_BYTES)

    def open(self) -> None:
        """Make the folders where they are missing, and finish what a power cut left.

        Raises:
            DataFolderError: The disk does not take it.
            LedgerError: What is remembered cannot be read.
        """
        with self.disk():
            for folder in (self.folder, self.releases, self.staging):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._reserve.refill()
            with self.changing():
                self.sweep()

    @property
    def ledger(self) -> Ledger:
        """What is remembered now."""
        return Ledger.read(self.folder)

    def image_lines(self) -> dict[str, tuple[Root, bytes]]:
        """Return the lists of signers in the image; see ``lines.image_roots``."""
        return lines.image_roots(self.image_set.parent / ROOTS_FOLDER)

    def lines(self) -> tuple[Root, ...]:
        """Return the newest list of each line that is trusted here."""
        return lines.trusted(self.ledger, self.image_lines())

    def folder_of(self, installed: Installed) -> Path:
        """Return where a release lies."""
        return self.releases / name_of(installed)

    def set_of(self, installed: Installed) -> Path:
        """Return the folder of a release's set, absolute."""
        return self.image_set if installed == IMAGE else self.folder_of(installed) / SET_FOLDER

    def active_set(self) -> Path:
        """Return the folder of the set in use, absolute; the image's own before anything was taken in."""
        return self.set_of(self.ledger.active)

    def manifest_of(self, installed: Installed) -> Manifest:
        """Return the manifest of a release that was taken in.

        Raises:
            ReleaseDamagedError: It is not there as it was.
        """
        try:
            encoded = read_whole(self.folder_of(installed) / ENVELOPE_NAME, MAX_ENVELOPE_BYTES) or b""
            manifest = Manifest.decode(Envelope.decode(encoded, PAYLOAD_TYPE).payload)
        except (OSError, ValueError, BundleError) as exc:
            raise ReleaseDamagedError(name=name_of(installed)) from exc
        if manifest.digest != installed.digest:
            raise ReleaseDamagedError(name=name_of(installed))
        return manifest

    def activate(self, actor: str, tried: Installed | None = None) -> Installed:
        """Put the candidate to use, if it still is the one that was tried. The set in use becomes the one before.

        Raises:
            NoCandidateError: None stands ready, or not this one any more.
            BelowFloorError, AppTooOldError, AppTooNewError: It may not be used any more, or not by this Cloister.
            ReleaseDamagedError: It is not there as it was.
        """
        with self.disk(), self.changing() as ledger:
            chosen = _candidate_of(ledger)
            if tried not in (None, chosen):
                raise NoCandidateError
            require_floor(chosen.mark, ledger.memory(chosen.line).floor)
            require_range(self.manifest_of(chosen), __version__)
            facts: dict[str, Fact] = {"before": name_of(ledger.active)}
            changed = msgspec.structs.replace(
                ledger, active=chosen, previous=ledger.active, candidate=None, probation=PROBATION_JOBS
            )
            self.settle(changed, self.entry(actor, "activated", name_of(chosen), facts=facts))
            self.sweep()
        return chosen

    def roll_back(self, actor: str, error: ApplianceError | None = None) -> Installed:
        """Go back to the set before. The one that is left stands ready, unless another does.

        Args:
            actor: Who wants it.
            error: Because of which, where the appliance goes back by itself.

        Raises:
            NothingToGoBackToError: There is none.
            BelowFloorError: It may no longer be used.
        """
        with self.disk(), self.changing() as ledger:
            chosen = self.previous_of(ledger)
            left = ledger.candidate or (None if ledger.active == IMAGE else ledger.active)
            facts: dict[str, Fact] = {"before": name_of(ledger.active)}
            changed = msgspec.structs.replace(ledger, active=chosen, previous=None, candidate=left, probation=0)
            self.settle(changed, self.entry(actor, "rolled_back", name_of(chosen), error, facts))
            self.sweep()
        return chosen

    def previous_of(self, ledger: Ledger) -> Installed:
        """Return the release to go back to; see ``decide_rollback``."""
        previous = ledger.previous
        return decide_rollback(previous, ledger.memory(previous.line if previous else ""))

    def discard(self, actor: str) -> None:
        """Remove the candidate.

        Raises:
            NoCandidateError: None stands ready.
        """
        with self.disk(), self.changing() as ledger:
            entry = self.entry(actor, "discarded", name_of(_candidate_of(ledger)))
            self.settle(msgspec.structs.replace(ledger, candidate=None), entry)
            self.sweep()

    def trust(self, encoded: bytes, actor: str) -> Root:
        """Trust a line of signers from its first list on, or from a later one that follows from what is trusted.

        Raises:
            EnvelopeError, RootError, ForgedSignatureError: It is no signed list, or does not follow.
        """
        root = roots.anchor(encoded)
        with self.disk(), self.changing() as ledger:
            known = {each.line: each for each in lines.trusted(ledger, self.image_lines())}
            if root.line in known:
                root = roots.advance(known[root.line], [(root.number, encoded)])
            roots.require_apart([*(each for name, each in known.items() if name != root.line), root])
            facts: dict[str, Fact] = {"number": root.number, "keys": len(root.public_keys), "needed": root.threshold}
            self.settle(lines.with_line(ledger, root, encoded), self.entry(actor, "trusted", root.line, facts=facts))
        return root

    def finish_job(self) -> None:
        """Note that the set in use finished a job; after some of them it is relied on."""
        if not self.ledger.probation:
            return
        with self.disk(), self.changing() as ledger:
            if ledger.probation:
                msgspec.structs.replace(ledger, probation=ledger.probation - 1).write(self.folder)

    def keep_beside(self, installed: Installed, name: str, content: bytes) -> None:
        """Keep a file beside a release, such as what its trial gave."""
        with self.disk():
            replace_file(self.folder_of(installed) / name, content)

    def note(
        self,
        actor: str,
        action: str,
        about: str,
        error: ApplianceError | None = None,
        facts: Mapping[str, Fact] | None = None,
    ) -> None:
        """Write an event down that changes nothing here."""
        with self.disk(), self.changing(), self._reserve.lent():
            self.journal.append(self.entry(actor, action, about, error, facts))

    def entry(
        self,
        actor: str,
        action: str,
        about: str,
        error: ApplianceError | None = None,
        facts: Mapping[str, Fact] | None = None,
    ) -> Entry:
        """Return the next entry of the journal; whoever asks holds the ledger's lock until it is written."""
        told = {**(error.facts if error else {}), **(facts or {})}
        return self.journal.next_entry(actor, action, about, error.code if error else "", told)

    def settle(self, changed: Ledger, entry: Entry) -> None:
        """Write a change and its entry down, both or neither: the ledger brings the entry, and the journal takes it."""
        with self._reserve.lent():
            msgspec.structs.replace(changed, entry=entry).write(self.folder)
            self.journal.append(entry)

    @contextlib.contextmanager
    def changing(self) -> Iterator[Ledger]:
        """Hold the ledger's lock, and give the ledger as it is, its entry in the journal.

        Whoever wrote that ledger may have been killed, or met a failing disk, before the entry was in the journal, too.
        """
        with only_one(self.folder / "lock", wait=True):
            ledger = self.ledger
            if ledger.entry is not None:
                self.journal.append(ledger.entry)
            yield ledger

    @contextlib.contextmanager
    def disk(self) -> Iterator[None]:
        """Say in words what a failing disk means.

        Raises:
            DiskFullError: It has no room, not even for this.
            DataFolderError: It does not take it for another reason.
        """
        try:
            yield
        except OSError as exc:
            if exc.errno in NO_ROOM:
                raise DiskFullError(folder=str(self.folder)) from exc
            raise DataFolderError(folder=str(self.folder), reason=exc.strerror or str(exc)) from exc

    def sweep(self) -> None:
        """Remove the releases that nobody needs any more; whoever calls holds the ledger's lock."""
        sweeping.sweep(self.releases, self._needed())

    def tidy(self) -> None:
        """Remove what an engine still had when it was no longer needed."""
        if sweeping.unneeded(self.releases, self._needed()):
            with self.disk(), self.changing():
                self.sweep()

    def _needed(self) -> set[str]:
        return {name_of(each) for each in self.ledger.in_use()}


def name_of(installed: Installed) -> str:
    """Return the name of a release's folder."""
    if installed == IMAGE:
        return IMAGE_NAME
    mark = installed.mark
    return f"{installed.line}-{mark.epoch}-{mark.release}-{installed.digest[:DIGEST_CHARACTERS]}"


def _candidate_of(ledger: Ledger) -> Installed:
    if ledger.candidate is None:
        raise NoCandidateError
    return ledger.candidate
