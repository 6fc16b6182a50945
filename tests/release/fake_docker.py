"""A stand-in for the command ``docker``: it plays an engine whose whole state is a folder, and notes every call.

The folder is named by FAKE_DOCKER. ``answers.json`` says how the engine behaves, ``images.json`` what it holds.
"""

# ruff: noqa: T201 -- a command prints.

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

STATE = Path(os.environ["FAKE_DOCKER"])
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


def main() -> int:
    arguments = sys.argv[1:]
    with (STATE / "calls").open("a", encoding="utf-8") as calls:
        calls.write(json.dumps(arguments) + "\n")
    answers = json.loads((STATE / "answers.json").read_text())
    if not answers["reachable"]:
        print("Cannot connect to the Docker daemon. Is the docker daemon running?", file=sys.stderr)
        return 1
    commands = {
        "version": version,
        "info": info,
        "image": image,
        "load": load,
        "save": save,
        "run": run,
        "compose": compose,
    }
    return commands[arguments[0]](arguments[1:], answers)


def version(_arguments: list[str], answers: dict[str, Any]) -> int:
    print(f"{answers['server']} {answers['platform']}")
    return 0


def info(arguments: list[str], answers: dict[str, Any]) -> int:
    print(answers["root"] if "DockerRootDir" in arguments[-1] else f"{answers['runtimes']} ")
    return 0


def compose(_arguments: list[str], answers: dict[str, Any]) -> int:
    return 0 if answers["compose"] else 1


def image(arguments: list[str], _answers: dict[str, Any]) -> int:
    images = held()
    reference = arguments[-1]
    if reference not in images:
        print(f"No such image: {reference}", file=sys.stderr)
        return 1
    if arguments[0] == "rm":
        del images[reference]
        hold(images)
    elif "--format" in arguments:
        print(images[reference]["Id"])
    else:
        print(json.dumps([images[reference]]))
    return 0


def run(_arguments: list[str], _answers: dict[str, Any]) -> int:
    sys.stdout.write((STATE / "inventory.json").read_text())
    return 0


def save(arguments: list[str], answers: dict[str, Any]) -> int:
    """Write the image as an engine does: with the owners and dates of this very moment."""
    with (
        tarfile.open(STATE / "image.tar") as source,
        tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.GNU_FORMAT) as target,
    ):
        for number, member in enumerate(source):
            if answers["save"] == "fails" and number == 2:
                print("error during connect: the engine stopped", file=sys.stderr)
                os._exit(1)
            member.mtime, member.uid, member.uname = int(time.time()) + number, os.getpid(), f"user{os.getpid()}"
            target.addfile(member, source.extractfile(member) if member.isreg() else None)
    return 0


def load(_arguments: list[str], answers: dict[str, Any]) -> int:
    if answers["load"] == "hangs":
        (STATE / "loading").touch()
        time.sleep(60)
    if answers["load"] == "fails":
        sys.stdin.buffer.read(10)
        print("write /var/lib/docker/tmp: no space left on device", file=sys.stderr)
        return 1
    packed = sys.stdin.buffer.read()
    if packed.startswith(ZSTD_MAGIC):
        if int(answers["server"].split(".")[0]) < 25:
            print("archive/tar: invalid tar header", file=sys.stderr)
            return 1
        packed = subprocess.run([answers["zstd"], "-dc"], input=packed, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        contents = {member.name: reader.read() for member in archive if (reader := archive.extractfile(member))}
    take(contents, answers)
    return 0


def take(contents: dict[str, bytes], answers: dict[str, Any]) -> None:
    (entry,) = json.loads(contents["manifest.json"])
    digest = entry["Config"].rpartition("/")[2]
    assert hashlib.sha256(contents[entry["Config"]]).hexdigest() == digest, "an engine checks this too"
    identity = f"sha256:{digest}"
    if answers["store"] == "manifest":
        identity = json.loads(contents["index.json"])["manifests"][0]["digest"]
    if answers["load"] == "other":
        identity = "sha256:" + "ee" * 32
    images = held()
    images |= {tag: {"Id": identity} for tag in entry["RepoTags"]}
    hold(images)
    print(f"Loaded image: {entry['RepoTags'][0]}")


def held() -> dict[str, Any]:
    return dict(json.loads((STATE / "images.json").read_text()))


def hold(images: dict[str, Any]) -> None:
    (STATE / "images.json").write_text(json.dumps(images))


if __name__ == "__main__":
    raise SystemExit(main())
