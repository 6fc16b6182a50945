"""A bundle as it streams in: nothing is skipped, and nothing of it stays in memory."""

from __future__ import annotations

import hashlib
import io
import tracemalloc

import pytest

from appliance.bundles.archive import PIECE_BYTES, header
from appliance.bundles.manifest import File
from appliance.bundles.opening import Head, read_head
from appliance.errors import BlobAlteredError
from tests.bundles.opened import show
from tests.simulators.publisher import (
    END,
    SOURCES,
    blobs,
    bundle,
    enveloped,
    manifest,
    public,
    signed,
    vendor_root,
    world,
)

LARGE_BYTES = 96 * 2**20


def head(of: bytes | None = None) -> Head:
    return read_head(io.BytesIO(bundle() if of is None else of))


def test_who_stops_within_a_file_cannot_go_on() -> None:
    files = head().files(manifest())
    next(files)
    with pytest.raises(ValueError, match="not read to its end"):
        next(files)


def test_who_takes_the_bytes_and_not_the_end_has_not_checked_them() -> None:
    # A file of one whole block: all its bytes come in one piece, and no padding is left that could give it away.
    whole_block = next(number for number, source in enumerate(SOURCES) if len(source.body) == 512)
    files = head().files(manifest())
    for _ in range(whole_block):
        _, pieces = next(files)
        assert b"".join(pieces) is not None
    _, pieces = next(files)
    assert len(next(pieces)) == 512
    with pytest.raises(ValueError, match="not read to its end"):
        next(files)


def test_an_empty_file_has_a_hash_too() -> None:
    honest = manifest()
    empty = honest.files[4]
    lying = File(path=empty.path, sha256="0" * 64, size=0, kind="txt")
    files = (*honest.files[:4], lying, *honest.files[5:])
    # The member has the name that was signed, and no bytes; their hash is another.
    bodies = blobs(SOURCES[:4]) + header(f"blobs/{'0' * 64}", 0) + blobs(SOURCES[5:])
    with pytest.raises(BlobAlteredError):
        show(bundle(manifest(files=files), files=bodies), world())


class Zeros:
    """A bundle with a large file of zeros that exists nowhere."""

    def __init__(self) -> None:
        digest = hashlib.sha256()
        for _ in range(LARGE_BYTES // PIECE_BYTES):
            digest.update(bytes(PIECE_BYTES))
        large = File(path="set/asr/large.onnx", sha256=digest.hexdigest(), size=LARGE_BYTES, kind="onnx")
        made = manifest(files=(*manifest().files, large))
        envelope = signed(enveloped(made), "ada", "ben")
        self._before = io.BytesIO(bundle(envelope=envelope, end=b"") + header(f"blobs/{large.sha256}", LARGE_BYTES))
        self._left = LARGE_BYTES
        self._after = io.BytesIO(END)

    def read(self, size: int, /) -> bytes:
        found = self._before.read(size)
        if not found and self._left:
            found = bytes(min(size, self._left))
            self._left -= len(found)
        return found or self._after.read(size)


def test_a_large_file_passes_through_little_memory() -> None:
    stream = Zeros()
    tracemalloc.start()
    opened = read_head(stream)
    made = opened.manifest(opened.newest_root([vendor_root()]))
    passed = sum(len(piece) for _, pieces in opened.files(made) for piece in pieces)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert passed == made.total_bytes > LARGE_BYTES
    assert peak < 8 * 2**20


def test_what_is_kept_beside_the_set_is_what_came() -> None:
    carried = [(2, signed(vendor_root(2).envelope(), "ada", "ben"))]
    opened = head(bundle(manifest(epoch=2), carried=carried))
    assert list(opened.carried) == carried
    assert opened.encoded == signed(manifest(epoch=2).envelope(), "ada", "ben")
    assert public("ada") in opened.newest_root([vendor_root()]).keys.values()
