"""A site that makes a true update for itself by the commands that people use: key, list, signed bundle of a set."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import REPOSITORY
from tests.engine.starter_en import starter_en

PASSPHRASE = "only for these tests\n"
LIMITS = '{"call": {"wer_max": 0.4, "der_max": 0.4}}'  # The set wrote the reference; processors differ a little.


@dataclass(frozen=True, slots=True)
class Made:
    """What a site made.

    Attributes:
        root: Its signed list of signing keys.
        bundle: An update with the set starter-en.
    """

    root: Path
    bundle: Path


def make_update(folder: Path, sample_wav: Path, release: int = 1) -> Made:
    """Make an update with the English starter set, tried on the sample call."""
    said = folder / "passphrase"
    said.write_text(PASSPHRASE)
    key, root, bundle = folder / "site.key", folder / "site.root.dsse.json", folder / f"starter-en-{release}.cloister"
    quiet = ("--passphrase-file", str(said))
    if not key.exists():
        run("bundle", "key", "make", str(key), *quiet)
        run("bundle", "root", "make", "--line", "site", "--sign", str(key), *quiet, "--out", str(root))
    calls = folder / "selftest"
    if not calls.exists():
        calls.mkdir()
        shutil.copy(sample_wav, calls / "call.wav")
        run("transcribe", str(calls / "call.wav"), "--models", str(starter_en()), "--out", str(calls))
        (calls / "limits.json").write_text(LIMITS)
    run(
        "bundle", "build", "--set", str(starter_en()), "--selftest", str(calls), "--roots", str(root),
        "--release", str(release), "--version", f"2026.{release}", "--out", str(bundle), "--key", str(key), *quiet,
    )  # fmt: skip
    return Made(root, bundle)


def run(*arguments: str) -> None:
    """Run a command of ours, which must end well; in a process of its own, as it changes how its process logs."""
    command = [sys.executable, "-m", "appliance", *arguments]
    ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, f"{' '.join(arguments)}: {ran.stderr[-2000:]}"
