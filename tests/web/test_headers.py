from __future__ import annotations

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from appliance.web.rendering import STATIC, assets
from tests.web.conftest import Browser

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "media-src 'self' blob:; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@pytest.mark.parametrize("path", ["/", "/trust", "/health", "/nothing", "/setup/token", f"{assets()}/css/index.css"])
def test_every_answer_carries_the_policy_even_an_error(client: TestClient[Litestar], path: str) -> None:
    headers = client.get(path).headers
    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "microphone=()" in headers["permissions-policy"]


@pytest.mark.parametrize("path", ["/", "/trust", "/health", "/nothing", "/setup/token", f"{assets()}/nothing.css"])
def test_every_answer_that_may_differ_says_by_what_and_is_kept_nowhere(client: TestClient[Litestar], path: str) -> None:
    headers = client.get(path).headers
    assert headers["vary"] == "HX-Request, Accept-Language, Cookie"
    assert headers["cache-control"] == "no-store"


def test_a_script_is_fetched_once_whoever_signs_in(client: TestClient[Litestar]) -> None:
    assert "vary" not in client.get(f"{assets()}/js/page.js").headers


WORKER = "/js/argon2_worker.js"
SEARCH_WORKER = "/js/private/search_worker.js"


def test_the_worker_that_stretches_a_passphrase_may_compile_but_makes_no_request(client: TestClient[Litestar]) -> None:
    answer = client.get(assets() + WORKER)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert policy == "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; base-uri 'none'; frame-ancestors 'none'"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["cross-origin-embedder-policy"] == "require-corp"


def test_the_worker_that_has_every_private_word_makes_no_request_either(client: TestClient[Litestar]) -> None:
    answer = client.get(assets() + SEARCH_WORKER)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert policy == "default-src 'none'; script-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    assert answer.headers["cross-origin-embedder-policy"] == "require-corp"


def test_no_other_answer_may_compile(client: TestClient[Litestar]) -> None:
    files = [path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file()]
    others = [f"{assets()}/{file}" for file in files if f"/{file}" not in (WORKER, SEARCH_WORKER)]
    assert len(others) == len(files) - 2
    for path in ["/", "/trust", "/health", "/nothing", WORKER, f"/static{WORKER}", f"/static/0{WORKER}", *others]:
        assert client.get(path).headers["content-security-policy"] == POLICY, path


@pytest.mark.parametrize(
    "path", [f"{WORKER}/", f"/{WORKER}", "/js/%2e/argon2_worker.js", "/js/x/%2e%2e/argon2_worker.js", f"{WORKER}?x=1"]
)
def test_only_the_bytes_of_that_worker_ever_carry_its_policy(client: TestClient[Litestar], path: str) -> None:
    answer = client.get(assets() + path)
    if answer.headers["content-security-policy"] != POLICY:
        assert answer.content == (STATIC / WORKER.lstrip("/")).read_bytes()


def test_a_refusal_at_the_workers_address_carries_the_policy_of_every_answer(client: TestClient[Litestar]) -> None:
    answer = client.post(assets() + WORKER)
    assert answer.status_code >= 400
    assert answer.headers["content-security-policy"] == POLICY


def test_nothing_but_styles_and_scripts_is_kept_by_a_cache(browser: Browser) -> None:
    assert browser.get("/").headers["cache-control"] == "no-store"
    kept = browser.get(f"{assets()}/js/page.js").headers["cache-control"]
    assert "immutable" in kept
    assert "max-age=31536000" in kept


def test_scripts_have_the_type_that_browsers_insist_on(client: TestClient[Litestar]) -> None:
    assert client.get(f"{assets()}/js/page.js").headers["content-type"].startswith("text/javascript")
    assert client.get(f"{assets()}/css/index.css").headers["content-type"].startswith("text/css")


def test_strict_transport_is_asked_for_by_name_but_not_for_localhost(client: TestClient[Litestar]) -> None:
    assert "strict-transport-security" in client.get("/health").headers
    for host in ("localhost", "localhost:8443", "127.0.0.1:8443", "[::1]:8443"):
        assert "strict-transport-security" not in client.get("/health", headers={"Host": host}).headers


def test_pages_load_nothing_from_elsewhere_and_carry_no_style_or_script_of_their_own(browser: Browser) -> None:
    html = browser.get("/").text
    assert "<style" not in html
    assert " style=" not in html
    assert " onclick=" not in html
    assert "http://" not in html.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert "https://" not in html


@pytest.mark.parametrize(
    "path", ["../templates/base.html", "%2e%2e/templates/base.html", "..%2fapp.py", "js/..%5c..%5capp.py"]
)
def test_nothing_beside_the_static_files_is_handed_out(client: TestClient[Litestar], path: str) -> None:
    assert client.get(f"{assets()}/{path}").status_code == 404
