"""``appliance bundle verify``: checks every byte of a model update, and shows what is in it."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from appliance import __version__
from appliance.bundles.checking import Checked, check
from appliance.bundles.lines import ROOT_FILES
from appliance.bundles.parts import open_parts
from appliance.bundles.roots import Root
from appliance.bundles.store import ROOTS_FOLDER, Store
from appliance.bundles.trust import DAY_S, Caution, cautions, version_order
from appliance.commands.bundle import sealing
from appliance.commands.bundle.sets import described
from appliance.commands.bundle.signers import key_lines, read_root, said
from appliance.config import load_settings
from appliance.errors import OptionError

WARNINGS = {
    Caution.OLD: "It is old. Ask whether there is a newer one.",
    Caution.FROM_THE_FUTURE: "It was made after what the clock of this machine shows. Look at the clock.",
}
SHOWN_LANGUAGES = 20


class Model(msgspec.Struct, frozen=True):
    """A model in the set."""

    role: str
    id: str
    licence: str
    languages: tuple[str, ...]


class Contents(msgspec.Struct, frozen=True):
    """What is in a bundle that was found true; the form of ``--json``."""

    line: str
    epoch: int
    release: int
    min_release: int
    version: str
    created: str
    age_days: int
    cautions: tuple[str, ...]
    app_min: str
    app_max: str
    is_for_this_version: bool
    set: str
    languages: tuple[str, ...]
    models: tuple[Model, ...]
    licenses: dict[str, str]
    files: int
    bytes: int
    selftest: tuple[str, ...]
    signers: tuple[str, ...]
    threshold: int
    roots: tuple[int, ...]
    sha256: str
    notes: str


def run(given: argparse.Namespace) -> int:
    """Print what is in it; any refusal ends the command with status 1."""
    lines = lines_of(given.data) if given.data else trusted_lines(given.root)
    sealing.seal(load_settings(), given.file, allow_weaker=True)  # It changes nothing: better a weaker seal than none.
    with open_parts(given.file) as stream:
        checked = check(stream, lines)
    contents = contents_of(checked, time.time())
    if given.json:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(contents), indent=1) + b"\n")
    else:
        sys.stdout.write(said(_shown(checked, contents)))
    return 0


def lines_of(data: Path) -> tuple[Root, ...]:
    """Return the newest lists that the appliance on a data folder trusts.

    Raises:
        LedgerError, VendorRootError: They cannot be read.
        OptionError: It trusts nobody.
    """
    lines = Store(data, load_settings().models).lines()
    if not lines:
        raise OptionError(name="data", value=str(data), reason="nobody is trusted there yet")
    return lines


def trusted_lines(given: Sequence[Path]) -> tuple[Root, ...]:
    """Return the lists that bundles are held against: the given ones, or those that came with this release.

    Raises:
        OptionError: There is none.
        BundleFileError, EnvelopeError, RootError, SignatureError: One cannot be used.
    """
    folder = load_settings().models.parent / ROOTS_FOLDER
    paths = list(given) or sorted(folder.glob(ROOT_FILES))
    if not paths:
        raise OptionError(name="root", value="nothing", reason="this release brings no list of signing keys; name one")
    return tuple(read_root(path) for path in paths)


def contents_of(checked: Checked, now_s: float) -> Contents:
    """Return what is in a bundle.

    Args:
        checked: Every byte of it is what was signed.
        now_s: What the clock shows, in seconds since 1970.

    Raises:
        ManifestFormError: Its ``set.json`` does not describe what it holds.
    """
    manifest, root, models = checked.manifest, checked.root, described(checked)
    age_days = int((now_s - manifest.created_s) // DAY_S)
    here = version_order(__version__)
    return Contents(
        line=root.line,
        epoch=manifest.epoch,
        release=manifest.release,
        min_release=manifest.min_release,
        version=manifest.version,
        created=manifest.created,
        age_days=age_days,
        cautions=tuple(cautions(age_days)),
        app_min=manifest.app.min,
        app_max=manifest.app.max,
        is_for_this_version=version_order(manifest.app.min) <= here <= version_order(manifest.app.max),
        set=manifest.set,
        languages=models.roles["asr"].languages if "asr" in models.roles else (),
        models=tuple(
            Model(role=name, id=role.id, licence=role.licence, languages=role.languages)
            for name, role in models.roles.items()
        ),
        licenses={each.component: each.spdx for each in manifest.licenses},
        files=len(manifest.files),
        bytes=manifest.total_bytes,
        selftest=tuple(clip.audio for clip in manifest.selftest),
        signers=checked.signers,
        threshold=root.threshold,
        roots=checked.carried,
        sha256=manifest.digest,
        notes=manifest.notes,
    )


def _shown(checked: Checked, contents: Contents) -> list[str]:
    manifest, root = checked.manifest, checked.root
    listed = ", ".join(contents.languages[:SHOWN_LANGUAGES]) or "not said"
    if len(contents.languages) > SHOWN_LANGUAGES:
        listed += f" and {len(contents.languages) - SHOWN_LANGUAGES} more"
    lines = [
        f"Every byte is what was signed. Set {contents.set}, version {contents.version}, release {contents.release}",
        f"of the line {contents.line}, under its list {contents.epoch} of signing keys",
        f"Made {contents.created}, {contents.age_days} days ago; for Cloister {contents.app_min} to {contents.app_max}",
        f"{contents.files} files of {contents.bytes:,} bytes; SHA-256 of what is signed: {contents.sha256}",
        f"Languages: {listed}",
    ]
    lines += [f"  {model.role}: {model.id} ({model.licence})" for model in contents.models]
    lines.append("Tried on:")
    for clip in manifest.selftest:
        der = "not judged" if clip.der_max is None else f"at most {clip.der_max:.2%}"
        lines.append(f"  {clip.audio}: words wrong at most {clip.wer_max:.2%}, speakers wrong {der}")
    lines.append(f"Signed by {len(contents.signers)} keys, {contents.threshold} are needed:")
    lines += key_lines((root.keys[name] for name in contents.signers), ())
    if contents.min_release:
        lines.append(f"Once it is accepted, no release before {contents.min_release} may be used any more.")
    if not contents.is_for_this_version:
        lines.append(f"It is not for this version of Cloister, which is {__version__}.")
    lines += [WARNINGS[caution] for caution in cautions(contents.age_days)]
    return [*lines, "", contents.notes] if contents.notes else lines
