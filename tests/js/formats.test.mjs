// @ts-check
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { contentHeader, keyId, open, openDocument, seal, sealBody, unwrap, wrap } from "./formats.mjs";

const chunked = vectors("chunked");
const content = vectors("content");
const keywrap = vectors("keywrap");

for (const c of chunked.opens) {
  const plaintext = Uint8Array.from({ length: c.plaintext_bytes }, (_, i) => i % 251);
  test(`chunked: opens ${c.name}`, async () => {
    assert.deepEqual(await open(hex(c.key), hex(c.context), base64(c.sealed)), plaintext);
  });
  test(`chunked: seals ${c.name} to the same bytes`, async () => {
    assert.deepEqual(await seal(hex(c.key), hex(c.context), plaintext, hex(c.salt)), base64(c.sealed));
  });
}

for (const c of chunked.refuses) {
  test(`chunked: refuses ${c.name} with ${c.code}`, async () => {
    await assert.rejects(open(hex(c.key), hex(c.context), base64(c.sealed)), { code: c.code });
  });
}

for (const c of content.opens) {
  test(`content: opens ${c.name}`, async () => {
    assert.deepEqual(await openedDocument(c), base64(c.plaintext));
  });
  test(`content: seals ${c.name} to the same bytes`, async () => {
    const header = contentHeader(c.kind, hex(c.subject), BigInt(c.version));
    assert.deepEqual(await sealBody(hex(c.file_key), header, base64(c.body), hex(c.salt)), base64(c.sealed));
  });
}

for (const c of content.refuses) {
  test(`content: refuses ${c.name} with ${c.code}`, async () => {
    await assert.rejects(openedDocument(c), { code: c.code });
  });
}

for (const c of keywrap.opens) {
  test(`key wrap: opens ${c.name}`, async () => {
    assert.deepEqual(await unwrap(hex(c.wrapping_key), base64(c.sealed), label(c)), hex(c.key));
  });
  test(`key wrap: wraps ${c.name} to the same bytes`, async () => {
    assert.deepEqual(await wrap(hex(c.wrapping_key), hex(c.key), label(c), hex(c.salt)), base64(c.sealed));
  });
}

for (const c of keywrap.refuses) {
  test(`key wrap: refuses ${c.name} with ${c.code}`, async () => {
    await assert.rejects(unwrap(hex(c.wrapping_key), base64(c.sealed), label(c)), { code: c.code });
  });
}

for (const c of keywrap.key_ids) {
  test("key wrap: a key has the same id", async () => {
    assert.deepEqual(await keyId(hex(c.key)), hex(c.id));
  });
}

/** @param {any} c */
function openedDocument(c) {
  return openDocument(hex(c.file_key), base64(c.sealed), c.kind, hex(c.subject), BigInt(c.version));
}

/** @param {any} c */
function label(c) {
  const record = c.record === undefined ? undefined : hex(c.record);
  return { kind: c.kind, epoch: c.epoch, keyId: hex(c.wrapping_key_id), subject: hex(c.subject), record };
}

/** @param {string} name */
function vectors(name) {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), "utf8"));
}

/** @param {string} text */
function hex(text) {
  return new Uint8Array(Buffer.from(text, "hex"));
}

/** @param {string} text */
function base64(text) {
  return new Uint8Array(Buffer.from(text, "base64"));
}
