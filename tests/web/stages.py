"""An appliance whose model sets come and go: true bundles, an image with a set, trials that say what they are told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from appliance.bundles.figures import ClipResult
from appliance.bundles.manifest import Manifest
from appliance.bundles.scoring import Counts, SpeakerErrors
from appliance.bundles.selftest import Column, SetFacts, TrialResult
from appliance.bundles.store import ROOTS_FOLDER
from appliance.errors import ApplianceError
from appliance.worker import trying as module
from appliance.worker.course import Course
from appliance.worker.trial import Bench
from appliance.worker.workshop import Workshop
from tests.bundles.houses import release, site_root_file
from tests.simulators.publisher import SOURCES, Source, blobs, bundle, content, signed, vendor_root

SPOKEN = ("bn", "en")


def described(name: str, languages: Sequence[str] = SPOKEN, asr: str = "whisper-tiny") -> bytes:
    """Return a ``set.json``."""
    roles = {
        "asr": {"id": asr, "licence": "MIT", "languages": languages},
        "segmentation": {"id": "pyannote-segmentation-3.0", "licence": "MIT"},
        "embedding": {"id": "campplus-zh-en-192", "licence": "Apache-2.0"},
    }
    files = {"asr/model.bin": {"sha256": "0" * 64, "bytes": 145_000_000}}
    return json.dumps({"schema": 1, "name": name, "release": "1", "roles": roles, "files": files}).encode()


def image_in(folder: Path, *, with_vendor: bool = True) -> Path:
    """Make the set that comes with an appliance, and the list of its vendor's keys beside it."""
    image = folder / "image" / "starter"
    image.mkdir(parents=True)
    (image / "set.json").write_bytes(described("starter", asr="whisper-base"))
    if with_vendor:
        (image.parent / ROOTS_FOLDER).mkdir()
        listed = signed(vendor_root().envelope(), "ada", "ben")
        (image.parent / ROOTS_FOLDER / "vendor.root.dsse.json").write_bytes(listed)
    return image


def made(
    number: int,
    *,
    by: Sequence[str] = ("ada", "ben"),
    languages: Sequence[str] = SPOKEN,
    size: int = 3_000,
    **changes: object,
) -> bytes:
    """Return the bundle of a release that really describes its set.

    Args:
        number: Of the release.
        by: Who signs.
        languages: What it transcribes.
        size: Of the largest file, so that it may take more than one chunk.
        changes: Of the manifest.
    """
    replaced = {
        "set/set.json": described("tiny", languages),
        "set/asr/model.bin": content("model", size),
    }
    sources = [Source(each.path, each.kind, replaced.get(each.path, each.body)) for each in SOURCES]
    of: Manifest = msgspec.structs.replace(
        release(number), files=tuple(source.described() for source in sources), **changes
    )
    return bundle(of, by, files=blobs(sources))


class Trials:
    """Stands in for the engine: says of each set what the test wants, and waits where it is told to.

    Attributes:
        result: What comes of the next trial.
        refusal: Raised in its place.
        going_on: Cleared to keep a trial at its first recording.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.result = tried()
        self.refusal: ApplianceError | None = None
        self.going_on = threading.Event()
        self.going_on.set()
        self.tried: list[Path] = []
        monkeypatch.setattr(module, "try_set", self._try)
        monkeypatch.setattr(module, "signed_specimens", lambda *_: ())

    def _try(self, folder: Path, _specimens: object, bench: Bench, _active: object) -> TrialResult:
        self.tried.append(folder)
        bench.report(Course("candidate", 1, 2, 0.25))
        while not self.going_on.wait(0.01):
            bench.stop.check()
        if self.refusal is not None:
            raise self.refusal
        return self.result


def tried(
    update: float = 0.08, in_use: float | None = 0.11, own: tuple[float, float] | None = None, limit: float = 0.15
) -> TrialResult:
    """Return what came of a trial: rates of wrong words of the update, of the set in use, of both on own recordings."""
    candidate = _column("tiny", update, limit, own[0] if own else None, 4.0)
    active = None if in_use is None else _column("starter", in_use, limit, own[1] if own else None, 3.0)
    return TrialResult(tried_at="2026-11-26T08:00:00Z", candidate=candidate, active=active)


def settled(workshop: Workshop) -> None:
    """Wait until no update is on its way."""
    deadline = time.monotonic() + 20
    while workshop.updates.underway is not None:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def trust_the_site(workshop: Workshop) -> None:
    """Trust the site's own key, as the command does."""
    workshop.updates.store.trust(site_root_file(), "command")


def _column(name: str, wer: float, limit: float, own: float | None, speed: float) -> Column:
    facts = SetFacts(
        name=name,
        release="1",
        models={"asr": name},
        languages=SPOKEN,
        device="cpu",
        device_name="Intel Xeon, 2 cores",
        compute_type="int8",
        asr_batch=8,
        load_s=1.0,
    )
    signed_clips = (
        _clip("ward.wav", wer, 31.0, speed, limit),
        _clip("court-hearing.wav", wer + 0.01, 64.0, speed, limit),
    )
    own_clips = () if own is None else (_clip("1", own, 125.0, speed, None), _clip("2", own, 61.0, speed, None))
    return Column(facts=facts, signed=signed_clips, own=own_clips)


def _clip(name: str, wer: float, audio_s: float, speed: float, limit: float | None) -> ClipResult:
    return ClipResult(
        name=name,
        language="en",
        audio_s=audio_s,
        seconds=audio_s / speed,
        words=Counts(errors=round(wer * 1000), words=1000),
        speakers=SpeakerErrors(speech_s=100.0, missed_s=2.0, invented_s=1.0, confused_s=wer * 50),
        wer_max=limit,
        der_max=None if limit is None else 0.2,
    )
