from __future__ import annotations

import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from scripts import release_key
from scripts.release_contents import ReleaseError
from scripts.release_main import main
from tests.release.releases import KEY

PASSPHRASE = "a long enough passphrase"


@pytest.fixture
def passphrase_file(tmp_path: Path) -> Path:
    path = tmp_path / "passphrase"
    path.write_text(f"{PASSPHRASE}\n")
    return path


def test_a_key_is_written_encrypted_for_its_owner_only(tmp_path: Path, passphrase_file: Path) -> None:
    shown = release_key.make_key(tmp_path / "key", passphrase_file)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert (tmp_path / "key").read_text().splitlines()[1] == "-----BEGIN ENCRYPTED PRIVATE KEY-----"
    assert release_key.fingerprint(release_key.load_key(tmp_path / "key", passphrase_file)) == shown


@pytest.mark.parametrize("kind", ["file", "link"])
def test_a_key_is_never_overwritten(tmp_path: Path, passphrase_file: Path, kind: str) -> None:
    if kind == "file":
        (tmp_path / "key").write_text("mine")
    else:
        (tmp_path / "key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ReleaseError, match="never overwritten"):
        release_key.make_key(tmp_path / "key", passphrase_file)
    assert not (tmp_path / "elsewhere").exists()


def test_a_short_passphrase_is_refused_and_nothing_written(tmp_path: Path) -> None:
    (tmp_path / "short").write_text("elevenchars")
    with pytest.raises(ReleaseError, match="too short"):
        release_key.make_key(tmp_path / "key", tmp_path / "short")
    assert not (tmp_path / "key").exists()


def test_a_passphrase_that_was_typed_differently_twice_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = iter([PASSPHRASE, f"{PASSPHRASE} "])
    monkeypatch.setattr("getpass.getpass", lambda _prompt: next(typed))
    with pytest.raises(ReleaseError, match="differ"):
        release_key.make_key(tmp_path / "key", None)


def test_a_wrong_passphrase_is_said_in_words(tmp_path: Path, passphrase_file: Path) -> None:
    release_key.make_key(tmp_path / "key", passphrase_file)
    passphrase_file.write_text("another long passphrase")
    with pytest.raises(ReleaseError, match="passphrase is wrong"):
        release_key.load_key(tmp_path / "key", passphrase_file)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path, passphrase_file: Path) -> None:
    release_key.make_key(tmp_path / "key", passphrase_file)
    (tmp_path / "key").chmod(0o640)
    with pytest.raises(ReleaseError, match="chmod 600"):
        release_key.load_key(tmp_path / "key", passphrase_file)


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def test_a_key_without_a_passphrase_is_refused(tmp_path: Path, passphrase_file: Path) -> None:
    path = written(tmp_path / "key", KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(ReleaseError, match="not encrypted"):
        release_key.load_key(path, passphrase_file)


def test_a_key_of_another_kind_is_refused(tmp_path: Path, passphrase_file: Path) -> None:
    encrypted = BestAvailableEncryption(PASSPHRASE.encode())
    path = written(
        tmp_path / "key", X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encrypted)
    )
    with pytest.raises(ReleaseError, match="not an Ed25519 key"):
        release_key.load_key(path, passphrase_file)


def test_a_file_that_is_no_key_is_refused(tmp_path: Path, passphrase_file: Path) -> None:
    with pytest.raises(ReleaseError, match="not a key file"):
        release_key.load_key(written(tmp_path / "key", b"hello"), passphrase_file)


def test_a_missing_key_is_refused_with_the_way_to_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["release", "--key", str(tmp_path / "none")])
    assert main() == 1
    assert "--make-key FILE" in capsys.readouterr().err


def test_the_command_makes_a_key_and_tells_its_fingerprint(
    tmp_path: Path, passphrase_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "sys.argv", ["release", "--make-key", str(tmp_path / "key"), "--passphrase-file", str(passphrase_file)]
    )
    assert main() == 0
    key = release_key.load_key(tmp_path / "key", passphrase_file)
    assert release_key.fingerprint(key) in capsys.readouterr().out


def test_openssl_computes_the_same_fingerprint(tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    public = written(tmp_path / "release.pub", release_key.public_text(KEY))
    der = subprocess.run(
        [openssl, "pkey", "-pubin", "-in", public, "-outform", "DER"], check=True, capture_output=True
    ).stdout
    counted = subprocess.run(["sha256sum"], input=der, check=True, capture_output=True).stdout.decode()
    assert counted.split()[0] == release_key.fingerprint(KEY)
