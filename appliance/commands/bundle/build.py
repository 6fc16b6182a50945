"""``appliance bundle build``: makes a model update, signed or to be signed, from a model set."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from appliance import __version__
from appliance.bundles import building
from appliance.bundles.building import Terms
from appliance.bundles.clips import Limits, read_clips
from appliance.bundles.manifest import AppRange
from appliance.bundles.roots import MAX_ROOT_BYTES
from appliance.bundles.signing import Signable, read_small
from appliance.bundles.trust import version_order
from appliance.bundles.writing import appearing
from appliance.commands.bundle.sets import open_set
from appliance.commands.bundle.signers import enough, instant_of, seeds_of
from appliance.errors import OptionError

MAX_NOTES_BYTES = 16_000  # Four thousand characters, in UTF-8.
LAST_OF_MAJOR = "9999.9999"


def run(given: argparse.Namespace) -> int:
    """Check everything that goes in, then write it in one go."""
    root, carried = building.newest_of([read_small(path, MAX_ROOT_BYTES) for path in given.roots])
    terms = _terms(given)
    recordings = read_clips(given.selftest, _limits(given))
    models = open_set(given.folder)
    sources = building.sources_of(models.folder, models.files, recordings)
    made = building.manifest_of(models.name, terms, root.number, sources, recordings, models.licences)
    unsigned = Signable(given.out, made.envelope(), made, is_bundle=True, root=root)
    signed = unsigned.signed_by(seeds_of(given))
    with appearing(given.out) as sink:
        building.write(sink, signed.envelope, carried, sources)
    sys.stdout.write(
        f"{given.out} holds the set {made.set}, {len(made.files)} files of {made.total_bytes:,} bytes.\n"
        f"SHA-256 of what is signed: {made.digest}\n{enough(len(signed.signers()), root.threshold)}\n"
    )
    return 0


def _terms(given: argparse.Namespace) -> Terms:
    here = version_order(__version__)
    app_min = given.app_min or ".".join(map(str, here[:3]))
    app = AppRange(min=app_min, max=given.app_max or f"{here[0]}.{LAST_OF_MAJOR}")
    return Terms(
        release=given.release,
        min_release=given.min_release,
        version=given.named,
        created=instant_of(given.created),
        app=app,
        notes=_notes(given.notes),
    )


def _limits(given: argparse.Namespace) -> Limits | None:
    if given.wer_max is None:
        if given.der_max is not None:
            raise OptionError(name="der-max", value=str(given.der_max), reason="give --wer-max besides")
        return None
    return Limits(wer_max=given.wer_max, der_max=given.der_max)


def _notes(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return read_small(path, MAX_NOTES_BYTES).decode().strip()
    except UnicodeDecodeError as exc:
        raise OptionError(name="notes", value=str(path), reason="it is not text in UTF-8") from exc
