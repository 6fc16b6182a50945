"""The formats in real Chromium, on a page of the appliance and under its policy."""

from __future__ import annotations

import json
import os
import zlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from playwright.sync_api import Page

from appliance.crypto import envelope
from appliance.crypto.envelope import DocumentType
from appliance.web.rendering import STATIC, assets
from appliance.web.security import CONTENT_SECURITY_POLICY, WORKER_POLICY
from tests.browser.visitor import Visitor
from tests.conftest import REPOSITORY

pytestmark = pytest.mark.browser

JS = REPOSITORY / "tests" / "js"
VECTORS = REPOSITORY / "tests" / "vectors"
SALT = bytes(range(16))
PASSPHRASE = "cafe\u0301 \ufb01le \u0986\u09ae\u09be\u09b0"  # NFKC changes the accent and the ligature.
NORMALISED = "caf\u00e9 file \u0986\u09ae\u09be\u09b0".encode()
STRETCH = """
async ([prefix, passphrase, algorithm, lanes, cost, passes, salt]) => {
  const { KdfRecord, stretch } = await import(`${prefix}/js/crypto/kdf.js`);
  const { argon2 } = await import(`${prefix}/js/argon2.js`);
  const record = new KdfRecord(algorithm, lanes, cost, passes, Uint8Array.from(salt));
  return [...await stretch(passphrase, record, argon2)];
}
"""
RUN_CASES = """
async ([prefix, names, vectors]) => {
  const shipped = {};
  for (const name of names) shipped[name] = await import(`${prefix}/js/crypto/${name}.js`);
  const { argon2 } = await import(`${prefix}/js/argon2.js`);
  const { cases } = await import(`${prefix}/js/cases/vector_cases.mjs`);
  const failed = [];
  let passed = 0;
  for (const { name, run } of cases(vectors, shipped, argon2)) {
    try {
      await run();
      passed += 1;
    } catch (error) {
      failed.push(`${name}: ${error}`);
    }
  }
  return { passed, failed };
}
"""
OPEN_TITLE = """
async ([prefix, fileKey, sealed, subject]) => {
  const { openDocument } = await import(`${prefix}/js/crypto/envelope.js`);
  return openDocument(Uint8Array.from(fileKey), Uint8Array.from(sealed), 6, Uint8Array.from(subject), 0).then(
    (text) => new TextDecoder().decode(text),
    (error) => error.code,
  );
}
"""
COMPILE = """
export const outcome = await WebAssembly.compile(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)).then(
  () => "compiled",
  (error) => error.name,
);
"""
CALL = """
const refused = () => "refused";
Promise.all([
  fetch("/health").then(() => "sent", refused),
  import("data:text/javascript,1").then(() => "loaded", refused),
  WebAssembly.compile(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)).then(() => "compiled", refused),
]).then((outcomes) => postMessage(outcomes));
"""
WORKER = "/js/argon2_worker.js"
ASK_WORKER = """
(address) => new Promise((resolve, reject) => {
  const worker = new Worker(address, { type: "module" });
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = () => reject(new Error("the worker did not start"));
})
"""


def serve(page: Page, path: str, body: str, policy: str = CONTENT_SECURITY_POLICY) -> None:
    """Answer one address with a script of the test, under a policy of the appliance."""
    headers = {
        "content-type": "text/javascript",
        "content-security-policy": policy,
        "cross-origin-embedder-policy": "require-corp",
        "cross-origin-resource-policy": "same-origin",
    }
    page.route(f"**{path}", lambda route: route.fulfill(status=200, headers=headers, body=body))


def stretched(page: Page, algorithm: int, lanes: int, cost: int, passes: int) -> bytes:
    given = [assets(), PASSPHRASE, algorithm, lanes, cost, passes, list(SALT)]
    return bytes(page.evaluate(STRETCH, given))


