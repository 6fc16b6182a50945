"""The archive: written here as any tar reads it, read here as no other tar is trusted to."""

from __future__ import annotations

import hashlib
import io
import tarfile

import pytest

from appliance.bundles.archive import ArchiveReader, Part, blob_name, header, write_bundle
from appliance.errors import ArchiveHeaderError, ArchiveOrderError, ArchiveTruncatedError
from tests.bundles.opened import show
from tests.simulators.publisher import (
    SOURCES,
    blob_member,
    bundle,
    manifest,
    raw_header,
    root_member,
    signed,
    vendor_root,
    world,
)

ENVELOPE = signed(manifest().envelope(), "ada", "ben")
ROOT = signed(vendor_root(2).envelope(), "ada", "ben")


def written() -> bytes:
    out = io.BytesIO()
    described = [(source.described(), source.body) for source in SOURCES]
    write_bundle(
        out,
        ENVELOPE,
        [(2, ROOT)],
        ((file.sha256, file.size, (body[:100], body[100:])) for file, body in described),
    )
    return out.getvalue()


def test_the_writer_and_the_simulator_make_the_same_bytes() -> None:
    assert written() == bundle(envelope=ENVELOPE, carried=[(2, ROOT)])


def test_a_header_is_the_same_in_both() -> None:
    for name, size in (("bundle.dsse.json", 0), (blob_name("0" * 64), 8**11 - 1)):
        assert header(name, size) == raw_header(name.encode(), size)


def test_any_tar_reads_what_is_written() -> None:
    with tarfile.open(fileobj=io.BytesIO(written())) as archive:
        names = archive.getnames()
        bodies = [archive.extractfile(member).read() for member in archive.getmembers()]  # type: ignore[union-attr]
    assert names[:2] == ["bundle.dsse.json", "roots/2.root.dsse.json"]
    assert bodies == [ENVELOPE, ROOT, *(source.body for source in SOURCES)]


def test_members_come_with_what_they_are() -> None:
    reader = ArchiveReader(io.BytesIO(written()))
    parts = []
    while member := reader.next_member():
        parts.append((member.part, member.number, hashlib.sha256(reader.content()).hexdigest() in member.name))
    assert parts == [(Part.ENVELOPE, 0, False), (Part.ROOT, 2, False), *[(Part.BLOB, 0, True)] * len(SOURCES)]


def test_a_member_must_be_read_before_the_next_one() -> None:
    reader = ArchiveReader(io.BytesIO(written()))
    reader.next_member()
    with pytest.raises(ValueError, match="not read to its end"):
        reader.next_member()


def test_no_root_follows_a_file() -> None:
    reader = ArchiveReader(io.BytesIO(bundle(files=blob_member(b"a") + root_member(2, ROOT))))
    for _ in range(2):
        reader.next_member()
        reader.content()
    with pytest.raises(ArchiveOrderError):
        reader.next_member()


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"magic": b"ustar  \0"}, "it is no archive of the kind ustar"),
        ({"checksum": b"000000\0 "}, "a checksum is wrong"),
        ({"size": b"\xff" * 12}, "a size is not written in octal digits"),
        ({"uname": b"root"}, "it says more than a name and a size"),
    ],
)
def test_what_is_wrong_with_a_header_is_said(fields: dict[str, bytes], reason: str) -> None:
    with pytest.raises(ArchiveHeaderError) as refused:
        ArchiveReader(io.BytesIO(raw_header(b"bundle.dsse.json", 0, **fields))).next_member()
    assert refused.value.reason == reason


def test_a_stream_that_gives_a_byte_at_a_time_is_read_all_the_same() -> None:
    class Dripping(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 1))

    assert show(Dripping(bundle()), world()).stage == "done"


def test_a_stream_that_has_nothing_for_now_counts_as_broken_off() -> None:
    class Silent:
        def read(self, _size: int, /) -> None:
            return None

    with pytest.raises(ArchiveTruncatedError):
        ArchiveReader(Silent()).next_member()


@pytest.mark.parametrize(("name", "size"), [("a" * 101, 0), ("a", -1), ("a", 8**11)])
def test_what_a_header_cannot_say_is_not_written(name: str, size: int) -> None:
    with pytest.raises(ValueError, match="no ustar header"):
        header(name, size)


def test_a_file_that_is_not_as_long_as_was_said_is_not_written() -> None:
    with pytest.raises(ValueError, match="has 3 bytes, not 4"):
        write_bundle(io.BytesIO(), ENVELOPE, (), [("0" * 64, 4, [b"abc"])])
