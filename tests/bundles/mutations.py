"""Bytes bent at random: at bits, at slices, at the words of JSON, at the blocks of an archive."""

from __future__ import annotations

from random import Random

WORDS = (
    b"null", b"true", b"{}", b"[]", b"[", b"]", b"}", b'"', b"\\", b",", b":", b"-1", b"0", b"1e999", b"NaN", b"-0",
    b"0.0", b"9" * 400, b"18446744073709551616", b'"_type":', b'"release":7,', b'"\\ud800"', b'"\\u0000"', b"\xff\xfe",
    b"\xed\xa0\x80", b"\xe2\x80\xae", b"../", b"/", b"\0", b"[" * 2_000, b'{"a":' * 2_000, b"==", b"-_", b" ", b"\n",
    b"ustar\x0000", b"blobs/", b"roots/2.root.dsse.json",
)  # fmt: skip
BLOCK = 512


def bent(random: Random, blob: bytes, times: int = 3) -> bytes:
    """Return the bytes after one or a few changes."""
    for _ in range(random.randint(1, times)):
        blob = random.choice((_flip, _cut, _repeat, _insert, _swap, _end, _number))(random, blob)
    return blob


def bent_archive(random: Random, blob: bytes) -> bytes:
    """Return an archive after changes that leave most of it standing: whole blocks, or headers with true checksums."""
    choice = random.randrange(4)
    if choice == 0:
        return bent(random, blob, 2)
    blocks = [blob[at : at + BLOCK] for at in range(0, len(blob), BLOCK)]
    at = random.randrange(len(blocks))
    if choice == 1:
        blocks[at : at + 1] = random.choice(([], [blocks[at]] * 2, [bytes(BLOCK)], [random.choice(blocks)]))
    else:
        headers = [number for number, block in enumerate(blocks) if block[257:262] == b"ustar"]
        at = random.choice(headers)
        blocks[at] = _with_checksum(bent(random, blocks[at], 2)[:BLOCK].ljust(BLOCK, b"\0"))
    return b"".join(blocks)


def _with_checksum(block: bytes) -> bytes:
    total = sum(block[:148]) + sum(block[156:]) + 8 * 32
    return block[:148] + b"%06o\0 " % total + block[156:]


def _place(random: Random, blob: bytes) -> int:
    return random.randrange(len(blob) + 1)


def _slice(random: Random, blob: bytes) -> tuple[int, int]:
    start = _place(random, blob)
    return start, min(len(blob), start + random.choice((1, 2, 8, 40, 300)))


def _flip(random: Random, blob: bytes) -> bytes:
    if not blob:
        return b"\0"
    at = random.randrange(len(blob))
    return blob[:at] + bytes([blob[at] ^ 1 << random.randrange(8)]) + blob[at + 1 :]


def _cut(random: Random, blob: bytes) -> bytes:
    start, end = _slice(random, blob)
    return blob[:start] + blob[end:]


def _repeat(random: Random, blob: bytes) -> bytes:
    start, end = _slice(random, blob)
    return blob[:end] + blob[start:end] + blob[end:]


def _insert(random: Random, blob: bytes) -> bytes:
    at = _place(random, blob)
    return blob[:at] + random.choice(WORDS) + blob[at:]


def _swap(random: Random, blob: bytes) -> bytes:
    (a, b), (c, d) = sorted((_slice(random, blob), _slice(random, blob)))
    return blob if c < b else blob[:a] + blob[c:d] + blob[b:c] + blob[a:b] + blob[d:]


def _end(random: Random, blob: bytes) -> bytes:
    return blob[: _place(random, blob)] if random.random() < 0.5 else blob + random.choice(WORDS)


def _number(random: Random, blob: bytes) -> bytes:
    """Put another number in the place of one of the first digits found."""
    at = _place(random, blob)
    for start in range(at, min(at + 400, len(blob))):
        if blob[start : start + 1].isdigit():
            return blob[:start] + str(random.choice((0, -1, 2**31, 2**53, 2**64, 7.5))).encode() + blob[start + 1 :]
    return blob