@pytest.mark.parametrize(("lanes", "memory_kib", "passes"), [(4, 65_536, 3), (1, 47_104, 1)])
def test_a_page_stretches_a_passphrase_by_argon2id_as_python_does(
    visitor: Visitor, lanes: int, memory_kib: int, passes: int
) -> None:
    page = visitor.open("/trust")
    expected = Argon2id(salt=SALT, length=32, iterations=passes, lanes=lanes, memory_cost=memory_kib)
    assert stretched(page, 1, lanes, memory_kib, passes) == expected.derive(NORMALISED)
    for _ in range(100):  # It was told to end before the key was handed on, and Playwright hears of it a moment later.
        if page.workers:
            page.wait_for_timeout(20)
    assert page.workers == []


def test_a_page_stretches_a_passphrase_by_pbkdf2_as_python_does(visitor: Visitor) -> None:
    page = visitor.open("/trust")
    assert stretched(page, 2, 0, 600_000, 0) == PBKDF2HMAC(SHA256(), 32, SALT, 600_000).derive(NORMALISED)


def test_every_vector_holds_in_chromium(visitor: Visitor) -> None:
    page = visitor.open("/trust")
    for name in ("vector_cases.mjs", "expect.mjs"):
        serve(page, f"{assets()}/js/cases/{name}", (JS / name).read_text())
    vectors: dict[str, Any] = {path.stem: json.loads(path.read_text()) for path in VECTORS.glob("*.json")}
    modules = [path.stem for path in (STATIC / "js" / "crypto").glob("*.js")]
    done = page.evaluate(RUN_CASES, [assets(), modules, vectors])
    assert done["failed"] == []
    assert done["passed"] >= 85


def test_bytes_after_the_deflated_text_are_refused_though_they_are_authentic(visitor: Visitor) -> None:
    file_key, subject = envelope.new_file_key(), envelope.new_document_id()
    header = envelope._header(DocumentType.TITLE, subject, 0)
    deflated = zlib.compress(b"a title", wbits=-15)
    opened = {}
    for name, after in (("alone", b""), ("followed", b"more")):
        marked = deflated + after + envelope.PADDING_MARK
        packed = marked.ljust(envelope.padded_size(len(marked)), b"\0")
        sealed = envelope._seal_body(file_key, header, packed, os.urandom(24))
        given = [assets(), list(file_key), list(sealed), list(subject)]
        opened[name] = visitor.open("/trust").evaluate(OPEN_TITLE, given)
    assert opened == {"alone": "a title", "followed": "crypto.unknown_format"}


def test_a_page_itself_compiles_no_webassembly(visitor: Visitor) -> None:
    page = visitor.open("/trust")
    serve(page, f"{assets()}/js/compile.js", COMPILE)
    outcome = page.evaluate(
        "(address) => import(address).then((module) => module.outcome)", f"{assets()}/js/compile.js"
    )
    assert outcome == "CompileError"
    assert page.evaluate("window.refusals") == ["script-src"]
    forget_refusals(visitor)


def test_under_the_policy_of_the_worker_a_script_compiles_webassembly_but_makes_no_request(visitor: Visitor) -> None:
    page = visitor.open("/trust")
    serve(page, f"{assets()}/js/call.js", CALL, WORKER_POLICY)
    assert page.evaluate(ASK_WORKER, f"{assets()}/js/call.js") == ["refused", "refused", "compiled"]
    forget_refusals(visitor)


def test_without_webassembly_the_page_is_told_so(visitor: Visitor) -> None:
    page = visitor.open("/trust")
    serve(page, assets() + WORKER, (STATIC / WORKER.lstrip("/")).read_text(), CONTENT_SECURITY_POLICY)
    name = page.evaluate(
        """async ([prefix, salt]) => {
             const { argon2 } = await import(`${prefix}/js/argon2.js`);
             const cost = { salt: Uint8Array.from(salt), memoryKib: 47104, passes: 1, lanes: 1 };
             return argon2(new Uint8Array(8), cost).then(() => "computed", (error) => error.constructor.name);
           }""",
        [assets(), list(SALT)],
    )
    assert name == "Argon2Unavailable"
    forget_refusals(visitor)


def forget_refusals(visitor: Visitor) -> None:
    """Let the visit end well: what the policy refused is what the test wanted to see."""
    visitor.page.evaluate("window.refusals = []")
    visitor.watch.errors.clear()
