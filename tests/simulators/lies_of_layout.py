"""Lies in how the archive is laid out, and in the bytes of the files."""

from __future__ import annotations

import gzip

from appliance.errors import (
    ArchiveHeaderError,
    ArchiveKindError,
    ArchiveNameError,
    ArchiveOrderError,
    ArchivePaddingError,
    ArchiveSizeError,
    ArchiveTrailingError,
    ArchiveTruncatedError,
    BlobAlteredError,
)
from tests.simulators.lies import Lies
from tests.simulators.publisher import (
    SOURCES,
    blob_member,
    blobs,
    bundle,
    content,
    envelope_member,
    manifest,
    member,
    raw_header,
    root_member,
    signed,
    vendor_root,
)

HEAD_LIES = Lies("layout")
"""Refused before the envelope or a root was so much as read as JSON."""

BLOB_LIES = Lies("files")
"""Truly signed, and the files are not what was signed."""

ENVELOPE = signed(manifest().envelope(), "ada", "ben")
ROOT = signed(vendor_root(2).envelope(), "ada", "ben")


def first(header: bytes) -> bytes:
    """Return a bundle that begins with a member of the liar's."""
    return header + bundle()


HEAD_LIES.each(
    ArchiveKindError,
    lambda kind: first(raw_header(b"bundle.dsse.json", 0, bytes(str(kind), "ascii"), link=b"/etc/shadow")),
    {
        "a hard link in place of a file": "1",
        "a symbolic link in place of a file": "2",
        "a character device": "3",
        "a block device": "4",
        "a folder": "5",
        "a pipe": "6",
        "a contiguous file": "7",
        "a global pax header": "g",
        "a pax header that renames what follows": "x",
        "a long name of GNU": "L",
        "a long link of GNU": "K",
        "a sparse file of GNU": "S",
        "a file in several volumes": "M",
        "a plain file of the oldest kind": "\0",
    },
)
HEAD_LIES.each(
    ArchiveNameError,
    lambda name: first(member(str(name), b"")),
    {
        "a name that climbs out": "../bundle.dsse.json",
        "a blob that climbs out": "blobs/../../../etc/cron.d/x",
        "an absolute name": "/etc/passwd",
        "a name hidden behind a zero byte": "bundle.dsse.json\0/../x",
        "a name that is larger than its field": "blobs/" + "a" * 94,
        "a hash in capitals": "blobs/" + "A" * 64,
        "a root without a number": "roots/.root.dsse.json",
        "a root with number 0": "roots/0.root.dsse.json",
        "a root with zeros before its number": "roots/02.root.dsse.json",
        "a name followed by a line feed": "bundle.dsse.json\n",
        "a name from nowhere": "install.sh",
        "no name": "",
    },
)
HEAD_LIES.each(
    ArchiveHeaderError,
    lambda fields: first(raw_header(b"bundle.dsse.json", 0, **fields)),  # type: ignore[arg-type]
    {
        "a name with a prefix": {"prefix": b"/etc"},
        "a file that runs as its owner": {"mode": b"0004755\0"},
        "an owner": {"uid": b"0001750\0"},
        "an owner by name": {"uname": b"root"},
        "a date": {"mtime": b"15000000000\0"},
        "a link target on a plain file": {"link": b"/etc/shadow"},
        "a device number on a plain file": {"devmajor": b"0000010\0"},
        "bytes behind the last field": {"rest": b"x"},
        "a size in base 256": {"size": b"\x80" + bytes(10) + b"\1"},
        "a negative size": {"size": b"\xff" * 12},
        "a size with a blank": {"size": b" 0000000000\0"},
        "a size with a sign": {"size": b"-0000000001\0"},
        "a size without its zero byte": {"size": b"000000000000"},
        "a size of sixteen digits of a kind": {"size": b"0000000009\0"},
        "a wrong checksum": {"checksum": b"000000\0 "},
        "a checksum with blanks": {"checksum": b"   657\0 "},
        "the magic of GNU": {"magic": b"ustar  \0"},
        "no magic": {"magic": bytes(8)},
    },
)


@HEAD_LIES.add(ArchiveHeaderError)
def a_compressed_bundle() -> bytes:
    return gzip.compress(bundle() + bytes(4096), mtime=0).ljust(1024, b"\0")


@HEAD_LIES.add(ArchiveTruncatedError)
def nothing() -> bytes:
    return b""


@HEAD_LIES.add(ArchiveTruncatedError)
def half_a_header() -> bytes:
    return bundle()[:300]


