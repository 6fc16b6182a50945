"""Lies of somebody who can truly sign: in the manifest itself, and about what this appliance may install now."""

from __future__ import annotations

import json

from appliance.bundles.manifest import MAX_FILE_BYTES, AppRange, File, Manifest
from appliance.bundles.trust import Appliance, Installed, Mark
from appliance.errors import (
    AlreadyActiveError,
    AppTooNewError,
    AppTooOldError,
    BelowFloorError,
    EpochError,
    ManifestCollisionError,
    ManifestFormError,
    ManifestKindError,
    ManifestPathError,
    ManifestSelftestError,
    ManifestSizeError,
    ManifestSpellingError,
    NoRoomError,
    OldReleaseError,
    OtherReleaseError,
    WrongProductError,
)
from tests.simulators.lies import Lies
from tests.simulators.publisher import NOW_S, World, bundle, manifest, unwire, vendor_root, world

MANIFEST_LIES = Lies("signatures")
"""Truly signed, and refused while the manifest is read."""

TRUST_LIES = Lies("decision")
"""Truly signed and well formed, and not for this appliance now."""

HONEST = manifest()
TEXT = HONEST.encode().decode()
VALUES: dict[str, object] = json.loads(TEXT)
ZEROS = "0" * 64
FILES = unwire(VALUES["files"])


def saying(**changes: object) -> bytes:
    return unwire(VALUES | changes)


def lacking(field: str) -> bytes:
    return unwire({name: value for name, value in VALUES.items() if name != field})


def with_file(path: str, kind: str = "json", size: int = 0) -> Manifest:
    return manifest(files=(*HONEST.files, File(path=path, sha256=ZEROS, size=size, kind=kind)))


def with_clip(**changes: object) -> bytes:
    clip = {"audio": "selftest/ward.wav", "reference": "selftest/ward.json", "wer_max": 0.15, "der_max": 0.2}
    return saying(selftest=[clip | changes])


def cut(number: str) -> bytes:
    return TEXT.replace('"release":7', f'"release":{number}').encode()


MANIFEST_LIES.each(
    ManifestPathError,
    lambda path: bundle(with_file(str(path))),
    {
        "a path that climbs out": "set/../../../etc/cron.d/x.json",
        "a path that climbs on the spot": "set/./x.json",
        "an absolute path": "/etc/x.json",
        "a path into another place": "current/x.json",
        "a path beside the set": "x.json",
        "a hidden file": "set/.x.json",
        "a path that reads as an option": "set/-rf.json",
        "an empty segment": "set//x.json",
        "a folder's path": "set/asr/",
        "a backslash": "set\\x.json",
        "a drive": "set/c:x.json",
        "a blank": "set/a x.json",
        "a zero byte": "set/x.json\0.txt",
        "a line feed": "set/x.json\n",
        "a letter that looks like another": "set/\u0430sr/x.json",
        "characters that turn the direction": "set/\u202egnp.json",
        "a segment that ends in a dot": "set/asr./x.json",
        "a path of nine segments": "set/a/b/c/d/e/f/g/x.json",
        "a name of 65 letters": "set/" + "a" * 60 + ".json",
        "a path of 201 letters": "set/" + "/".join(["a" * 48] * 4) + "a.json",
    },
)
MANIFEST_LIES.each(
    ManifestKindError,
    lambda lie: bundle(with_file(*lie)),  # type: ignore[misc]
    {
        "a pickle": ("set/asr/pytorch_model.bin", "pickle"),
        "a pickle that poses as JSON": ("set/asr/pytorch_model.bin", "json"),
        "a checkpoint that poses as safetensors": ("set/asr/model.ckpt", "safetensors"),
        "a second name for what CTranslate2 reads": ("set/asr/weights.bin", "ct2"),
        "a program": ("set/asr/model.py", "txt"),
        "a library": ("set/asr/libmodel.so", "onnx"),
        "an image of an appliance": ("set/image.oci", "oci"),
        "a recording inside the set": ("set/asr/clip.wav", "wav"),
        "weights among the recordings": ("selftest/model.onnx", "onnx"),
        "a kind in capitals": ("set/x.json", "JSON"),
        "a name that is only an ending": ("set/x", "json"),
    },
)
MANIFEST_LIES.each(
    ManifestCollisionError,
    lambda path: bundle(with_file(*path)),  # type: ignore[misc]
    {
        "a path twice": ("set/set.json",),
        "a path twice in other capitals": ("set/Set.json",),
        "a folder twice in other capitals": ("set/ASR/vocabulary.json",),
        "a file that would have to be a folder": ("set/asr/tokenizer.json/x.json",),
    },
)


