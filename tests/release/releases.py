"""Small but whole releases, made by the real code from a small checkout and an engine that is played."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import shutil
import stat
import subprocess
import sys
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from scripts import release_folder, release_key
from scripts.release_main import Choices, release
from tests.conftest import REPOSITORY

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
FINGERPRINT, OTHER_FINGERPRINT = release_key.fingerprint(KEY), release_key.fingerprint(OTHER_KEY)
COMMIT = "0123456789abcdef0123456789abcdef01234567"
WHEEL = b"the bytes of a wheel"

# What a target machine has: a shell, coreutils, find, sed, grep; docker, openssl and zstd are given one by one.
TOOLS = (
    "cat", "chmod", "cp", "cut", "df", "dirname", "find", "grep", "head", "mkdir", "mktemp", "mv", "od", "rm", "rmdir",
    "sed", "sha256sum", "sort", "sync", "tail", "tr", "uniq", "wc",
)  # fmt: skip


def the_program(name: str) -> str:
    """Return the path of a program that these tests need, or skip; a build server has to have it."""
    path = shutil.which(name)
    if path is None:
        assert os.environ.get("CI") != "true", f"{name} is not installed"
        pytest.skip(f"{name} is not installed")
    return path


def image_archive(content: bytes, tag: str) -> bytes:
    """Return what an engine saves for an image of one layer."""
    layer = hashlib.sha256(content).hexdigest()
    config = json.dumps(
        {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [layer]}}
    ).encode()
    config_digest = hashlib.sha256(config).hexdigest()
    manifest = json.dumps({"schemaVersion": 2, "config": {"digest": f"sha256:{config_digest}"}}).encode()
    manifest_digest = hashlib.sha256(manifest).hexdigest()
    files = {
        f"blobs/sha256/{layer}": content,
        f"blobs/sha256/{config_digest}": config,
        f"blobs/sha256/{manifest_digest}": manifest,
        "index.json": json.dumps({"manifests": [{"digest": f"sha256:{manifest_digest}"}]}).encode(),
        "manifest.json": json.dumps([{"Config": f"blobs/sha256/{config_digest}", "RepoTags": [tag]}]).encode(),
    }
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return written.getvalue()


def config_of(archive: bytes) -> str:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        (entry,) = json.loads(tar.extractfile("manifest.json").read())  # type: ignore[union-attr]
    return "sha256:" + str(entry["Config"]).rpartition("/")[2]


def inventory() -> dict[str, Any]:
    """Return what a very small image says of itself."""
    text = base64.b64encode(b"Permission is hereby granted\n").decode()
    manifest = {
        "schema": 1, "name": "starter", "release": "1",
        "roles": {"asr": {"path": "asr", "id": "small-ears", "kind": "ct2", "licence": "MIT", "origin": "a test"}},
        "files": {"asr/model.bin": {"sha256": "ab" * 32, "bytes": 7}},
    }  # fmt: skip
    wheel = {
        "name": "Small_Wheel", "version": "1.2.3", "expression": "MIT", "declared": "", "classifiers": [],
        "legal_files": [{"path": "LICENSE", "content": text}, {"path": "license", "content": text}], "libraries": [],
    }  # fmt: skip
    return {
        "python": "3.11.9",
        "python_licence": {"path": "LICENSE.txt", "content": text},
        "system": {"id": "debian", "version": "12", "name": "Debian GNU/Linux 12"},
        "wheels": [wheel],
        "packages": [{"package": "libc6", "version": "2.36-9+deb12u9", "architecture": "amd64"}],
        "sets": [{"manifest": json.dumps(manifest), "legal_files": [{"path": "small-ears.txt", "content": text}]}],
    }


@dataclass
class Engine:
    """A played engine and the folder with its command.

    Attributes:
        home: Folder of its state and of its command.
        answers: How it behaves; write() makes it so.
    """

    home: Path
    answers: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the folders, with an engine that behaves well and holds nothing."""
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / "bin").mkdir()
        self.hold({})
        (self.home / "calls").touch()
        self.behave(
            reachable=True, server="28.2.2", platform="linux/amd64", runtimes="io.containerd.runc.v2 runc",
            root=str(self.home), compose=True, store="config", load="well", save="well", zstd=shutil.which("zstd"),
        )  # fmt: skip
        self.command(
            "docker",
            f"#!{sys.executable} -IS\n" + Path(__file__).with_name("fake_docker.py").read_text(encoding="utf-8"),
        )

    def behave(self, **answers: object) -> None:
        self.answers |= answers
        (self.home / "answers.json").write_text(json.dumps(self.answers))

    def command(self, name: str, text: str) -> None:
        """Put a program on this machine's path."""
        path = self.home / "bin" / name
        path.unlink(missing_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    def hold(self, images: dict[str, Any]) -> None:
        (self.home / "images.json").write_text(json.dumps(images))

    @property
    def images(self) -> dict[str, Any]:
        return dict(json.loads((self.home / "images.json").read_text()))

    @property
    def calls(self) -> list[list[str]]:
        return [json.loads(line) for line in (self.home / "calls").read_text().splitlines()]

    @property
    def loads(self) -> int:
        return sum(call[0] == "load" for call in self.calls)


@dataclass
class Workshop:
    """A machine that makes releases: a small checkout, an engine with an image in it."""

    home: Path

    def __post_init__(self) -> None:
        """Make the checkout and the engine."""
        the_program("zstd")
        the_program("openssl")
        self.engine = Engine(self.home / "engine")
        self.root = self.home / "checkout"
        shutil.copytree(REPOSITORY / "appliance/web/static/vendor", self.root / "appliance/web/static/vendor")
        for name in ("INSTALL.md", "README.md", "LICENSE", "compose.yaml", "scripts/install"):
            (self.root / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(REPOSITORY / name, self.root / name)
        wheels = self.root / "offline_wheels"
        wheels.mkdir()
        digest = hashlib.sha256(WHEEL).hexdigest()
        (wheels / "requirements.lock").write_text(
            f"left-out==0.5 ; sys_platform == 'linux' \\\n    --hash=sha256:{digest} \\\n    --hash=sha256:{'0' * 64}\n"
            f"small-wheel==1.2.3 \\\n    --hash=sha256:{digest}\n"
        )
        for name in ("left_out-0.5-py3-none-any.whl", "small_wheel-1.2.3-py3-none-any.whl"):
            (wheels / name).write_bytes(WHEEL)
        (self.engine.home / "inventory.json").write_text(json.dumps(inventory()))

    def build(self, version: str, *, created: str = "2026-11-23T10:00:00Z", revision: str = COMMIT) -> None:
        """Put an image of this version into the engine, as scripts/build does."""
        content = hashlib.shake_256(f"{version} {created}".encode()).digest(5000)  # Nothing that zstd makes smaller.
        archive = image_archive(content, f"cloister:{version}")
        (self.engine.home / "image.tar").write_bytes(archive)
        labels = {"version": version, "revision": revision, "created": created}
        self.engine.hold({
            f"cloister:{version}": {
                "Id": config_of(archive), "Os": "linux", "Architecture": "amd64", "Size": len(content),
                "Config": {"Labels": {f"org.opencontainers.image.{name}": text for name, text in labels.items()}},
            }
        })  # fmt: skip

    def release(
        self,
        version: str,
        out: Path,
        key: Ed25519PrivateKey = KEY,
        *,
        part_bytes: int | None = 1500,
        changes: bool = True,
    ) -> Path:
        """Make a release of the image in the engine by the real code."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("FAKE_DOCKER", str(self.engine.home))
            patch.setenv("PATH", f"{self.engine.home / 'bin'}:{os.environ['PATH']}")
            return release(Choices(self.root, out, version, part_bytes, 3, changes), key)


@dataclass
class Target:
    """A machine that a release is carried to: nothing on its path but what a target has."""

    home: Path

    def __post_init__(self) -> None:
        """Put the tools on its path."""
        self.engine = Engine(self.home / "engine")
        self.bin = self.engine.home / "bin"
        for name in TOOLS:
            (self.bin / name).symlink_to(the_program(name))
        for name in ("openssl", "zstd"):
            (self.bin / name).symlink_to(the_program(name))
        self.folder = self.home / "cloister"

    @property
    def environment(self) -> dict[str, str]:
        (self.home / "tmp").mkdir(exist_ok=True)
        return {"PATH": str(self.bin), "FAKE_DOCKER": str(self.engine.home), "TMPDIR": str(self.home / "tmp")}

    def command(self, release: Path, *options: str, to: Path | None = None) -> list[str]:
        return ["/bin/sh", str(release / "install"), "--to", str(to or self.folder), *options]

    def install(self, release: Path, *options: str, to: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run the release's installer where nobody can answer a question."""
        return subprocess.run(
            self.command(release, *options, to=to),
            env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def remove(self, name: str) -> None:
        (self.bin / name).unlink()


def content_of(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return mode and bytes of every file of a folder, hidden ones too."""
    return {
        path.relative_to(folder).as_posix(): (stat.S_IMODE(path.stat().st_mode), path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def sign_again(folder: Path, key: Ed25519PrivateKey = KEY) -> None:
    """Write list and signature anew, as only the owner of the key can."""
    for name in ("SHA256SUMS", "SHA256SUMS.sig"):
        (folder / name).unlink()
    release_folder.write_sums(folder, {})
    release_folder.sign_sums(folder, key)


def change_field(folder: Path, **fields: object) -> None:
    """Change what RELEASE.json says, and sign again."""
    path = folder / "RELEASE.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields, indent=1) + "\n")
    sign_again(folder)
