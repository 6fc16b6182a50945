"""Signing keys on disk: nobody reads, guesses or overwrites them by accident."""

from __future__ import annotations

import base64
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from appliance.bundles import keyfiles
from appliance.errors import KeyFileError

PASSPHRASE = "a long enough passphrase"


@pytest.fixture
def passphrase(tmp_path: Path) -> Path:
    path = tmp_path / "passphrase"
    path.write_text(f"{PASSPHRASE}\nand a second line\n")
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One key for all tests that only look at it: making one takes a third of a second on purpose."""
    folder = tmp_path_factory.mktemp("keys")
    (folder / "passphrase").write_text(PASSPHRASE)
    keyfiles.make_key(folder / "key", folder / "passphrase")
    return folder / "key"


def written(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_a_key_opens_again_with_its_passphrase_only(tmp_path: Path, passphrase: Path) -> None:
    key = keyfiles.make_key(tmp_path / "key", passphrase)
    again = keyfiles.load_key(tmp_path / "key", passphrase)
    assert keyfiles.seed_of(again) == keyfiles.seed_of(key)
    passphrase.write_text("another long passphrase")
    with pytest.raises(KeyFileError, match="passphrase is wrong"):
        keyfiles.load_key(tmp_path / "key", passphrase)


def test_a_key_is_for_its_owner_and_holds_nothing_plain(made: Path) -> None:
    key = keyfiles.load_key(made, made.with_name("passphrase"))
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert keyfiles.seed_of(key) not in made.read_bytes()


def test_a_key_is_derived_by_scrypt_at_full_cost_as_others_read_it(made: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    told = subprocess.run(
        [openssl, "asn1parse", "-strictpem", "-in", made], check=True, capture_output=True, text=True
    ).stdout
    for expected in (":PBES2", ":scrypt", ":020000", ":08", ":aes-256-cbc"):
        assert expected in told


def test_two_keys_of_one_passphrase_share_nothing(tmp_path: Path, passphrase: Path, made: Path) -> None:
    keyfiles.make_key(tmp_path / "key", passphrase)
    first, second = (tmp_path / "key").read_text().splitlines()[2:-1], made.read_text().splitlines()[2:-1]
    assert set(first) & set(second) == set()


@pytest.mark.parametrize("kind", ["file", "link", "folder"])
def test_what_is_there_is_never_overwritten(tmp_path: Path, passphrase: Path, kind: str) -> None:
    place = tmp_path / "key"
    if kind == "link":
        place.symlink_to(tmp_path / "elsewhere")
    elif kind == "folder":
        place.mkdir()
    else:
        place.touch()
    with pytest.raises(KeyFileError, match="never overwritten"):
        keyfiles.make_key(place, passphrase)
    with pytest.raises(KeyFileError, match="never overwritten"):
        keyfiles.write_once(place, b"key", 0o600)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("text", ["elevenchars", "", "\n"])
def test_a_short_passphrase_is_refused_and_nothing_written(tmp_path: Path, text: str) -> None:
    (tmp_path / "short").write_text(text)
    with pytest.raises(KeyFileError, match="too short"):
        keyfiles.make_key(tmp_path / "key", tmp_path / "short")
    assert not (tmp_path / "key").exists()


def test_a_passphrase_that_was_typed_differently_twice_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = iter([PASSPHRASE, f"{PASSPHRASE} "])
    monkeypatch.setattr("getpass.getpass", lambda _prompt: next(typed))
    with pytest.raises(KeyFileError, match="differ"):
        keyfiles.make_key(tmp_path / "key", None)
    assert not (tmp_path / "key").exists()


def test_where_nobody_can_type_the_way_out_is_told(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(_prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("getpass.getpass", nobody)
    with pytest.raises(KeyFileError, match="--passphrase-file"):
        keyfiles.load_key(made, None)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_passphrase_file_that_cannot_be_read_is_named(made: Path, tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "odd").write_bytes(content)
    with pytest.raises(KeyFileError, match="odd"):
        keyfiles.load_key(made, tmp_path / "odd")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_may_read_is_refused_with_what_to_do(
    tmp_path: Path, passphrase: Path, made: Path, mode: int
) -> None:
    with pytest.raises(KeyFileError, match="chmod 600"):
        keyfiles.load_key(written(tmp_path / "key", made.read_bytes(), mode), passphrase)


def encoded(key: Ed25519PrivateKey | X25519PrivateKey, passphrase: str = PASSPHRASE) -> bytes:
    kind = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, kind)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (encoded(Ed25519PrivateKey.generate(), ""), "not encrypted"),
        (encoded(X25519PrivateKey.generate()), "not an Ed25519 key"),
        (b"hello", "not a key file"),
        (b"", "not a key file"),
        (b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n", "not a key file"),
        (b"x" * 5_000, "too large"),
    ],
)
def test_what_is_no_encrypted_key_is_refused_in_words(
    tmp_path: Path, passphrase: Path, content: bytes, words: str
) -> None:
    with pytest.raises(KeyFileError, match=words):
        keyfiles.load_key(written(tmp_path / "key", content), passphrase)


def test_a_changed_byte_of_an_encrypted_key_is_noticed(tmp_path: Path, passphrase: Path, made: Path) -> None:
    text = made.read_bytes()
    for at in range(220, len(text) - 40, 9):  # From the encrypted key on; before it lies what the derivation costs.
        damaged = text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :]
        with pytest.raises(KeyFileError):
            keyfiles.load_key(written(tmp_path / "key", damaged), passphrase)


@pytest.mark.parametrize("cost", [3, 2**23 - 1])
def test_a_cost_that_nobody_can_pay_is_refused_in_words(
    tmp_path: Path, passphrase: Path, made: Path, cost: int
) -> None:
    der = base64.b64decode("".join(made.read_text().splitlines()[2:-1]))
    before, after = bytes.fromhex("0203020000"), b"\x02\x03" + cost.to_bytes(3, "big")
    assert der.count(before) == 1
    text = keyfiles._pem(der.replace(before, after))
    with pytest.raises(KeyFileError, match="not a key file"):
        keyfiles.load_key(written(tmp_path / "key", text), passphrase)


def test_a_missing_key_is_refused_before_anybody_types(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="No such file"):
        keyfiles.load_key(tmp_path / "none", None)


def test_a_public_half_is_read_back(tmp_path: Path) -> None:
    public = keyfiles.public_of(Ed25519PrivateKey.generate())
    (tmp_path / "key.pub").write_bytes(keyfiles.public_text(public))
    assert keyfiles.read_public(tmp_path / "key.pub") == public


@pytest.mark.parametrize("content", [b"", b"hello", os.urandom(64), encoded(Ed25519PrivateKey.generate())])
def test_what_holds_no_public_key_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key.pub").write_bytes(content)
    with pytest.raises(KeyFileError, match="no public key"):
        keyfiles.read_public(tmp_path / "key.pub")


def test_a_full_disk_leaves_no_half_a_key() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with pytest.raises(KeyFileError):
        keyfiles.write_once(Path("/dev/full"), b"key", 0o600)
    assert Path("/dev/full").exists()