@MANIFEST_LIES.add(ManifestCollisionError)
def a_folder_that_would_have_to_be_a_file() -> bytes:
    first = with_file("set/x.json/y.json").files
    return bundle(manifest(files=(*first, File(path="set/x.json", sha256=ZEROS, size=0, kind="json"))))


MANIFEST_LIES.each(
    ManifestSizeError,
    lambda files: bundle(manifest(files=(*HONEST.files, *files))),  # type: ignore[misc]
    {
        "a file of more than 8 GiB": (File(path="set/x.onnx", sha256=ZEROS, size=MAX_FILE_BYTES + 1, kind="onnx"),),
        "a file of 8 petabytes": (File(path="set/x.onnx", sha256=ZEROS, size=2**53 - 1, kind="onnx"),),
        "files that are too large together": tuple(
            File(path=f"set/{n}.onnx", sha256=ZEROS, size=MAX_FILE_BYTES, kind="onnx") for n in range(9)
        ),
    },
)
MANIFEST_LIES.each(
    ManifestSpellingError,
    bundle,  # type: ignore[arg-type]
    {
        "a release twice": TEXT.replace('"release":7', '"release":1,"release":7').encode(),
        "files twice": saying(files=[]).replace(b'"files":[]', b'"files":' + FILES + b',"files":' + FILES),
        "white space in the manifest": TEXT.replace(",", ", ", 1).encode(),
        "an escape in the manifest": TEXT.replace("Hears", "\\u0048ears").encode(),
        "fields of the manifest in another order": unwire(dict(reversed(VALUES.items()))),
        "a limit with an exponent": TEXT.replace("0.15", "15e-2").encode(),
        "a limit without its decimals": TEXT.replace('"wer_max":0.15', '"wer_max":1').encode(),
        "a line feed behind the manifest": TEXT.encode() + b"\n",
    },
)
MANIFEST_LIES.each(
    ManifestFormError,
    bundle,  # type: ignore[arg-type]
    {
        "an empty manifest": b"",
        "an array in its place": b"[" + TEXT.encode() + b"]",
        "a manifest in UTF-16": TEXT.encode("utf-16"),
        "a byte order mark": b"\xef\xbb\xbf" + TEXT.encode(),
        "half a surrogate pair": TEXT.replace("Hears", "\\ud800").encode(),
        "an unknown field in the manifest": saying(run="rm -rf /"),
        "an unknown field in a file": saying(files=[{**VALUES["files"][0], "mode": 0o4755}]),  # type: ignore[index]
        "no release": lacking("release"),
        "no range of versions": lacking("app"),
        "no self-test at all": lacking("selftest"),
        "an empty self-test": saying(selftest=[]),
        "no files": saying(files=[]),
        "a release as text": cut('"7"'),
        "release 7.0": cut("7.0"),
        "release 7e0": cut("7e0"),
        "release 0": cut("0"),
        "release -1": cut("-1"),
        "release true": cut("true"),
        "release null": cut("null"),
        "a release with a zero before it": cut("07"),
        "a release past 31 bits": cut(str(2**31)),
        "a release past 64 bits": cut(str(2**64 + 7)),
        "a release of a thousand digits": cut("9" * 1_000),
        "release NaN": cut("NaN"),
        "release Infinity": cut("Infinity"),
        "a file of a negative size": TEXT.replace('"size":3000', '"size":-1').encode(),
        "a size past 53 bits": TEXT.replace('"size":3000', f'"size":{2**53}').encode(),
        "the hash of a file in capitals": TEXT.replace(HONEST.files[0].sha256, HONEST.files[0].sha256.upper()).encode(),
        "a hash of 31 bytes": TEXT.replace(HONEST.files[0].sha256, HONEST.files[0].sha256[2:]).encode(),
        "a hash with a line feed": TEXT.replace(HONEST.files[0].sha256, HONEST.files[0].sha256 + "\\n").encode(),
        "a limit above 1": with_clip(wer_max=1.5),
        "a negative limit": with_clip(der_max=-0.1),
        "a limit of five decimals": with_clip(wer_max=0.15001),
        "a limit too large for a number": TEXT.replace("0.15", "1e999").encode(),
        "another type of manifest": saying(_type="cloister-bundle-v2"),
        "a day that never was": saying(created="2026-02-30T00:00:00Z"),
        "a time of another zone": saying(created="2026-11-20T08:00:00+01:00"),
        "a second that never was": saying(created="2026-11-20T08:00:61Z"),
        "an oldest release that is newer than itself": saying(min_release=8),
        "an empty range of versions": saying(app={"min": "0.2.0", "max": "0.1.0"}),
        "a version that is none": saying(app={"min": "0.1", "max": "1"}),
        "notes that turn the direction": saying(notes="harmless \u202e"),
        "notes with an escape sequence": saying(notes="\u001b[2J"),
        "a product with a line of its own": saying(product="cloister\n"),
        "a component that turns the direction": saying(licenses=[{"component": "\u202e", "spdx": "MIT"}]),
        "notes without end": saying(notes="a" * 4_001),
        "a set that is a path": saying(set="../set"),
        "a set without its description": saying(files=VALUES["files"][1:]),  # type: ignore[index]
        "two thousand and forty-nine files": saying(
            files=[{"path": f"set/{n}.txt", "sha256": ZEROS, "size": 0, "kind": "txt"} for n in range(2_049)]
        ),
    },
)
MANIFEST_LIES.each(
    ManifestSelftestError,
    bundle,  # type: ignore[arg-type]
    {
        "a recording that is not there": with_clip(audio="selftest/court.wav"),
        "a reference that is not there": with_clip(reference="selftest/court.json"),
        "a recording outside the bundle": with_clip(audio="../../recordings/1.wav"),
        "a recording that is the reference": with_clip(audio="selftest/ward.json"),
        "a recording whose name turns the direction": with_clip(audio="\u202e"),
        "a reference inside the set": with_clip(reference="set/set.json"),
    },
)


