"""A site's own recordings with the transcripts that people have corrected: is the set better on *our* courtroom?

They have no limits: what they show is for the administrator to judge.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from appliance.bundles.specimens import FOLDER, Specimen, open_plain, shown, specimen_of, why
from appliance.errors import (
    DataFolderError,
    OwnAudioMissingError,
    OwnAudioTwiceError,
    OwnTranscriptMissingError,
    SelftestError,
    SelftestFileError,
    TooManyOwnError,
)

MAX_OWN = 64  # As many as a manifest may name.
MAX_ENTRIES = 1_000  # Of a folder on a stranger's stick that is looked through.


@dataclass(frozen=True, slots=True)
class OwnRecordings:
    """What a site has put beside a bundle.

    Attributes:
        specimens: By name; those that a set can be tried on.
        refused: What else lies there, each with the reason and what to do.
    """

    specimens: tuple[Specimen, ...]
    refused: tuple[SelftestError, ...]


def own_specimens(folder: Path, max_audio_bytes: int) -> OwnRecordings:
    """Look through a folder of recordings with corrected transcripts: ``<name>.<ending>`` and ``<name>.json``.

    Names that begin with a dot are passed over: they are what other systems leave behind on a stick.

    Args:
        folder: Nothing is followed out of it; it may be missing, which is no fault.
        max_audio_bytes: Size of the largest recording that is taken.

    Raises:
        DataFolderError: It is there, and cannot be looked through.
    """
    names, refused = _names_in(folder)
    paired: dict[str, list[str]] = defaultdict(list)
    for name in names:
        paired[PurePosixPath(name).stem].append(name)
    pairs: list[tuple[str, str]] = []
    for stem, files in sorted(paired.items()):
        try:
            pairs.append(_pair(stem, files))
        except SelftestError as error:
            refused.append(error)
    if len(pairs) > MAX_OWN:
        refused.append(TooManyOwnError(limit=MAX_OWN))
    specimens: list[Specimen] = []
    for pair in pairs[:MAX_OWN]:
        try:
            _check_size(folder, pair[0], max_audio_bytes)
            specimens.append(specimen_of(folder, pair, (None, None)))
        except SelftestError as error:
            refused.append(error)
    return OwnRecordings(tuple(specimens), tuple(refused))


def _names_in(folder: Path) -> tuple[list[str], list[SelftestError]]:
    names: list[str] = []
    refused: list[SelftestError] = []
    try:
        descriptor = os.open(folder, FOLDER)
    except FileNotFoundError:
        return names, refused
    except OSError as exc:
        raise DataFolderError(folder=str(folder), reason=why(exc)) from exc
    try:
        with os.scandir(descriptor) as entries:
            for number, entry in enumerate(entries):
                if number == MAX_ENTRIES:
                    reason = f"the folder holds more than {MAX_ENTRIES} files"
                    refused.append(SelftestFileError(name=shown(folder.name), reason=reason))
                    break
                if not entry.name.startswith("."):
                    names.append(entry.name)
    except OSError as exc:
        raise DataFolderError(folder=str(folder), reason=why(exc)) from exc
    finally:
        os.close(descriptor)
    return names, refused


def _pair(stem: str, files: Sequence[str]) -> tuple[str, str]:
    """Return the recording and the transcript of one name."""
    transcripts = [name for name in files if PurePosixPath(name).suffix.lower() == ".json"]
    recordings = sorted(set(files) - set(transcripts))
    if not transcripts:
        raise OwnTranscriptMissingError(name=shown(recordings[0]))
    if not recordings:
        raise OwnAudioMissingError(name=shown(transcripts[0]))
    if len(recordings) > 1 or len(transcripts) > 1:
        raise OwnAudioTwiceError(name=shown(stem), count=max(len(recordings), len(transcripts)))
    return recordings[0], transcripts[0]


def _check_size(root: Path, path: str, max_bytes: int) -> None:
    descriptor = open_plain(root, path, path)
    try:
        if os.fstat(descriptor).st_size > max_bytes:
            raise SelftestFileError(name=shown(path), reason=f"it is larger than the limit of {max_bytes} bytes")
    finally:
        os.close(descriptor)
