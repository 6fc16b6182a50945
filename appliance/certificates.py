"""TLS: the site's own certificate where it gave one, else our own authority and a leaf that renews itself.

The keys folder holds ``tls.crt`` and ``tls.key`` if the site put them there; they are used as they are. Otherwise it
holds ``ca.crt`` and ``ca.key``, made at the first start, and ``leaf.crt`` and ``leaf.key``, made anew whenever they
near their end or the names change. The authority may vouch for the names in the settings and for nothing else (RFC
5280, section 4.2.1.10), so that a browser which trusts it gives nobody with the key a way into other sites; when the
names grow, a new authority has to be trusted.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from appliance.errors import SettingsError
from appliance.owners import require_readable

log = logging.getLogger(__name__)

AUTHORITY_DAYS = 3650
LEAF_DAYS = 397  # Browsers refuse longer ones.
RENEW_DAYS = 30
CLOCK_SKEW = timedelta(days=1)  # An appliance without a time server may be ahead of its readers.
LOOK_AGAIN_S = 3600.0


@dataclass(frozen=True, slots=True)
class CertificatePaths:
    """Where the certificates lie.

    Attributes:
        chain: Leaf certificate and what leads up to it.
        key: The leaf's private key.
        authority: Certificate of our own authority, or None where the site's own certificate is in use.
    """

    chain: Path
    key: Path
    authority: Path | None


def ensure_certificates(keys_folder: Path, names: Iterable[str]) -> CertificatePaths:
    """Make or renew what is missing, and return what to serve with.

    Args:
        keys_folder: The site's certificate is taken from here; ours are kept here.
        names: Host names and addresses that readers type.

    Raises:
        SettingsError: The site gave half a certificate, or a name is no name.
    """
    wanted = sorted(set(names))
    own = find_certificates(keys_folder)
    if own.authority is None:
        return own
    keys_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority = _load_or_make_authority(keys_folder, wanted)
    if not _still_good(own.chain, own.key, wanted, authority.certificate):
        _write_pair(own.chain, own.key, _make_leaf(authority, wanted))
        log.info("certificate made")
    return own


def find_certificates(keys_folder: Path) -> CertificatePaths:
    """Return what is served with, without making or changing anything; our own may not be there yet.

    Raises:
        SettingsError: The site gave half a certificate.
    """
    given = CertificatePaths(keys_folder / "tls.crt", keys_folder / "tls.key", None)
    if given.chain.exists() or given.key.exists():
        if not (given.chain.exists() and given.key.exists()):
            raise SettingsError(name="keys", reason="of tls.crt and tls.key only one is there; put both, or neither")
        return given
    return CertificatePaths(keys_folder / "leaf.crt", keys_folder / "leaf.key", keys_folder / "ca.crt")


def tls_context(keys_folder: Path, names: Iterable[str]) -> ssl.SSLContext:
    """Return a TLS 1.3 context that renews our own leaf while the appliance runs.

    Each handshake looks, at most once an hour, whether the leaf nears its end; a new one serves from the next handshake
    on. Looking there needs no clockwork that could stop unnoticed.

    Raises:
        SettingsError: The site's certificate and key cannot be used.
        WrongOwnerError: One of them belongs to another user, which happens where root put them there.
    """
    served = tuple(names)
    paths = ensure_certificates(keys_folder, served)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    for path in _pair(paths):
        require_readable(path)
    try:
        context.load_cert_chain(*_pair(paths), password=_refuse_passphrase)
    except OSError as exc:
        raise SettingsError(name="keys", reason="the TLS certificate and its key do not fit together") from exc
    looked_at = time.monotonic()

    def look(_socket: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        nonlocal looked_at
        if time.monotonic() - looked_at < LOOK_AGAIN_S:
            return
        looked_at = time.monotonic()
        try:
            context.load_cert_chain(*_pair(ensure_certificates(keys_folder, served)), password=_refuse_passphrase)
        except (SettingsError, OSError, ValueError):
            log.exception("certificate not renewed")

    context.sni_callback = look
    return context


def read_authority(keys_folder: Path) -> bytes | None:
    """Return our own authority's certificate as PEM, or None where the site's own certificate is in use."""
    if (keys_folder / "tls.crt").exists():
        return None
    with contextlib.suppress(FileNotFoundError):
        return (keys_folder / "ca.crt").read_bytes()
    return None


def authority_fingerprint(pem: bytes) -> str:
    """Return the SHA-256 of a certificate as browsers show it."""
    der = x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)
    return hashlib.sha256(der).digest().hex(":").upper()


@dataclass(frozen=True, slots=True)
class _Pair:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def _pair(paths: CertificatePaths) -> tuple[Path, Path]:
    return paths.chain, paths.key


def _refuse_passphrase() -> str:
    """Refuse a key under a passphrase; without this OpenSSL would ask for it at the terminal, and wait.

    Raises:
        SettingsError: Always.
    """
    raise SettingsError(name="keys", reason="the TLS key is under a passphrase; put it there without one")


def _load_or_make_authority(keys_folder: Path, names: list[str]) -> _Pair:
    chain, key_path = keys_folder / "ca.crt", keys_folder / "ca.key"
    if chain.exists() and key_path.exists():
        certificate = x509.load_pem_x509_certificate(chain.read_bytes())
        key = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
        if isinstance(key, ec.EllipticCurvePrivateKey) and _vouches_for(certificate, names):
            return _Pair(certificate, key)
        log.warning("a new certificate authority is made, because the names changed")
    authority = _make_authority(names)
    _write_pair(chain, key_path, authority)
    return authority


def _make_authority(names: list[str]) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Cloister"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Cloister appliance {os.urandom(3).hex()}"),
        ]
    )
    builder = (
        _begin(subject, subject, key.public_key(), AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(_constraints(names), None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return _Pair(builder.sign(key, hashes.SHA256()), key)


def _make_leaf(authority: _Pair, names: list[str]) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Cloister")])
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    builder = (
        _begin(subject, authority.certificate.subject, key.public_key(), LEAF_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(issuer, critical=False)
    )
    return _Pair(builder.sign(authority.key, hashes.SHA256()), key)


def _begin(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now - CLOCK_SKEW + timedelta(days=days))
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    address = _address(name)
    if address is not None:
        return x509.IPAddress(address)
    try:
        return x509.DNSName(name)
    except ValueError as exc:
        raise SettingsError(name="names", reason=f"{name} is neither a host name nor an address") from exc


def _constraints(names: list[str]) -> list[x509.GeneralName]:
    """Return what the authority may vouch for; an address stands there as a network of one."""
    return [
        x509.IPAddress(ip_network(address)) if (address := _address(name)) else _general_name(name) for name in names
    ]


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(name)
    except ValueError:
        return None


def _vouches_for(authority: x509.Certificate, names: list[str]) -> bool:
    permitted = authority.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    return set(_constraints(names)) <= set(permitted) and not _ends_soon(authority)


def _still_good(chain: Path, key: Path, names: list[str], authority: x509.Certificate) -> bool:
    if not (chain.exists() and key.exists()):
        return False
    leaf = x509.load_pem_x509_certificate(chain.read_bytes())
    served = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    is_ours = leaf.issuer == authority.subject
    return is_ours and set(served) == {_general_name(name) for name in names} and not _ends_soon(leaf)


def _ends_soon(certificate: x509.Certificate) -> bool:
    return certificate.not_valid_after_utc < datetime.now(UTC) + timedelta(days=RENEW_DAYS)


def _write_pair(chain: Path, key: Path, pair: _Pair) -> None:
    """Write the key first and each file whole: after a power cut the pair is made anew, never half read."""
    encoded = pair.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    chain.unlink(missing_ok=True)
    _write(key, encoded, 0o600)
    _write(chain, pair.certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def _write(path: Path, content: bytes, mode: int) -> None:
    beside = path.with_name(f"{path.name}.part")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
