"""Debian's Chromium as the tests start it: it trusts their appliances, and opens no pages of its own."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate
from playwright.sync_api import Playwright, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

OWN_PAGES = ("WebUIOmniboxPopup", "WebUIOmniboxAimPopup")
"""For each window Chromium loads two pages of its own, in two processes, for an address bar that no test sees."""

WITHOUT = (
    *OWN_PAGES,
    # Chromium heeds the last list that it is given, so this one repeats Playwright's; test_chromium.py compares them.
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "TcpPortRandomizationWin",
    "ThirdPartyStoragePartitioning",
    "msEdgeUpdateLaunchServicesPreferredVersion",
    "msForceBrowserSignIn",
)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    f"--disable-features={','.join(WITHOUT)}",
]


def trusting(certificate: Path) -> list[str]:
    """Return how to start Chromium so that it trusts an appliance, as the browser of a reader does.

    Were errors overlooked instead, it would cache nothing, and no reader's browser is like that.
    """
    digest = Hash(SHA256())
    key = load_pem_x509_certificate(certificate.read_bytes()).public_key()
    digest.update(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    trusted = base64.b64encode(digest.finalize()).decode()
    return [*ARGUMENTS, f"--ignore-certificate-errors-spki-list={trusted}"]


@contextmanager
def driver(authority: Path) -> Iterator[Playwright]:
    """Start Playwright, whose own process trusts the authority too: it fetches what a test changes on the way."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NODE_EXTRA_CA_CERTS", str(authority))
        playwright = sync_playwright().start()
    try:
        yield playwright
    finally:
        playwright.stop()
