"""How a browser learns to trust the appliance."""

from __future__ import annotations

from litestar import Litestar
from litestar.testing import TestClient

from appliance import certificates
from appliance.certificates import ensure_certificates
from appliance.worker.workshop import Workshop

NAMES = ("localhost", "127.0.0.1", "::1")


def test_the_authority_is_handed_out_with_its_fingerprint(client: TestClient[Litestar], workshop: Workshop) -> None:
    keys = workshop.settings.keys_folder
    ensure_certificates(keys, NAMES)
    answer = client.get("/cloister-ca.crt")
    assert answer.content == (keys / "ca.crt").read_bytes()
    assert answer.headers["content-type"].startswith("application/x-x509-ca-cert")
    assert certificates.authority_fingerprint(answer.content) in client.get("/trust").text


def test_where_the_site_brought_a_certificate_there_is_nothing_to_install(
    client: TestClient[Litestar], workshop: Workshop
) -> None:
    (workshop.settings.keys_folder / "tls.crt").write_text("given")
    assert client.get("/cloister-ca.crt").status_code == 404
    assert "Nothing has to be installed." in client.get("/trust").text
