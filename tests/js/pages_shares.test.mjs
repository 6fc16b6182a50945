// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { fromBase64Url, sha256, toBase64, toBase64Url, utf8 } from "../../appliance/web/static/js/crypto/bytes.js";
import { DocumentType, newDocumentId, newFileKey, sealDocument } from "../../appliance/web/static/js/crypto/envelope.js";
import { KdfAlgorithm, KdfRecord } from "../../appliance/web/static/js/crypto/kdf.js";
import { accessToken } from "../../appliance/web/static/js/crypto/links.js";
import { WrongPin, makeLink, openShared, readLink } from "../../appliance/web/static/js/shares/sealing.js";
import { argon2 as argon2id } from "./shipped.mjs";

/**
 * The least work that is allowed, whatever the record says, so that the tests do not wait.
 * @type {import("../../appliance/web/static/js/crypto/kdf.js").Argon2}
 */
const argon2 = (pin, { salt }) => argon2id(pin, { salt, memoryKib: 47_104, passes: 1, lanes: 1 });
const { ARGON2ID, PBKDF2 } = KdfAlgorithm;
const SAID = { language: "en", speakers: [], segments: [] };

/** A title and a transcript as the appliance keeps them. */
async function documents(title = "Hearing 12.wav", version = 3) {
  const keys = { title: newKey(), transcript: newKey() };
  const sealed = {
    title: await sealDocument(keys.title.key, DocumentType.TITLE, keys.title.documentId, 1, utf8(title)),
    transcript: await sealDocument(
      keys.transcript.key, DocumentType.TRANSCRIPT, keys.transcript.documentId, version, utf8(JSON.stringify(SAID)),
    ),
  };
  return { keys, sealed, version };
}

function newKey() {
  return { documentId: newDocumentId(), key: newFileKey() };
}

/**
 * What the appliance hands out for a link.
 * @param {Awaited<ReturnType<typeof documents>>} kept
 * @param {import("../../appliance/web/static/js/shares/sealing.js").Link} link
 */
function served({ keys, sealed, version }, link) {
  const part = (/** @type {"title" | "transcript"} */ name, /** @type {number} */ number) => ({
    document_id: toBase64(keys[name].documentId),
    version: number,
    sealed: toBase64(sealed[name]),
    wrapped: toBase64(link.wraps[name]),
  });
  return { kdf: link.kdf && toBase64(link.kdf), title: part("title", 1), transcript: part("transcript", version) };
}

/** @param {string} code */
const refusal = (code) => ({ code: `crypto.${code}` });

test("whoever has the link opens title and transcript", async () => {
  const kept = await documents();
  const link = await makeLink(kept.keys, "", ARGON2ID, argon2);
  assert.equal(link.kdf, null);
  assert.deepEqual(link.tokenDigest, await sha256(await accessToken(link.secret)));
  assert.deepEqual(await openShared(link.secret, served(kept, link), "", argon2), {
    title: "Hearing 12.wav", version: 3, transcript: SAID,
  });
});

test("a PIN opens it, with spaces round it and in another spelling of the same letters", async () => {
  const kept = await documents();
  const link = await makeLink(kept.keys, "caf\u00e9 owls", ARGON2ID, argon2);
  for (const pin of ["caf\u00e9 owls", " cafe\u0301 owls\n"]) {
    assert.equal((await openShared(link.secret, served(kept, link), pin, argon2)).title, "Hearing 12.wav");
  }
});

test("a wrong PIN is told from everything else", async () => {
  const kept = await documents();
  const link = await makeLink(kept.keys, "seven owls", ARGON2ID, argon2);
  await assert.rejects(openShared(link.secret, served(kept, link), "seven owl", argon2), WrongPin);
  const damaged = served(kept, link);
  damaged.transcript.version = 2;
  await assert.rejects(openShared(link.secret, damaged, "seven owls", argon2), refusal("wrong_context"));
});

test("where WebAssembly is forbidden, a PIN goes through PBKDF2", async () => {
  const kept = await documents();
  const link = await makeLink(kept.keys, "seven owls", PBKDF2, () => Promise.reject(new Error("no WebAssembly")));
  assert.equal((await openShared(link.secret, served(kept, link), "seven owls", argon2)).version, 3);
});

test("a server that lowers the work of the PIN is refused before the PIN is used", async () => {
  const kept = await documents();
  const link = await makeLink(kept.keys, "seven owls", ARGON2ID, argon2);
  const weak = KdfRecord.fresh(ARGON2ID).encode();
  new DataView(weak.buffer).setUint32(8, 8);
  const asked = { ...served(kept, link), kdf: toBase64(weak) };
  const never = () => assert.fail("the PIN was used");
  await assert.rejects(openShared(link.secret, asked, "seven owls", never), refusal("weak_kdf"));
});

test("a server that leaves the PIN out opens nothing and gets nothing", async () => {
  const kept = await documents();
  const link = await makeLink(kept.keys, "seven owls", ARGON2ID, argon2);
  await assert.rejects(openShared(link.secret, { ...served(kept, link), kdf: null }, "", argon2), refusal("wrong_key"));
});

test("swapped wraps: a link for one transcript does not open another", async () => {
  const [mine, other] = [await documents(), await documents("Other.wav")];
  const [link, otherLink] = [
    await makeLink(mine.keys, "", ARGON2ID, argon2), await makeLink(other.keys, "", ARGON2ID, argon2),
  ];
  const [good, foreign] = [served(mine, link), served(other, otherLink)];
  const cases = /** @type {[any, string][]} */ ([
    [foreign, "wrong_key"],
    [{ ...good, transcript: foreign.transcript }, "wrong_key"],
    [{ ...good, transcript: { ...good.transcript, wrapped: foreign.transcript.wrapped } }, "wrong_context"],
    [{ ...good, transcript: { ...foreign.transcript, wrapped: good.transcript.wrapped } }, "wrong_context"],
    [{ ...good, transcript: { ...good.transcript, sealed: foreign.transcript.sealed } }, "wrong_context"],
    [{ ...good, title: good.transcript, transcript: good.title }, "wrong_context"],
  ]);
  for (const [exchanged, code] of cases) {
    await assert.rejects(openShared(link.secret, exchanged, "", argon2), refusal(code));
  }
});

test("a link is read whole, by its fragment, or by its key alone", () => {
  const secret = new Uint8Array(32).map((_, index) => 7 * index);
  const [id, key] = ["ab".repeat(16), toBase64Url(secret)];
  assert.deepEqual(readLink(`https://cloister.example:8443/s/${id}#${key}`), { id, secret });
  assert.deepEqual(readLink(` https://cloister.example/s/${id}#${key}\n`), { id, secret });
  for (const text of [`#${key}`, key, ` ${key} `]) assert.deepEqual(readLink(text), { id: null, secret });
});

test("a key that is not whole is refused", () => {
  const key = toBase64Url(new Uint8Array(32));
  for (const text of ["", "#", key.slice(1), `${key}A`, `${key}=`, "not a key", `#${key.slice(0, 20)} ${key.slice(20)}`]) {
    assert.throws(() => readLink(text), { name: "Refusal" }, text);
  }
  assert.equal(fromBase64Url(key).length, 32);
});
