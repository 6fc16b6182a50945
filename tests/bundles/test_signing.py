"""Signing: nobody signs in vain, for somebody else, or something that an appliance would refuse."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from appliance.bundles import roots
from appliance.bundles.checking import check
from appliance.bundles.envelope import Envelope, key_id
from appliance.bundles.roots import Root, make_root
from appliance.bundles.signing import Signable, read_small, rewrite
from appliance.errors import (
    ArchiveHeaderError,
    BlobAlteredError,
    BundleFileError,
    DuplicateSignerError,
    EnvelopeFormError,
    EnvelopeTooLargeError,
    EnvelopeTypeError,
    ForgedSignatureError,
    ManifestError,
    ManifestFormError,
    RootKeysError,
    SigningError,
    ThresholdError,
    UnknownSignerError,
)
from tests.simulators.publisher import (
    CREATED,
    blob_member,
    blobs,
    bundle,
    enveloped,
    manifest,
    public,
    seed,
    signed,
    vendor_root,
)

LINES = (vendor_root(),)


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    """A bundle that nobody has signed."""
    path = tmp_path / "tiny.cloister"
    path.write_bytes(bundle(by=()))
    return path


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def of_bundle(path: Path) -> Signable:
    return Signable.open(path, vendor_root())


def test_an_unsigned_bundle_is_taken_by_nobody(draft: Path) -> None:
    with pytest.raises(EnvelopeFormError, match="0 signatures"):
        check(io.BytesIO(draft.read_bytes()), LINES)


def test_two_signatures_one_after_the_other_make_it_complete(draft: Path) -> None:
    of_bundle(draft).signed_by([seed("ada")]).store()
    with pytest.raises(ThresholdError):
        check(io.BytesIO(draft.read_bytes()), LINES)
    of_bundle(draft).signed_by([seed("cleo")]).store()
    assert draft.read_bytes() == bundle(by=("ada", "cleo"))
    check(io.BytesIO(draft.read_bytes()), LINES)


def test_two_signatures_at_once_make_it_complete(draft: Path) -> None:
    of_bundle(draft).signed_by([seed("ada"), seed("ben")]).store()
    assert draft.read_bytes() == bundle()


def test_the_lists_and_files_of_a_bundle_are_kept(draft: Path) -> None:
    chain = ((2, signed(Envelope(roots.PAYLOAD_TYPE, vendor_root(2).encode()), "ada", "ben")),)
    of = manifest(epoch=2)
    draft.write_bytes(bundle(of, by=(), carried=chain))
    Signable.open(draft).signed_by([seed("ada"), seed("ben")]).store()
    assert draft.read_bytes() == bundle(of, carried=chain)


def test_a_key_that_nobody_lists_does_not_sign(draft: Path) -> None:
    before = draft.read_bytes()
    with pytest.raises(SigningError, match="not on list number 1 of the line vendor"):
        of_bundle(draft).signed_by([seed("mallory")])
    assert draft.read_bytes() == before


def test_the_list_that_a_bundle_carries_tells_who_may_sign(draft: Path) -> None:
    chain = ((2, signed(Envelope(roots.PAYLOAD_TYPE, vendor_root(2, names=("dee",), threshold=1).encode()), "dee")),)
    draft.write_bytes(bundle(manifest(epoch=2), by=(), carried=chain))
    with pytest.raises(SigningError, match="list number 2"):
        Signable.open(draft).signed_by([seed("ada")])


def test_nobody_signs_twice(draft: Path) -> None:
    of_bundle(draft).signed_by([seed("ada")]).store()
    with pytest.raises(DuplicateSignerError):
        of_bundle(draft).signed_by([seed("ada")])


def test_a_detached_signature_is_worth_what_one_made_here_is(draft: Path, tmp_path: Path) -> None:
    carried = written(tmp_path / "bundle.dsse.json", of_bundle(draft).envelope.encode())
    away = of_bundle(carried).signed_by([seed("ben")]).envelope.detach(key_id(public("ben")))
    of_bundle(draft).signed_by([seed("ada")]).with_detached(away).store()
    assert draft.read_bytes() == bundle()


def test_a_carried_envelope_keeps_the_signatures_it_gets(draft: Path, tmp_path: Path) -> None:
    carried = written(tmp_path / "bundle.dsse.json", of_bundle(draft).envelope.encode())
    of_bundle(carried).signed_by([seed("ben")]).store()
    assert of_bundle(carried).signers() == {key_id(public("ben"))}


def test_a_signature_of_something_else_is_not_attached(draft: Path) -> None:
    other = enveloped(manifest(release=8)).signed_by(seed("ben")).detach(key_id(public("ben")))
    with pytest.raises(EnvelopeTypeError):
        of_bundle(draft).with_detached(other)


def test_a_signature_in_the_name_of_another_is_not_attached(draft: Path) -> None:
    true = enveloped(manifest()).signed_by(seed("mallory")).detach(key_id(public("mallory")))
    forged = true.replace(key_id(public("mallory")).encode(), key_id(public("ben")).encode())
    with pytest.raises(ForgedSignatureError):
        of_bundle(draft).with_detached(forged)
    with pytest.raises(SigningError):
        of_bundle(draft).with_detached(true)


@pytest.mark.parametrize("content", [b"", b"{}", b"signature", b"x" * 1_001])
def test_what_is_no_signature_is_not_attached(draft: Path, content: bytes) -> None:
    with pytest.raises((EnvelopeFormError, EnvelopeTooLargeError)):
        of_bundle(draft).with_detached(content)


@pytest.mark.parametrize("payload", [b"", b"{}", manifest().encode() + b" ", vendor_root().encode()])
def test_what_an_appliance_would_refuse_is_not_signed(draft: Path, tmp_path: Path, payload: bytes) -> None:
    with pytest.raises(ManifestError):
        Signable.open(written(tmp_path / "bundle.dsse.json", enveloped(payload).encode()))
    draft.write_bytes(bundle(payload, by=()))
    with pytest.raises(ManifestError):
        Signable.open(draft)


def test_a_bundle_with_a_damaged_file_is_not_signed_and_stays_as_it_is(draft: Path) -> None:
    whole = blobs()
    body = bytearray(whole)
    body[len(blob_member(b"")) + 10] ^= 1
    draft.write_bytes(bundle(by=(), files=bytes(body)))
    before = draft.read_bytes()
    with pytest.raises(BlobAlteredError):
        of_bundle(draft).signed_by([seed("ada")]).store()
    assert draft.read_bytes() == before
    assert [path.name for path in draft.parent.iterdir()] == [draft.name]


def test_parts_are_joined_before_they_are_signed(draft: Path) -> None:
    draft.rename(draft.with_name("tiny.cloister.001"))
    with pytest.raises(BundleFileError, match="it is in parts; join them"):
        Signable.open(draft.with_name("tiny.cloister.001"))


def root_file(path: Path, root: Root, *names: str) -> Path:
    return written(path, signed(Envelope(roots.PAYLOAD_TYPE, root.encode()), *names))


def test_a_first_list_is_signed_by_those_on_it_only(tmp_path: Path) -> None:
    path = root_file(tmp_path / "1.root.dsse.json", vendor_root())
    with pytest.raises(SigningError):
        Signable.open(path).signed_by([seed("mallory")])
    Signable.open(path).signed_by([seed("ada"), seed("ben")]).store()
    assert roots.anchor(path.read_bytes()) == vendor_root()


def test_a_list_that_follows_is_signed_by_old_and_by_new(tmp_path: Path) -> None:
    following = vendor_root(2, names=("ben", "cleo", "dee"))
    path = root_file(tmp_path / "2.root.dsse.json", following)
    for name in ("ada", "ben", "dee"):
        Signable.open(path, vendor_root()).signed_by([seed(name)]).store()
    with pytest.raises(SigningError):
        Signable.open(path, vendor_root()).signed_by([seed("mallory")])
    assert roots.advance(vendor_root(), [(2, path.read_bytes())]) == following


def test_a_list_that_protects_nothing_is_not_signed(tmp_path: Path) -> None:
    weak = make_root("site", [public("ada")], 1, CREATED).encode().replace(b'"threshold":1', b'"threshold":9')
    path = written(tmp_path / "root", Envelope(roots.PAYLOAD_TYPE, weak).encode())
    with pytest.raises(RootKeysError, match="9 signatures"):
        Signable.open(path)


def test_a_file_that_is_nothing_of_ours_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveHeaderError):
        Signable.open(written(tmp_path / "a", b"x" * 2_000))
    with pytest.raises(EnvelopeFormError):
        Signable.open(written(tmp_path / "b", b"{"))
    with pytest.raises(BundleFileError, match="larger than"):
        Signable.open(written(tmp_path / "c", b"{" * (2**20 + 1)))


def test_a_copy_is_the_same_and_asks_nobody_who_signed() -> None:
    of = bundle(by=("mallory",))
    copy = io.BytesIO()
    assert rewrite(io.BytesIO(of), copy) == manifest()
    assert copy.getvalue() == of
    with pytest.raises(UnknownSignerError):
        check(io.BytesIO(of), LINES)
    with pytest.raises(ManifestFormError):
        rewrite(io.BytesIO(bundle(b"{}")), io.BytesIO())


def test_a_small_file_is_read_whole(tmp_path: Path) -> None:
    assert read_small(written(tmp_path / "a", b"x" * 900)) == b"x" * 900
