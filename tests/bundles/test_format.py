"""FORMAT.md says what the modules do."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from appliance.bundles import archive, envelope, figures, manifest, paths, roots, scoring, selftest, specimens, trust
from appliance.errors import BundleError, type_registry
from appliance.options import MAX_SPEAKERS

TEXT = (Path(envelope.__file__).parent / "FORMAT.md").read_text(encoding="utf-8")


SECTIONS = {part.split(" ")[0]: part for part in re.split(r"^#+ ", TEXT, flags=re.MULTILINE)}


@pytest.mark.parametrize(("number", "document"), [("4.", roots.Root), ("5.", manifest.Manifest)])
def test_fields_are_listed_in_the_order_in_which_they_are_signed(number: str, document: type[msgspec.Struct]) -> None:
    listed = re.findall(r"^\| `(\w+)` \|", SECTIONS[number], re.MULTILINE)
    assert listed == [field.encode_name for field in msgspec.structs.fields(document)]


@pytest.mark.parametrize(
    ("number", "amount"),
    [
        ("3.", envelope.MAX_ENVELOPE_BYTES),
        ("3.", roots.MAX_ROOT_BYTES),
        ("3.", envelope.MAX_DETACHED_BYTES),
        ("3.", envelope.MAX_SIGNATURES),
        ("4.", roots.MAX_KEYS),
        ("5.", manifest.MAX_MANIFEST_BYTES),
        ("5.", manifest.MAX_FILES),
        ("5.1", paths.MAX_SEGMENTS),
        ("5.1", paths.MAX_PATH_BYTES),
        ("5.2", specimens.MAX_REFERENCE_BYTES),
        ("5.2", specimens.MAX_WORDS),
        ("5.2", specimens.MAX_TURNS),
        ("5.2", MAX_SPEAKERS),
        ("5.2", figures.DECIMALS),
        ("6.", archive.MAX_ROOTS),
        ("7.", trust.OLD_AFTER_DAYS),
        ("7.", trust.DISK_BLOCK_BYTES),
        ("7.", trust.RESERVE_BYTES // 2**20),
    ],
)
def test_an_amount_is_the_true_one(number: str, amount: int) -> None:
    assert re.search(rf"(?<![\d,]){amount:,}(?![\d,]\d)", SECTIONS[number])


def test_what_a_self_test_leaves_out_is_the_true_amount() -> None:
    assert f"{selftest.COLLAR_S} seconds before and after" in SECTIONS["5.2"]


def test_every_language_without_spaces_is_listed() -> None:
    (listed,) = re.findall(r"In ((?:`[a-z]+`(?:, | and )?)+) every character", SECTIONS["5.2"])
    assert set(re.findall(r"`([a-z]+)`", listed)) == scoring.WITHOUT_SPACES


def test_every_apostrophe_is_listed() -> None:
    assert {chr(int(code, 16)) for code in re.findall(r"U\+(\w{4})", SECTIONS["5.2"])} == set(scoring.APOSTROPHES)


def test_every_kind_is_listed() -> None:
    assert set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`[^|]*)\|", SECTIONS["5.1"], re.MULTILINE)))) == set(
        paths.KINDS
    )


def test_every_code_is_one_of_an_error() -> None:
    codes = set(re.findall(r"`(bundle(?:\.\w+)+)`", SECTIONS["8."])) - {"bundle.archive", "bundle.manifest"}
    assert codes - {cls.code for cls in type_registry.values() if issubclass(cls, BundleError)} == set()
    assert "bundle.trust.old" in codes


def test_a_manifest_of_the_largest_size_fits_into_an_envelope_with_all_signatures() -> None:
    signature = envelope.Signature("0" * 64, bytes(64))
    signatures = tuple(envelope.Signature(f"{n:064x}", signature.signature) for n in range(envelope.MAX_SIGNATURES))
    full = envelope.Envelope(manifest.PAYLOAD_TYPE, bytes(manifest.MAX_MANIFEST_BYTES), signatures)
    assert len(full.encode()) <= envelope.MAX_ENVELOPE_BYTES
