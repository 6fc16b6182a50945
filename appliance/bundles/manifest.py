"""The manifest: every file of a bundle and what it must be, what it is for, and how it is tried. Rules only, no I/O.

FORMAT.md section 5 is the specification.
"""

from __future__ import annotations

import hashlib
from typing import Annotated

import msgspec

from appliance.bundles import spelling
from appliance.bundles.envelope import Envelope
from appliance.bundles.paths import check_places
from appliance.bundles.spelling import Count, Hex32, Instant
from appliance.errors import ManifestFormError, ManifestSelftestError, ManifestSizeError, ManifestSpellingError

TYPE = "cloister-bundle-v1"
PRODUCT = "cloister"
PAYLOAD_TYPE = "application/vnd.cloister.bundle.v1+json"
MAX_MANIFEST_BYTES = 700_000  # In base64 it fits into an envelope with all the signatures that one may have.
MAX_FILES = 2_048
MAX_FILE_BYTES = 8**11 - 1  # What the eleven octal digits of a ustar header can say.
MAX_TOTAL_BYTES = 2**36
MAX_NUMBER = 2**53 - 1  # What a number of JavaScript holds exactly; sizes above the limits still get their own error.
SET_FILE = "set/set.json"

Name = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9 ._+-]{0,63}\Z")]
AppVersion = Annotated[str, msgspec.Meta(pattern=r"\A(0|[1-9][0-9]{0,3})(\.(0|[1-9][0-9]{0,3})){2}\Z")]
Limit = Annotated[float, msgspec.Meta(ge=0, le=1)]


class AppRange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The versions of Cloister that a bundle is for, both ends included."""

    min: AppVersion
    max: AppVersion


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One file of a bundle.

    Attributes:
        path: Below ``set/``, where the model set is, or ``selftest/``.
        sha256: Of its bytes, in hexadecimal.
        size: In bytes.
        kind: One of ``paths.KINDS``.
    """

    path: Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)]
    sha256: Hex32
    size: Annotated[int, msgspec.Meta(ge=0, le=MAX_NUMBER)]
    kind: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]


class Clip(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A recording on which the set is tried before it is used.

    Attributes:
        audio: Path of a file of the kind ``wav``.
        reference: Path of a file of the kind ``json``: what is said in it, and by whom.
        wer_max: Largest word error rate that passes, 0 to 1.
        der_max: Largest diarization error rate that passes, 0 to 1, or None where speakers are not told apart.
    """

    audio: str
    reference: str
    wer_max: Limit
    der_max: Limit | None


class Licence(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Under which licence a model comes."""

    component: Name
    spdx: Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9.+() -]{1,128}\Z")]


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename={"type": "_type"}):
    """What a bundle holds; the order of the fields is the order of the signed bytes.

    Attributes:
        type: What this document is.
        product: For whose appliance.
        epoch: Number of the root under which it was signed.
        release: 1, 2, … within an epoch; a larger one is newer.
        min_release: The oldest release of this epoch that may be used once this one was seen; 0 says nothing.
        version: For people.
        created: When it was built.
        app: Versions of Cloister that it is for.
        set: Name of the model set.
        files: In the order of the archive's blobs.
        selftest: At least one recording to try it on.
        notes: What is new, for people.
        licenses: Of the models in it.
    """

    type: str = TYPE
    product: Name = PRODUCT
    epoch: Count
    release: Count
    min_release: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
    version: Annotated[str, msgspec.Meta(pattern=r"\A[0-9A-Za-z][0-9A-Za-z.+-]{0,31}\Z")]
    created: Instant
    app: AppRange
    set: Annotated[str, msgspec.Meta(pattern=r"\A[a-z0-9][a-z0-9._-]{0,63}\Z")]
    files: Annotated[tuple[File, ...], msgspec.Meta(min_length=1, max_length=MAX_FILES)]
    selftest: Annotated[tuple[Clip, ...], msgspec.Meta(min_length=1, max_length=64)]
    notes: Annotated[str, msgspec.Meta(max_length=4_000)]
    licenses: Annotated[tuple[Licence, ...], msgspec.Meta(max_length=256)]

    @classmethod
    def decode(cls, encoded: bytes) -> Manifest:
        """Read a manifest. Only what ``Envelope.require`` has let through is ever given to this.

        Raises:
            ManifestFormError: It is not JSON of the right form, or a field says what it cannot.
            ManifestSpellingError: It is not spelled in the one way: a key twice, white space, another order.
            ManifestPathError, ManifestKindError, ManifestCollisionError: See ``paths.check_places``.
            ManifestSizeError: A file, all files together, or the manifest itself is too large.
            ManifestSelftestError: A clip needs a file that is not there.
        """
        if len(encoded) > MAX_MANIFEST_BYTES:
            raise ManifestSizeError(size_bytes=len(encoded), limit_bytes=MAX_MANIFEST_BYTES)
        found = spelling.read(encoded, cls, ManifestFormError)
        if not spelling.is_spelled(found, encoded):
            raise ManifestSpellingError
        found.check()
        return found

    def encode(self) -> bytes:
        """Return the bytes that are signed."""
        return spelling.write(self)

    def envelope(self) -> Envelope:
        """Return the manifest in an envelope that nobody has signed yet.

        Raises:
            ManifestError: It breaks a rule, and nobody would take it; see ``decode``.
        """
        return Envelope(PAYLOAD_TYPE, Manifest.decode(self.encode()).encode())

    @property
    def digest(self) -> str:
        """SHA-256 of the signed bytes in hexadecimal: what tells two releases of one number apart."""
        return hashlib.sha256(self.encode()).hexdigest()

    @property
    def created_s(self) -> float:
        """When it was built, in seconds since 1970."""
        return spelling.seconds_of(self.created)

    @property
    def total_bytes(self) -> int:
        """Bytes of all its files."""
        return sum(file.size for file in self.files)

    def check(self) -> None:
        """Check the rules between fields; raises as ``decode`` does."""
        reason = self._odd()
        if reason:
            raise ManifestFormError(reason=reason)
        check_places((file.path, file.kind) for file in self.files)
        self._check_sizes()
        self._check_selftest()
        if SET_FILE not in {file.path for file in self.files}:
            raise ManifestFormError(reason=f"it has no {SET_FILE}")

    def _odd(self) -> str:
        limits = [limit for clip in self.selftest for limit in (clip.wer_max, clip.der_max) if limit is not None]
        odd = {
            "it is something else": self.type != TYPE,
            "there is no such date": not spelling.is_instant(self.created),
            "the notes hold characters that do not show": not spelling.is_plain(self.notes),
            "the oldest release that may be used is a later one": self.min_release > self.release,
            "the range of versions is empty": _numbers(self.app.min) > _numbers(self.app.max),
            "a limit has more than four decimals": any(round(limit, 4) != limit for limit in limits),
        }
        return next((reason for reason, is_so in odd.items() if is_so), "")

    def _check_sizes(self) -> None:
        largest = max(file.size for file in self.files)
        if largest > MAX_FILE_BYTES:
            raise ManifestSizeError(size_bytes=largest, limit_bytes=MAX_FILE_BYTES)
        if self.total_bytes > MAX_TOTAL_BYTES:
            raise ManifestSizeError(size_bytes=self.total_bytes, limit_bytes=MAX_TOTAL_BYTES)

    def _check_selftest(self) -> None:
        kinds = {file.path: file.kind for file in self.files}
        for clip in self.selftest:
            for path, kind in ((clip.audio, "wav"), (clip.reference, "json")):
                if kinds.get(path) != kind or not path.startswith("selftest/"):
                    raise ManifestSelftestError(path=spelling.shown(path))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