@HEAD_LIES.add(ArchiveTruncatedError)
def half_an_envelope() -> bytes:
    return bundle()[: 512 + len(ENVELOPE) // 2]


@HEAD_LIES.add(ArchiveOrderError)
def an_empty_archive() -> bytes:
    return bytes(1024)


@HEAD_LIES.add(ArchiveOrderError)
def a_file_before_the_envelope() -> bytes:
    return blobs() + bundle()


@HEAD_LIES.add(ArchiveOrderError)
def a_root_before_the_envelope() -> bytes:
    return root_member(2, ROOT) + bundle()


@HEAD_LIES.add(ArchiveOrderError)
def an_envelope_twice() -> bytes:
    return envelope_member(ENVELOPE) + bundle()


@HEAD_LIES.add(ArchiveOrderError)
def roots_that_count_down() -> bytes:
    return bundle(carried=[(3, ROOT), (2, ROOT)])


@HEAD_LIES.add(ArchiveOrderError)
def a_root_twice() -> bytes:
    return bundle(carried=[(2, ROOT), (2, ROOT)])


@HEAD_LIES.add(ArchiveOrderError)
def nine_roots() -> bytes:
    return bundle(carried=[(number, ROOT) for number in range(2, 11)])


@HEAD_LIES.add(ArchiveSizeError)
def an_envelope_of_a_gigabyte() -> bytes:
    return raw_header(b"bundle.dsse.json", 2**30) + bytes(4096)


@HEAD_LIES.add(ArchiveSizeError)
def a_root_of_a_megabyte() -> bytes:
    return envelope_member(ENVELOPE) + raw_header(b"roots/2.root.dsse.json", 2**20) + bytes(4096)


@HEAD_LIES.add(ArchivePaddingError)
def bytes_hidden_behind_the_envelope() -> bytes:
    hidden = bytearray(bundle())
    hidden[512 + len(ENVELOPE)] = 1
    return bytes(hidden)


@BLOB_LIES.add(BlobAlteredError)
def a_flipped_bit_of_a_file() -> bytes:
    bent = bytearray(bundle())
    bent[bent.index(SOURCES[1].body) + 1_000] ^= 1
    return bytes(bent)


@BLOB_LIES.add(BlobAlteredError)
def a_file_of_another_release_under_this_ones_name() -> bytes:
    other = content("older model", len(SOURCES[1].body))
    return bundle().replace(SOURCES[1].body, other)


@BLOB_LIES.add(ArchiveOrderError)
def a_file_of_another_release() -> bytes:
    return bundle(files=blob_member(SOURCES[0].body) + blob_member(content("older model", 3_000)))


@BLOB_LIES.add(ArchiveOrderError)
def two_files_changed_places() -> bytes:
    return bundle(files=blobs((SOURCES[1], SOURCES[0], *SOURCES[2:])))


@BLOB_LIES.add(ArchiveOrderError)
def a_file_too_few() -> bytes:
    return bundle(files=blobs(SOURCES[:-1]))


@BLOB_LIES.add(ArchiveOrderError)
def no_file_at_all() -> bytes:
    return bundle(files=b"")


@BLOB_LIES.add(ArchiveOrderError)
def a_file_that_nobody_signed_at_the_end() -> bytes:
    return bundle(files=blobs() + blob_member(b"import os"))


@BLOB_LIES.add(ArchiveOrderError)
def a_root_behind_the_files() -> bytes:
    return bundle(files=blobs() + root_member(2, ROOT))


@BLOB_LIES.add(ArchiveOrderError)
def a_second_envelope_behind_the_files() -> bytes:
    return bundle(files=blobs() + envelope_member(ENVELOPE))


@BLOB_LIES.add(ArchiveKindError)
def a_link_among_the_files() -> bytes:
    name = f"blobs/{SOURCES[1].described().sha256}".encode()
    return bundle(files=blobs(SOURCES[:1]) + raw_header(name, 0, b"2", link=b"/etc/shadow"))


@BLOB_LIES.add(ArchiveSizeError)
def a_file_without_end() -> bytes:
    name = f"blobs/{SOURCES[0].described().sha256}".encode()
    return bundle(files=raw_header(name, 8**11 - 1) + bytes(2**16))


@BLOB_LIES.add(ArchiveSizeError)
def a_file_shorter_than_signed() -> bytes:
    return bundle(files=member(f"blobs/{SOURCES[0].described().sha256}", SOURCES[0].body[:-1]))


@BLOB_LIES.add(ArchivePaddingError)
def bytes_hidden_behind_a_file() -> bytes:
    body = SOURCES[0].body
    return bundle(files=blob_member(body)[:-1] + b"x" + blobs(SOURCES[1:]))


@BLOB_LIES.add(ArchiveTruncatedError)
def a_copy_that_broke_off_in_a_file() -> bytes:
    whole = bundle()
    return whole[: whole.index(SOURCES[1].body) + 1_500]


@BLOB_LIES.add(ArchiveTruncatedError)
def a_copy_that_broke_off_between_files() -> bytes:
    return bundle(files=blobs(SOURCES[:2]), end=b"")


@BLOB_LIES.add(ArchiveTruncatedError)
def an_archive_without_end_blocks() -> bytes:
    return bundle(end=b"")


@BLOB_LIES.add(ArchiveTruncatedError)
def an_archive_with_one_end_block() -> bytes:
    return bundle(end=bytes(512))


@BLOB_LIES.add(ArchiveTrailingError)
def a_second_archive_behind_the_end() -> bytes:
    return bundle() + bundle()


@BLOB_LIES.add(ArchiveTrailingError)
def zeros_behind_the_end() -> bytes:
    return bundle() + bytes(512)


@BLOB_LIES.add(ArchiveTrailingError)
def a_file_between_the_end_blocks() -> bytes:
    return bundle(end=bytes(512) + blob_member(b"import os") + bytes(512))
