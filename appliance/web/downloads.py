"""Names of files that leave: after the recording, and harmless on every system.

The transcript page names the files that it makes by the same rules: ``js/pure/filename.js``.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

MAX_STEM_BYTES = 180  # With suffix and quoting it stays under the 255 bytes that file systems allow.
RESERVED = re.compile(r"^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])$", re.IGNORECASE)
SUFFIX = re.compile(r"(?<=.)\.(?=\w*[A-Za-z])[A-Za-z0-9]{2,5}$")
UNSAFE = re.compile(r'[<>:"/\\|?*%]')


def disposition(title: str, suffix: str) -> str:
    """Return a Content-Disposition that saves under the recording's name.

    Args:
        title: As the person named the recording; anything at all.
        suffix: Of the file, with its dot.

    Source:
        RFC 6266, section 4.3 and appendix D: an ASCII name for old readers, and the true one in UTF-8.
    """
    stem = safe_stem(title)
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode().strip(" .") or "transcript"
    return f"attachment; filename=\"{plain}{suffix}\"; filename*=UTF-8''{quote(stem + suffix, safe='')}"


def safe_stem(title: str) -> str:
    """Return a file name without suffix that Windows, macOS and Linux take, as close to the title as can be."""
    printable = "".join(character if character.isprintable() else " " for character in title)
    stem = UNSAFE.sub("_", SUFFIX.sub("", printable))
    stem = unicodedata.normalize("NFC", " ".join(stem.split()).strip(" ."))
    shortened = stem.encode()[:MAX_STEM_BYTES].decode(errors="ignore").strip(" .")
    return f"{shortened}_" if RESERVED.match(shortened) else shortened or "transcript"
