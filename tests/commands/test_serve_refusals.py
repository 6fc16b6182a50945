"""What keeps the server from starting, and what it only warns of."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.errors import ClockError
from tests.conftest import REPOSITORY
from tests.flows.appliance_process import ApplianceProcess

IN_THE_PAST = """
import sys
from datetime import date
import appliance
appliance.RELEASED = date(9999, 1, 1)
from appliance.__main__ import main
sys.exit(main(["serve", "--data", sys.argv[1]]))
"""


def test_a_clock_before_this_release_was_made_stops_the_start_before_anything_is_made(tmp_path: Path) -> None:
    command = [sys.executable, "-c", IN_THE_PAST, str(tmp_path / "data")]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=REPOSITORY, check=False)
    assert answer.returncode == 1
    assert f"[{ClockError.code}]" in answer.stderr
    assert "this release was made on 9999-01-01" in answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_certificate_that_browsers_refuse_is_warned_of_and_the_server_starts(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.mkdir()
    bring_expired(keys)
    appliance = ApplianceProcess(tmp_path, settings={"CLOISTER_MODELS": str(tmp_path / "none")})
    try:
        appliance.start()
        assert appliance.logged("browsers refuse the certificate", level="warning")
        warnings = [line for line in appliance.printed if line.startswith("Warning: The certificate")]
        assert any("expired on" in line for line in warnings)
        assert any("does not cover localhost" in line for line in warnings)
    finally:
        appliance.end()


def bring_expired(keys: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([])
    ends = datetime.now(UTC) - timedelta(days=3)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7, ends - timedelta(days=30), ends)
    names = x509.SubjectAlternativeName([x509.DNSName("other.example")])
    signed = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    (keys / "tls.crt").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    (keys / "tls.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
