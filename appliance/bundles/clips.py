"""The recordings that a bundle is tried with, as a publisher keeps them: a folder of pairs, and how well each must do.

::

    selftest/ward.wav  selftest/ward.json   what is said in it, a transcript exported from Cloister and corrected
    selftest/limits.json                    {"ward": {"wer_max": 0.15, "der_max": 0.2}}
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from appliance.bundles.manifest import Clip
from appliance.bundles.paths import SEGMENT
from appliance.errors import BundleSourceError
from appliance.transcript import Transcript, from_json

LIMITS = "limits.json"
MAX_REFERENCE_BYTES = 16 * 2**20  # An hour of speech has about 2 MB.
MAX_CLIPS = 64
WAVE = (b"RIFF", b"WAVE")
Rate = msgspec.Meta(ge=0, le=1)


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How well a set must do on a recording.

    Attributes:
        wer_max: Largest word error rate that passes, 0 to 1.
        der_max: Largest diarization error rate that passes, or None where speakers are not judged.
    """

    wer_max: float
    der_max: float | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """A pair of the folder.

    Attributes:
        clip: Its line of the manifest.
        audio: Where its sound lies.
        reference: Where its transcript lies.
    """

    clip: Clip
    audio: Path
    reference: Path


def read_clips(folder: Path, otherwise: Limits | None) -> tuple[Recording, ...]:
    """Return every pair of a folder, in order of their names.

    Args:
        folder: Holds pairs, ``limits.json`` where limits differ, and nothing else.
        otherwise: Limits of those that ``limits.json`` does not name, or None.

    Raises:
        BundleSourceError: A file has no partner, is no recording, no transcript or a link; a recording has no limits;
            or there is none.
    """
    names = _names(folder)
    limits = _limits(folder) if LIMITS in names else {}
    stems = sorted({name.rpartition(".")[0] for name in names - {LIMITS}})
    unknown = sorted(set(limits) - set(stems))
    if unknown:
        raise BundleSourceError(
            path=str(folder / LIMITS), reason=f"it names {unknown[0]}, and there is no such recording"
        )
    if not 1 <= len(stems) <= MAX_CLIPS:
        raise BundleSourceError(
            path=str(folder), reason=f"it holds {len(stems)} recordings; 1 to {MAX_CLIPS} may be there"
        )
    return tuple(_recording(folder, stem, limits.get(stem, otherwise)) for stem in stems)


def _names(folder: Path) -> frozenset[str]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as exc:
        raise BundleSourceError(path=str(folder), reason=f"it cannot be read ({exc.strerror})") from exc
    for path in entries:
        if path.is_symlink() or not path.is_file():
            raise BundleSourceError(path=str(path), reason="only plain files belong into this folder")
        if path.suffix not in {".wav", ".json"} or not SEGMENT.fullmatch(path.name):
            raise BundleSourceError(
                path=str(path), reason="pairs of NAME.wav and NAME.json belong here, in plain letters and digits"
            )
    return frozenset(path.name for path in entries)


def _limits(folder: Path) -> dict[str, Limits]:
    try:
        return msgspec.json.decode((folder / LIMITS).read_bytes(), type=dict[str, Limits])
    except (OSError, ValueError) as exc:
        reason = "it has to give wer_max and der_max for names of recordings"
        raise BundleSourceError(path=str(folder / LIMITS), reason=reason) from exc


def _recording(folder: Path, stem: str, limits: Limits | None) -> Recording:
    audio, reference = folder / f"{stem}.wav", folder / f"{stem}.json"
    for path, partner in ((audio, reference), (reference, audio)):
        if not path.is_file():
            raise BundleSourceError(path=str(partner), reason=f"{path.name} is missing beside it")
    if limits is None:
        raise BundleSourceError(
            path=str(audio), reason=f"nothing says how well it must be heard: name it in {LIMITS}, or give --wer-max"
        )
    for limit in (limits.wer_max, limits.der_max):
        if limit is not None and not (0 <= limit <= 1 and round(limit, 4) == limit):
            raise BundleSourceError(path=str(audio), reason=f"a limit is 0 to 1 in steps of 0.0001, not {limit}")
    _require_wave(audio)
    _require_reference(reference, limits)
    clip = Clip(
        audio=f"selftest/{audio.name}",
        reference=f"selftest/{reference.name}",
        wer_max=float(limits.wer_max),
        der_max=None if limits.der_max is None else float(limits.der_max),
    )
    return Recording(clip, audio, reference)


def _require_wave(path: Path) -> None:
    # No more than this is parsed here: the appliance decodes it in its cage, as any other recording.
    with path.open("rb") as file:
        head = file.read(12)
    if (head[:4], head[8:12]) != WAVE:
        raise BundleSourceError(path=str(path), reason="it is not a WAV file")


def _require_reference(path: Path, limits: Limits) -> None:
    transcript = _transcript(path)
    if not any(segment.text.split() for segment in transcript.segments):
        raise BundleSourceError(path=str(path), reason="nothing is said in it, so no error could be measured")
    if limits.der_max is not None and not transcript.turns:
        raise BundleSourceError(
            path=str(path), reason="it tells no speakers apart, so der_max could not be measured; set it to null"
        )


def _transcript(path: Path) -> Transcript:
    encoded = b"".join(_bounded(path))
    try:
        return from_json(encoded)
    except ValueError as exc:
        raise BundleSourceError(
            path=str(path), reason="it is no transcript; export one from Cloister as JSON and correct it"
        ) from exc


def _bounded(path: Path) -> Iterator[bytes]:
    if path.stat().st_size > MAX_REFERENCE_BYTES:
        raise BundleSourceError(path=str(path), reason=f"a transcript has at most {MAX_REFERENCE_BYTES} bytes")
    yield path.read_bytes()