@MANIFEST_LIES.add(ManifestSizeError)
def a_manifest_too_large_to_read() -> bytes:
    return bundle(b" " * 700_001)


def seen_nine() -> World:
    return world().remembering(9)


def seen_seven() -> World:
    return world().remembering(7)


def active_seven() -> World:
    installed = Installed("vendor", Mark(1, 7), HONEST.digest)
    here = world().remembering(7, HONEST.digest)
    return World(here.lines, here.memories, Appliance("0.1.0", 2**40, NOW_S, active=installed))


def second_epoch() -> World:
    return World((vendor_root(2),))


def floor_of_eight() -> World:
    return world().remembering(6, floor=Mark(1, 8))


def nearly_full() -> World:
    return World((vendor_root(),), {}, Appliance("0.1.0", 256 * 2**20, NOW_S))


@TRUST_LIES.add(OldReleaseError, seen_nine)
def an_older_release() -> bytes:
    return bundle()


@TRUST_LIES.add(OldReleaseError, lambda: world().remembering(2**31 - 1))
def a_release_after_the_number_ran_out() -> bytes:
    return bundle()


@TRUST_LIES.add(OtherReleaseError, seen_seven)
def another_bundle_by_a_number_that_was_seen() -> bytes:
    return bundle()


@TRUST_LIES.add(AlreadyActiveError, active_seven)
def the_release_in_use() -> bytes:
    return bundle()


@TRUST_LIES.add(EpochError, second_epoch)
def a_release_from_before_the_keys_were_changed() -> bytes:
    return bundle(manifest(release=99))


@TRUST_LIES.add(EpochError)
def a_release_of_an_epoch_to_come() -> bytes:
    return bundle(manifest(epoch=2))


@TRUST_LIES.add(BelowFloorError, floor_of_eight)
def a_release_that_was_withdrawn() -> bytes:
    return bundle()


@TRUST_LIES.add(AppTooOldError)
def a_release_for_a_newer_appliance() -> bytes:
    return bundle(manifest(app=AppRange(min="0.1.1", max="1.0.0")))


@TRUST_LIES.add(AppTooNewError)
def a_release_for_an_older_appliance() -> bytes:
    return bundle(manifest(app=AppRange(min="0.0.1", max="0.0.9999")))


@TRUST_LIES.add(WrongProductError)
def a_release_of_another_product() -> bytes:
    return bundle(manifest(product="chalet"))


@TRUST_LIES.add(NoRoomError, nearly_full)
def a_release_larger_than_the_disk() -> bytes:
    return bundle()


def of_ordinary_size() -> World:
    return World((vendor_root(),), {}, Appliance("0.1.0", 50 * 2**30, NOW_S))


@TRUST_LIES.add(NoRoomError, of_ordinary_size)
def a_release_that_says_to_be_of_64_gigabytes() -> bytes:
    files = tuple(File(path=f"set/{n}.onnx", sha256=ZEROS, size=MAX_FILE_BYTES, kind="onnx") for n in range(7))
    return bundle(manifest(files=(*HONEST.files, *files)))
