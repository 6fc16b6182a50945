"""Sets from checkpoints of a site's own: one role is converted, and takes its place in a copy of a set that is there.

::

    python -m appliance.engine.convert whisper CHECKPOINT --base models/starter --name court --id whisper-court …
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from appliance.config import close_environment
from appliance.engine.building import appearing_whole, only_builder, seal_set, whisper_languages
from appliance.engine.models import LICENCES, Kind, ModelSet, Role
from appliance.errors import OriginError

if TYPE_CHECKING:
    from collections.abc import Callable

LOCAL = ("whisper", "segmentation", "aligner")
KINDS: dict[str, Kind] = {"whisper": "ct2", "segmentation": "safetensors", "aligner": "safetensors"}
SAFE_WEIGHTS, PICKLE = "model.safetensors", "pytorch_model.bin"
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Conversion:
    """What becomes of a checkpoint.

    Attributes:
        what: One of LOCAL.
        checkpoint: Folder of a Whisper or wav2vec2 model, or the file of a segmentation.
        role: Which role of the set it takes.
        id: The model, as transcripts name it.
        licence: SPDX identifier.
        origin: Whose model it is.
    """

    what: str
    checkpoint: Path
    role: str
    id: str
    licence: str
    origin: str


def add_local_arguments(whats: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands that convert a checkpoint from a folder of this machine."""
    helps = {
        "whisper": "a Whisper checkpoint of transformers, to CTranslate2",
        "segmentation": "a pyannote segmentation checkpoint, to safetensors and JSON",
        "aligner": "a wav2vec2 checkpoint for CTC, to safetensors and JSON",
    }
    for what, said in helps.items():
        one = whats.add_parser(what, help=said)
        one.add_argument("checkpoint", type=Path, help="its folder, or its file for a segmentation")
        one.add_argument("--base", type=Path, required=True, help="the set whose other roles are taken over")
        one.add_argument("--out", type=Path, required=True, help="folder of the set that is made")
        one.add_argument("--name", required=True, help="of the set")
        one.add_argument("--release", required=True, help="of the set, such as 2 or 2026.11")
        one.add_argument("--id", required=True, help="of the model, as transcripts name it")
        one.add_argument("--licence", required=True, help="of the model, an SPDX identifier such as MIT")
        one.add_argument("--origin", required=True, help="whose model it is, and which revision")
        if what == "aligner":
            one.add_argument("--language", required=True, help="which language it aligns, such as de")
        if what == "whisper":
            one.add_argument("--role", default="asr", help="which role it takes (default: asr)")


def convert_local(given: argparse.Namespace) -> None:
    """Convert what was asked for, and say where the set stands.

    Raises:
        OriginError: The checkpoint cannot be converted, or the result would take another set's place.
        ModelError: The base is no set.
    """
    close_environment()  # The libraries look at it while they are imported.
    roles = {"whisper": getattr(given, "role", ""), "segmentation": "segmentation"}
    role = roles.get(given.what) or f"aligner/{given.language}"
    wanted = Conversion(given.what, given.checkpoint, role, given.id, given.licence, given.origin)
    build_local(given.base, wanted, given.out, given.name, given.release)
    sys.stdout.write(f"The model set in {given.out} was built, with {given.id} for {role}.\n")


def build_local(base: Path, wanted: Conversion, out: Path, name: str, release: str) -> None:
    """Build a set that is another one but for one role.

    Args:
        base: Folder of a set, which stays as it is.
        wanted: What takes which role.
        out: Folder that does not exist yet.
        name: Of the set.
        release: Of the set.

    Raises:
        OriginError: The checkpoint cannot be converted, or ``out`` is there already.
        ModelError: The base is no set, or the result would not be one.
    """
    if not FILE_NAME.fullmatch(wanted.id):
        raise OriginError(path=wanted.id, reason="a model's id has letters, digits and . _ + - only, at most 64")
    if out.exists():
        raise OriginError(path=str(out), reason="it is there already; choose another folder")
    original = ModelSet.open(base)
    with only_builder(out), appearing_whole(out) as staging:
        replaced = original.manifest.roles.get(wanted.role)
        kept = {role: one for role, one in original.manifest.roles.items() if role != wanted.role}
        _copy(original, staging, {one.path for one in kept.values()}, replaced)
        place = staging / wanted.role
        place.mkdir(parents=True)
        _writer(wanted.what)(wanted.checkpoint, place)
        notice = f"{wanted.id}\n{wanted.origin}\nLicence: {wanted.licence}\n"
        (staging / LICENCES).mkdir(exist_ok=True)
        (staging / LICENCES / f"{wanted.id}.txt").write_text(notice, encoding="utf-8")
        made = Role(
            path=wanted.role,
            id=wanted.id,
            kind=KINDS[wanted.what],
            licence=wanted.licence,
            origin=f"{wanted.origin}; changed: converted by Cloister, values unchanged but for their precision",
            languages=_languages(wanted, place),
        )
        roles = dict(sorted({**kept, wanted.role: made}.items()))
        manifest = msgspec.structs.replace(original.manifest, name=name, release=release, catalog="", roles=roles)
        seal_set(staging, manifest)


def _copy(original: ModelSet, staging: Path, kept: set[str], replaced: Role | None) -> None:
    """Copy what the set goes on using; of the role that is replaced, neither files nor licence notice."""
    left_out = set() if replaced is None else {f"{LICENCES}/{replaced.id}.txt"}
    for name in original.manifest.files:
        of_replaced = replaced is not None and name.startswith(f"{replaced.path}/")
        if (of_replaced and not any(name.startswith(f"{path}/") for path in kept)) or name in left_out:
            continue
        (staging / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(original.folder / name, staging / name)


def _languages(wanted: Conversion, place: Path) -> tuple[str, ...]:
    if wanted.what == "whisper":
        return whisper_languages(place)
    return (wanted.role.removeprefix("aligner/"),) if wanted.what == "aligner" else ()


def _writer(what: str) -> Callable[[Path, Path], None]:
    return {"whisper": _write_whisper, "segmentation": _write_segmentation, "aligner": _write_aligner}[what]


def _write_whisper(checkpoint: Path, place: Path) -> None:
    from appliance.engine.whisper import write_whisper  # noqa: PLC0415 -- torch takes seconds, and after the closing.

    write_whisper(checkpoint, place)


def _write_segmentation(checkpoint: Path, place: Path) -> None:
    from appliance.engine.weights import write_segmentation  # noqa: PLC0415 -- as above.

    write_segmentation(_read(checkpoint), place)


def _write_aligner(checkpoint: Path, place: Path) -> None:
    from appliance.engine.wav2vec2 import read_weights, write_aligner  # noqa: PLC0415 -- as above.

    is_pickle = not (checkpoint / SAFE_WEIGHTS).exists()
    weights = read_weights(_read(checkpoint / (PICKLE if is_pickle else SAFE_WEIGHTS)), is_pickle=is_pickle)
    write_aligner(weights, _read(checkpoint / "config.json"), _read(checkpoint / "vocab.json"), place)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise OriginError(path=str(path), reason=exc.strerror or "it cannot be read") from exc
