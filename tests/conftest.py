"""Rules for every test: nothing but loopback, and real speech where it is at hand."""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import sys
from pathlib import Path

import pytest

from appliance.config import CLOSED_ENVIRONMENT

os.environ.update(CLOSED_ENVIRONMENT)

REPOSITORY = Path(__file__).resolve().parent.parent
CORPUS = REPOSITORY.parent / "shared" / "corpus"
STARTER_SET = REPOSITORY / "models" / "starter"


def _refuse_foreign_addresses(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse any connection that would leave this machine; an audit hook cannot be taken off again."""
    if event not in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        return
    address = arguments[0] if event == "socket.getaddrinfo" else arguments[1]
    host = address[0] if isinstance(address, tuple) else address
    if event != "socket.getaddrinfo" and not isinstance(address, tuple):
        return  # A Unix socket stays on this machine.
    if host in (None, "", "localhost"):
        return
    try:
        local = ipaddress.ip_address(str(host)).is_loopback or ipaddress.ip_address(str(host)).is_unspecified
    except ValueError:
        local = False
    if not local:
        raise RuntimeError(f"a test tried to reach {host!r}")


sys.addaudithook(_refuse_foreign_addresses)


def corpus_file(name: str) -> Path:
    """Return a file of the evaluation corpus, or skip the test where the corpus is not at hand."""
    path = CORPUS / name
    if not path.exists():
        pytest.skip("the evaluation corpus is not beside this checkout")
    return path


@pytest.fixture(scope="session")
def sample_wav() -> Path:
    """Thirty seconds of a telephone call between two women, from the installed pyannote.audio package."""
    spec = importlib.util.find_spec("pyannote.audio")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "sample" / "sample.wav"


@pytest.fixture(scope="session")
def starter_set() -> Path:
    """The starter model set, which scripts/setup builds."""
    if not (STARTER_SET / "set.json").exists():
        pytest.skip("the starter set is not built: run scripts/setup")
    return STARTER_SET
