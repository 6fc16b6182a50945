"""Specimens: the recordings on which a model set is tried, with what is said in them.

Those of a bundle are signed and have limits. A site's own (``own``) have none.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec

from appliance.bundles import spelling
from appliance.bundles.manifest import Manifest
from appliance.bundles.scoring import words_of
from appliance.errors import SelftestFileError, SelftestReferenceError
from appliance.options import LANGUAGES, MAX_SPEAKERS
from appliance.transcript import Transcript, from_json

MAX_REFERENCE_BYTES = 32 * 2**20  # Twelve hours of speech, each word with its times, are about a third of it.
MAX_WORDS = 120_000  # Twelve hours of fast speech; comparing takes their square, some seconds here.
MAX_TURNS = 20_000

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
PLAIN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # A pipe would keep whoever opens it waiting.


@dataclass(frozen=True, slots=True)
class Specimen:
    """A recording, and what a transcript of it should say.

    Attributes:
        name: As people see it; never for a log, because the names of a site's own recordings are nobody else's.
        root: Folder below which its files lie.
        audio: Path of the recording below ``root``.
        transcript: Path of the reference below ``root``.
        language: Of the reference.
        duration_s: Of the recording that the reference was made of, in seconds.
        has_turns: Whether the reference says who speaks when.
        wer_max: Largest word error rate that passes, or None where the administrator judges.
        der_max: Largest diarization error rate that passes, or None where there is no limit.
    """

    name: str
    root: Path
    audio: str
    transcript: str
    language: str
    duration_s: float
    has_turns: bool
    wer_max: float | None = None
    der_max: float | None = None

    @property
    def is_signed(self) -> bool:
        """Whether it came with the bundle, and its limits decide."""
        return self.wer_max is not None

    @property
    def has_speakers(self) -> bool:
        """Whether it shows how well speakers are told apart."""
        return self.der_max is not None or self.has_turns

    def reference(self) -> Transcript:
        """Read what a transcript of it should say. It is not kept: those of many hours would fill the memory.

        Raises:
            SelftestFileError: It is not there any more, or not a plain file.
            SelftestReferenceError: It is no transcript any more.
        """
        return _read_reference(self.root, self.transcript)

    @contextmanager
    def opened(self) -> Iterator[int]:
        """Open the recording for reading, by no link.

        Raises:
            SelftestFileError: It is not there any more, or not a plain file.
        """
        descriptor = open_plain(self.root, self.audio, self.name)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def signed_specimens(release: Path, manifest: Manifest) -> tuple[Specimen, ...]:
    """Read the recordings that a bundle is tried on.

    Args:
        release: Folder of the release, whose files were verified.
        manifest: What it holds.

    Raises:
        SelftestFileError: A file cannot be read.
        SelftestReferenceError: A reference is no transcript, or has nothing of what its limits are about.
    """
    return tuple(
        specimen_of(release, (clip.audio, clip.reference), (clip.wer_max, clip.der_max)) for clip in manifest.selftest
    )


def specimen_of(root: Path, pair: tuple[str, str], limits: tuple[float | None, float | None]) -> Specimen:
    """Make a specimen of a recording and its reference, paths below ``root``, with its limits for words and speakers.

    Raises:
        SelftestFileError, SelftestReferenceError: As of ``signed_specimens``.
    """
    audio, reference = pair
    name = shown(PurePosixPath(audio).name)
    transcript = _read_reference(root, reference)
    wer_max, der_max = limits
    if der_max is not None and transcript.segments and not transcript.turns:
        raise _odd(reference, "it does not say who speaks when")
    return Specimen(
        name=name,
        root=root,
        audio=audio,
        transcript=reference,
        language=transcript.language,
        duration_s=transcript.duration_s,
        has_turns=bool(transcript.turns),
        wer_max=wer_max,
        der_max=der_max,
    )


def _read_reference(root: Path, path: str) -> Transcript:
    descriptor = open_plain(root, path, PurePosixPath(path).name)
    with os.fdopen(descriptor, "rb") as file:
        try:
            encoded = file.read(MAX_REFERENCE_BYTES + 1)
        except OSError as exc:
            raise SelftestFileError(name=shown(PurePosixPath(path).name), reason=why(exc)) from exc
    if len(encoded) > MAX_REFERENCE_BYTES:
        raise _odd(path, "it is larger than any transcript")
    try:
        transcript = from_json(encoded)
    except (msgspec.DecodeError, ValueError) as exc:  # The latter for bytes that are no UTF-8.
        raise _odd(path, "it is not a transcript as Cloister exports it") from exc
    reason = _unusable(transcript)
    if reason:
        raise _odd(path, reason)
    return transcript


def _unusable(transcript: Transcript) -> str:
    """Return why a transcript is nothing to compare with, or an empty text."""
    turns = transcript.turns
    odd = {
        "its language is not one that Cloister knows": transcript.language not in LANGUAGES,
        "it is of a recording without length": transcript.duration_s <= 0,
        f"it has more than {MAX_TURNS} turns": len(turns) > MAX_TURNS,
        f"it tells more than {MAX_SPEAKERS} speakers apart": len({turn.speaker for turn in turns}) > MAX_SPEAKERS,
        "somebody in it begins to speak after having ended": any(not 0 <= turn.start <= turn.end for turn in turns),
    }
    found = next((reason for reason, is_so in odd.items() if is_so), "")
    if not found and len(words_of(transcript, transcript.language)) > MAX_WORDS:
        return f"it has more than {MAX_WORDS} words"
    return found


def open_plain(root: Path, path: str, name: str) -> int:
    """Open a plain file below a folder: no link is followed on the way to it, and nothing is waited for.

    Args:
        root: The folder.
        path: Below it.
        name: As people are told of it.

    Raises:
        SelftestFileError: There is none, or it may not be read.
    """
    *folders, last = PurePosixPath(path).parts
    try:
        at = os.open(root, FOLDER)
        try:
            for folder in folders:
                below = os.open(folder, FOLDER, dir_fd=at)
                os.close(at)
                at = below
            descriptor = os.open(last, PLAIN, dir_fd=at)
        finally:
            os.close(at)
    except OSError as exc:
        raise SelftestFileError(name=shown(name), reason=why(exc)) from exc
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise SelftestFileError(name=shown(name), reason="it is not a plain file")
    return descriptor


def _odd(path: str, reason: str) -> SelftestReferenceError:
    return SelftestReferenceError(name=shown(PurePosixPath(path).name), reason=reason)


def why(exc: OSError) -> str:
    """Say why a file cannot be opened."""
    links = (errno.ELOOP, errno.ENOTDIR)
    return "it is a link, or lies behind one" if exc.errno in links else exc.strerror or "it cannot be read"


def shown(name: str) -> str:
    """Return the name of a stranger's file for a page, unless it would hide or swap what is shown."""
    return spelling.shown(name, "a file with an unreadable name")
