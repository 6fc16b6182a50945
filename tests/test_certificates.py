from __future__ import annotations

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from appliance import certificates
from appliance.certificates import ensure_certificates, read_authority, tls_context
from appliance.errors import SettingsError

NAMES = ("localhost", "127.0.0.1", "::1")


def leaf_of(folder: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / "leaf.crt").read_bytes())


def handshake(context: ssl.SSLContext, trusting: Path, name: str = "localhost") -> str:
    """Return the TLS version that a browser which trusts an authority agrees on."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        end, _ = listener.accept()
        try:
            context.wrap_socket(end, server_side=True).close()
        except (ssl.SSLError, OSError):
            end.close()

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        client = ssl.create_default_context(cafile=str(trusting))
        with (
            socket.create_connection(listener.getsockname()) as plain,
            client.wrap_socket(plain, server_hostname=name) as sealed,
        ):
            return str(sealed.version())
    finally:
        thread.join()
        listener.close()


def test_a_browser_that_trusts_the_authority_trusts_the_appliance(tmp_path: Path) -> None:
    context = tls_context(tmp_path, NAMES)
    assert handshake(context, tmp_path / "ca.crt") == "TLSv1.3"
    assert handshake(context, tmp_path / "ca.crt", "127.0.0.1") == "TLSv1.3"


def test_older_tls_is_refused(tmp_path: Path) -> None:
    assert tls_context(tmp_path, NAMES).minimum_version == ssl.TLSVersion.TLSv1_3


def test_keys_are_for_the_owner_alone(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, NAMES)
    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("*.key")} == {
        "ca.key": 0o600,
        "leaf.key": 0o600,
    }


def test_another_start_changes_nothing(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, NAMES)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    ensure_certificates(tmp_path, reversed(NAMES))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_authority_vouches_for_no_other_site(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, NAMES)
    authority = certificates._load_or_make_authority(tmp_path, sorted(NAMES))
    forged = certificates._make_leaf(authority, ["bank.example"])
    certificates._write_pair(tmp_path / "forged.crt", tmp_path / "forged.key", forged)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "forged.crt", tmp_path / "forged.key")
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        handshake(context, tmp_path / "ca.crt", "bank.example")


def test_fewer_names_need_a_new_leaf_but_no_new_trust(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, (*NAMES, "cloister.example"))
    authority = (tmp_path / "ca.crt").read_bytes()
    ensure_certificates(tmp_path, ("cloister.example",))
    assert (tmp_path / "ca.crt").read_bytes() == authority
    names = leaf_of(tmp_path).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["cloister.example"]


def test_more_names_need_a_new_authority(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, NAMES)
    authority = (tmp_path / "ca.crt").read_bytes()
    ensure_certificates(tmp_path, (*NAMES, "cloister.example"))
    assert (tmp_path / "ca.crt").read_bytes() != authority
    assert handshake(tls_context(tmp_path, (*NAMES, "cloister.example")), tmp_path / "ca.crt") == "TLSv1.3"


def test_a_leaf_near_its_end_is_renewed_while_the_appliance_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificates, "LEAF_DAYS", certificates.RENEW_DAYS)
    context = tls_context(tmp_path, NAMES)
    old = leaf_of(tmp_path)
    monkeypatch.setattr(certificates, "LEAF_DAYS", 397)
    monkeypatch.setattr(certificates, "LOOK_AGAIN_S", 0.0)
    assert handshake(context, tmp_path / "ca.crt") == "TLSv1.3"
    renewed = leaf_of(tmp_path)
    assert renewed.serial_number != old.serial_number
    assert renewed.not_valid_after_utc > datetime.now(UTC) + timedelta(days=300)
    assert handshake(context, tmp_path / "ca.crt") == "TLSv1.3"


def test_the_certificate_of_the_site_is_used_as_it_is(tmp_path: Path) -> None:
    elsewhere = tmp_path / "site"
    ensure_certificates(elsewhere, NAMES)
    for given, name in (("leaf.crt", "tls.crt"), ("leaf.key", "tls.key")):
        (tmp_path / name).write_bytes((elsewhere / given).read_bytes())
    paths = ensure_certificates(tmp_path, ("another.example",))
    assert (paths.chain.name, paths.authority) == ("tls.crt", None)
    assert read_authority(tmp_path) is None
    assert not (tmp_path / "ca.crt").exists()
    assert handshake(tls_context(tmp_path, NAMES), elsewhere / "ca.crt") == "TLSv1.3"


def test_half_a_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tls.crt").write_text("half")
    with pytest.raises(SettingsError, match=r"tls\.crt and tls\.key"):
        ensure_certificates(tmp_path, NAMES)


def test_a_certificate_that_does_not_fit_its_key_is_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        ensure_certificates(tmp_path / name, NAMES)
    (tmp_path / "tls.crt").write_bytes((tmp_path / "one" / "leaf.crt").read_bytes())
    (tmp_path / "tls.key").write_bytes((tmp_path / "two" / "leaf.key").read_bytes())
    with pytest.raises(SettingsError, match="do not fit together"):
        tls_context(tmp_path, NAMES)


def test_a_key_under_a_passphrase_is_refused_and_nobody_is_asked_for_it(tmp_path: Path) -> None:
    ensure_certificates(tmp_path / "one", NAMES)
    (tmp_path / "tls.crt").write_bytes((tmp_path / "one" / "leaf.crt").read_bytes())
    key = serialization.load_pem_private_key((tmp_path / "one" / "leaf.key").read_bytes(), password=None)
    sealed = serialization.BestAvailableEncryption(b"secret")
    form = serialization.PrivateFormat.PKCS8
    (tmp_path / "tls.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, sealed))
    with pytest.raises(SettingsError, match="under a passphrase"):
        tls_context(tmp_path, NAMES)


def test_a_name_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="neither a host name nor an address"):
        ensure_certificates(tmp_path, ("bücher.example",))
