"""Two builds of one commit are alike, file by file."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import tarfile

import pytest

from appliance import __version__
from tests.conftest import REPOSITORY
from tests.image.containers import IMAGE, docker

MADE_BY_THE_ENGINE = ("dev/", "proc/", "sys/", "etc/hostname", "etc/hosts", "etc/mtab", "etc/resolv.conf", ".dockerenv")
STEP = re.compile(r"^ ---> ([0-9a-f]{12})$", re.MULTILINE)

Entry = tuple[int, int, int, bytes, str]


def manifest(image: str) -> dict[str, Entry]:
    """Name to mode, owner, group, kind and content of every file in an image."""
    container = docker("create", image).stdout.strip()
    try:
        with (
            subprocess.Popen(["docker", "export", container], stdout=subprocess.PIPE) as exported,
            tarfile.open(fileobj=exported.stdout, mode="r|") as archive,
        ):
            return {
                member.name: (member.mode, member.uid, member.gid, member.type, content(archive, member))
                for member in archive
                if not member.name.startswith(MADE_BY_THE_ENGINE)
            }
    finally:
        docker("rm", "--volumes", container)


def content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    """SHA-256 of a file, or where a link leads."""
    file = archive.extractfile(member) if member.isreg() else None
    if file is None:
        return member.linkname
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


def build(image: str) -> list[str]:
    """Build this checkout without the engine's memory of earlier builds.

    Returns:
        Images without a name that Docker's older builder leaves of the first stage, 12 GB, the newest first.
    """
    before = docker("image", "ls", "--all", "--quiet").stdout.split()
    base = ["--build-arg", f"BASE_IMAGE={os.environ.get('BASE_IMAGE', 'python:3.11-slim-bookworm')}"]
    command = ["docker", "build", "--network", "none", "--no-cache", *base, "--build-arg", f"VERSION={__version__}"]
    built = subprocess.run(
        [*command, "--tag", image, "."], cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True
    )
    return [step for step in reversed(STEP.findall(built.stdout)) if step not in before]


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_two_builds_of_one_commit_have_the_same_files(image: str) -> None:
    again = f"{IMAGE}-again"
    left: list[str] = []
    first = manifest(image)
    try:
        left = build(again)
        second = manifest(again)
    finally:
        docker("rmi", "--force", again, *left, check=False, seconds=900)
    assert len(first) > 10_000
    assert sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name)) == []
