"""Every lie of the publisher is refused, with an error of its own, before it could matter."""

from __future__ import annotations

from collections import Counter

import pytest

from appliance.bundles.archive import PIECE_BYTES
from appliance.bundles.manifest import Manifest
from appliance.errors import ArchiveTrailingError, BundleError
from tests.bundles.opened import Shown, show
from tests.simulators.lies import Lie
from tests.simulators.lies_of_layout import BLOB_LIES, HEAD_LIES
from tests.simulators.lies_of_manifests import MANIFEST_LIES, TRUST_LIES
from tests.simulators.lies_of_signers import ENVELOPE_LIES, ROOT_LIES, SIGNATURE_LIES
from tests.simulators.publisher import SOURCES, bundle, world

LIES = [*HEAD_LIES, *ENVELOPE_LIES, *ROOT_LIES, *SIGNATURE_LIES, *MANIFEST_LIES, *TRUST_LIES, *BLOB_LIES]
UNREAD = [*HEAD_LIES, *ENVELOPE_LIES, *ROOT_LIES, *SIGNATURE_LIES]


class Recorded:
    """A stream that remembers how much of it was read."""

    def __init__(self, content: bytes, endless: bytes = b"") -> None:
        self.content = content
        self.endless = endless
        self.taken_bytes = 0

    def read(self, size: int, /) -> bytes:
        found = self.content[self.taken_bytes : self.taken_bytes + size]
        if not found and self.endless:
            found = (self.endless * (size // len(self.endless) + 1))[:size]
        self.taken_bytes += len(found)
        return found


def named(lies: list[Lie]) -> list[object]:
    return [pytest.param(lie, id=lie.name) for lie in lies]


def refused(lie: Lie, made: bytes | None = None) -> Shown:
    shown = Shown()
    with pytest.raises(BundleError) as caught:
        show(lie.make() if made is None else made, lie.world(), shown)
    assert type(caught.value) is lie.error
    assert str(caught.value).isprintable()  # No place without a fact, and no line of the liar's in a log.
    return shown


def test_an_honest_bundle_is_taken_whole() -> None:
    shown = show(bundle(), world())
    assert shown.stage == "done"
    assert shown.written == {source.path: source.body for source in SOURCES}


@pytest.mark.parametrize("lie", named(LIES))
def test_a_lie_is_refused_with_its_own_error_at_its_stage(lie: Lie) -> None:
    assert refused(lie).stage == lie.stage


@pytest.mark.parametrize("lie", named(UNREAD))
def test_a_manifest_is_not_parsed_before_enough_have_signed_it(lie: Lie, monkeypatch: pytest.MonkeyPatch) -> None:
    def parsed(_: bytes) -> Manifest:
        raise AssertionError("the manifest was parsed")

    made = lie.make()
    monkeypatch.setattr(Manifest, "decode", parsed)
    refused(lie, made)


@pytest.mark.parametrize("lie", named([*UNREAD, *MANIFEST_LIES, *TRUST_LIES]))
def test_no_file_is_handed_out_before_the_decision(lie: Lie) -> None:
    assert refused(lie).written == {}


@pytest.mark.parametrize("lie", named(list(BLOB_LIES)))
def test_a_file_that_is_not_as_signed_is_never_handed_out_as_whole(lie: Lie) -> None:
    true = {source.path: source.body for source in SOURCES}
    written = refused(lie).written
    assert written == {path: true[path] for path in written}


@pytest.mark.parametrize("lie", named([*UNREAD, *MANIFEST_LIES, *TRUST_LIES]))
def test_a_bundle_is_refused_before_its_files_are_read(lie: Lie) -> None:
    made = lie.make()
    stream = Recorded(made)
    with pytest.raises(BundleError):
        show(stream, lie.world())
    at = made.find(b"blobs/")  # The header of the first file is read to see that no more roots come.
    assert stream.taken_bytes <= (at + 512 if at >= 0 else len(made))


def test_a_stream_without_end_is_refused_after_a_byte_too_many() -> None:
    stream = Recorded(bundle(), endless=b"\0")
    with pytest.raises(ArchiveTrailingError):
        show(stream, world())
    assert stream.taken_bytes == len(bundle()) + 1


def test_a_file_is_read_in_pieces_of_a_megabyte_at_most() -> None:
    sizes: list[int] = []

    class Measured(Recorded):
        def read(self, size: int, /) -> bytes:
            sizes.append(size)
            return super().read(size)

    show(Measured(bundle()), world())
    assert max(sizes) <= PIECE_BYTES


def test_there_are_more_lies_than_anybody_asked_for_and_each_has_its_name() -> None:
    assert len(LIES) >= 25
    assert [name for name, count in Counter(lie.name for lie in LIES).items() if count > 1] == []
