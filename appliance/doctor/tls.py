"""The certificate that is served, as a browser will judge it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from appliance.certificates import find_certificates
from appliance.doctor.findings import Finding, Sentence, fail, note, ok, refused, sentence
from appliance.errors import SettingsError, WrongOwnerError
from appliance.owners import require_readable

SOON = timedelta(days=30)


def certificate_served(keys_folder: Path, names: Iterable[str], now: datetime | None = None) -> Iterator[Finding]:
    """Look at the certificate: whose it is, how long it is valid, what it is for, and whether its key fits.

    Args:
        keys_folder: Where certificates lie.
        names: Host names and addresses that readers type.
        now: The time to judge by.
    """
    try:
        paths = find_certificates(keys_folder)
        for path in (paths.chain, paths.key):
            require_readable(path)
        certificate = _read(paths.chain)
    except (SettingsError, WrongOwnerError) as error:
        yield refused("tls", error)
        return
    except FileNotFoundError:
        yield note("tls", sentence("There is no certificate yet: the first start makes one."))
        return
    except (OSError, ValueError):
        what = sentence("The certificate in {folder} cannot be read.", folder=str(keys_folder))
        yield fail("tls", what, sentence("Put tls.crt and tls.key as PEM into the keys folder, or remove both."))
        return
    yield _of_time(certificate, now or datetime.now(UTC), is_own=paths.authority is not None)
    yield _of_names(certificate, tuple(names))
    yield _of_key(certificate, paths.key)


def _of_time(certificate: x509.Certificate, now: datetime, *, is_own: bool) -> Finding:
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    facts = {"begins_on": begins.date().isoformat(), "ends_on": ends.date().isoformat()}
    advice = _renewal(is_own=is_own)
    if now < begins:
        what = sentence("The certificate is not valid before {begins_on}; browsers refuse it until then.", **facts)
        return fail(
            "tls", what, sentence("Look whether the clock is right, and whether this is the right certificate.")
        )
    if now > ends:
        return fail("tls", sentence("The certificate expired on {ends_on}; browsers refuse it.", **facts), advice)
    if now > ends - SOON and not is_own:
        return note("tls", sentence("The certificate is valid until {ends_on}, which is soon.", **facts), advice)
    if is_own:
        return ok(
            "tls",
            sentence(
                "The appliance's own authority made the certificate; it is valid until {ends_on} and renews itself.",
                **facts,
            ),
        )
    return ok("tls", sentence("The certificate of your organisation is valid until {ends_on}.", **facts))


def _renewal(*, is_own: bool) -> Sentence:
    if is_own:
        return sentence("Start the appliance again: it renews its own certificate.")
    return sentence("Put a new certificate and its key as tls.crt and tls.key into the keys folder, and start again.")


def _of_names(certificate: x509.Certificate, names: tuple[str, ...]) -> Finding:
    served = _names_of(certificate)
    lacking = [name for name in names if not any(_covers(pattern, name) for pattern in served)]
    if not lacking:
        return ok(
            "tls", sentence("The certificate covers every name of the appliance: {names}.", names=", ".join(names))
        )
    what = sentence(
        "The certificate does not cover {lacking}; it is for {served}. A browser that opens such a name refuses it.",
        lacking=", ".join(lacking),
        served=", ".join(served) or "-",
    )
    advice = sentence("Ask for a certificate with these names, or set CLOISTER_NAMES to those that people type.")
    # The first name is the address that the appliance gives to people; the others are more ways to it.
    return (fail if names[0] in lacking else note)("tls", what, advice)


def _of_key(certificate: x509.Certificate, path: Path) -> Finding:
    advice = sentence("Put the key that belongs to the certificate beside it, as PEM and without a passphrase.")
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, TypeError, ValueError):
        return fail("tls", sentence("The key of the certificate, {path}, cannot be read.", path=str(path)), advice)
    if _public(key.public_key()) != _public(certificate.public_key()):
        return fail("tls", sentence("The key {path} does not fit its certificate.", path=str(path)), advice)
    return ok("tls", sentence("The key fits the certificate."))


def _read(chain: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(chain.read_bytes())


def _names_of(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        named = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()  # Browsers have not read the common name for years.
    return (*named.get_values_for_type(x509.DNSName), *map(str, named.get_values_for_type(x509.IPAddress)))


def _covers(pattern: str, name: str) -> bool:
    """Tell whether a name in a certificate is for a name that a reader types (RFC 6125, section 6.4.3)."""
    if _is_address(name) or _is_address(pattern):
        return _is_address(name) and _is_address(pattern) and ip_address(pattern) == ip_address(name)
    pattern, name = pattern.lower(), name.lower()
    if pattern.startswith("*."):
        return name.partition(".")[2] == pattern[2:] and "." in pattern[2:]
    return pattern == name


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _public(key: object) -> bytes:
    return bytes(
        key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]
    )
