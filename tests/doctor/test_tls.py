"""The certificate, as a browser will judge it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from appliance.certificates import ensure_certificates
from appliance.doctor.findings import failures
from appliance.doctor.tls import certificate_served
from tests.doctor.saying import said, verdicts

NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
NAMES = ("cloister.example", "10.0.0.7")


def bring(
    folder: Path,
    names: Sequence[str] = NAMES,
    begins: datetime = NOW - timedelta(days=10),
    ends: datetime = NOW + timedelta(days=300),
) -> ec.EllipticCurvePrivateKey:
    """Put a certificate of the site into a keys folder."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "site")])
    addresses = [name for name in names if name[0].isdigit() or ":" in name]
    listed: list[x509.GeneralName] = [x509.IPAddress(ip_address(name)) for name in addresses]
    listed += [x509.DNSName(name) for name in names if name not in addresses]
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number(), begins, ends)
    if listed:
        builder = builder.add_extension(x509.SubjectAlternativeName(listed), critical=False)
    signed = builder.sign(key, hashes.SHA256())
    (folder / "tls.crt").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    write_key(folder, key)
    return key


def write_key(
    folder: Path,
    key: ec.EllipticCurvePrivateKey,
    seal: serialization.KeySerializationEncryption | None = None,
) -> None:
    form = serialization.PrivateFormat.PKCS8
    encoded = key.private_bytes(serialization.Encoding.PEM, form, seal or serialization.NoEncryption())
    (folder / "tls.key").write_bytes(encoded)


def look(folder: Path, names: Sequence[str] = NAMES) -> str:
    return said(failures(certificate_served(folder, names, NOW)))


def test_a_good_certificate_of_the_site_is_well(tmp_path: Path) -> None:
    bring(tmp_path)
    assert verdicts(certificate_served(tmp_path, NAMES, NOW)) == ["ok", "ok", "ok"]


def test_our_own_certificate_is_well(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, NAMES)
    findings = list(certificate_served(tmp_path, NAMES))
    assert verdicts(findings) == ["ok", "ok", "ok"]
    assert "renews itself" in said(findings)


def test_before_the_first_start_there_is_none_and_none_is_made(tmp_path: Path) -> None:
    assert verdicts(certificate_served(tmp_path, NAMES)) == ["note"]
    assert list(tmp_path.iterdir()) == []


def test_an_expired_certificate_fails_with_its_date(tmp_path: Path) -> None:
    bring(tmp_path, ends=NOW - timedelta(days=1))
    assert "expired on 2027-02-28" in look(tmp_path)


def test_a_certificate_that_is_not_valid_yet_fails_and_points_at_the_clock(tmp_path: Path) -> None:
    bring(tmp_path, begins=NOW + timedelta(days=2))
    assert "not valid before 2027-03-03" in look(tmp_path)
    assert "clock" in look(tmp_path)


def test_a_certificate_that_ends_soon_is_a_note(tmp_path: Path) -> None:
    bring(tmp_path, ends=NOW + timedelta(days=20))
    findings = list(certificate_served(tmp_path, NAMES, NOW))
    assert verdicts(findings) == ["note", "ok", "ok"]
    assert "tls.crt and tls.key" in said(findings, "note")


def test_a_certificate_for_another_name_fails_with_both_names(tmp_path: Path) -> None:
    bring(tmp_path, names=["other.example"])
    assert "does not cover cloister.example, 10.0.0.7; it is for other.example" in look(tmp_path)


def test_a_certificate_that_lacks_a_second_name_is_a_note(tmp_path: Path) -> None:
    bring(tmp_path, names=["cloister.example"])
    findings = list(certificate_served(tmp_path, NAMES, NOW))
    assert "does not cover 10.0.0.7" in said(findings, "note")


def test_a_common_name_alone_is_no_name(tmp_path: Path) -> None:
    bring(tmp_path, names=[])
    assert "does not cover cloister.example" in look(tmp_path)


@pytest.mark.parametrize(
    ("pattern", "name", "covered"),
    [
        ("*.example.org", "cloister.example.org", True),
        ("*.example.org", "example.org", False),
        ("*.example.org", "a.b.example.org", False),
        ("CLOISTER.example.org", "cloister.EXAMPLE.org", True),
        ("10.0.0.7", "10.0.0.7", True),
        ("*.0.0.7", "10.0.0.7", False),
        ("fd00::7", "fd00:0:0:0:0:0:0:7", True),
    ],
)
def test_names_match_as_in_browsers(tmp_path: Path, pattern: str, name: str, *, covered: bool) -> None:
    bring(tmp_path, names=[pattern])
    assert (look(tmp_path, [name]) == "") is covered


def test_a_key_that_does_not_fit_fails(tmp_path: Path) -> None:
    bring(tmp_path)
    write_key(tmp_path, ec.generate_private_key(ec.SECP256R1()))
    assert "does not fit its certificate" in look(tmp_path)


def test_a_key_under_a_passphrase_fails_and_says_so(tmp_path: Path) -> None:
    write_key(tmp_path, bring(tmp_path), serialization.BestAvailableEncryption(b"secret"))
    assert "without a passphrase" in look(tmp_path)


def test_half_a_certificate_fails(tmp_path: Path) -> None:
    bring(tmp_path)
    (tmp_path / "tls.key").unlink()
    assert "only one is there" in look(tmp_path)


def test_bytes_that_are_no_certificate_fail(tmp_path: Path) -> None:
    bring(tmp_path)
    (tmp_path / "tls.crt").write_bytes(b"\x30\x82 not PEM")
    assert "cannot be read" in look(tmp_path)
