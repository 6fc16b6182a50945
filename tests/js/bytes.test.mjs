// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { shipped } from "./shipped.mjs";

const { fromBase64, fromBase64Url, fromHex, join, same, toBase64, toBase64Url, toHex, utf8 } = shipped.bytes;
const every = Uint8Array.from({ length: 256 }, (_, i) => i);
const refused = { name: "Refusal", code: "crypto.unknown_format" };

test("bytes come back from hexadecimal, base64 and base64url", () => {
  for (let size = 0; size < 256; size++) {
    const some = every.slice(0, size).reverse();
    assert.deepEqual(fromHex(toHex(some)), some);
    assert.deepEqual(fromBase64(toBase64(some)), some);
    assert.deepEqual(fromBase64Url(toBase64Url(some)), some);
    assert.equal(toBase64(some), Buffer.from(some).toString("base64"));
    assert.equal(toBase64Url(some), Buffer.from(some).toString("base64url"));
  }
});

test("many bytes are written without overflowing the stack", () => {
  const many = new Uint8Array(3_000_001).fill(7);
  assert.equal(toBase64(many), Buffer.from(many).toString("base64"));
  assert.equal(fromBase64(toBase64(many)).length, many.length);
});

for (const text of ["0", "0g", "AB", " 00", "00\n", undefined, null, 12]) {
  test(`${JSON.stringify(text)} is no hexadecimal`, () => assert.throws(() => fromHex(text), refused));
}

for (const text of ["QQ", "QQ=", "QR==", " QQ==", "QQ==\n", "Q-==", "====", "ä", undefined, null, 1234]) {
  test(`${JSON.stringify(text)} is no base64`, () => assert.throws(() => fromBase64(text), refused));
}

for (const text of ["QQ==", "QR", "A+", "A/", "QQ ", "Q", undefined, null, 1234]) {
  test(`${JSON.stringify(text)} is no base64url`, () => assert.throws(() => fromBase64Url(text), refused));
}

test("bytes are the same only if each of them is", () => {
  assert.ok(same(every, every.slice()));
  assert.ok(same(new Uint8Array(), new Uint8Array()));
  assert.ok(!same(every, every.subarray(1)));
  for (let at = 0; at < 256; at++) {
    const other = every.slice();
    other[at] ^= 1;
    assert.ok(!same(every, other));
  }
});

test("parts are joined in order", () => {
  assert.deepEqual(join(every.subarray(0, 3), new Uint8Array(), every.subarray(3)), every);
  assert.deepEqual(join(), new Uint8Array());
});

test("half of a surrogate pair is no text, because it would become another character", () => {
  assert.throws(() => utf8("a\ud83d"), TypeError);
  assert.throws(() => utf8(every), TypeError);
  assert.deepEqual(utf8("ä"), Uint8Array.of(0xc3, 0xa4));
});
