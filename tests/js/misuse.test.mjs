// @ts-check
/** What a caller can get wrong is a RangeError or a TypeError; what a server can get wrong is a Refusal. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import test from "node:test";
import zlib from "node:zlib";
import { argon2, shipped } from "./shipped.mjs";

const { chunked, envelope, hpke, identity, kdf, keywrap, recovery } = shipped;
const key = new Uint8Array(32).fill(1);
const id = new Uint8Array(16).fill(2);
const label = { kind: 4, epoch: 1, wrappingKeyId: id, subject: id };
const slot = { ...label, kind: 1 };
const record = kdf.KdfRecord.fresh(kdf.KdfAlgorithm.PBKDF2);
const sealedTo = { purpose: 1, recipient: id, subject: id };
const point = await hpke.xPublicOf(key);

/** @type {[string, () => unknown, Function][]} */
const MISTAKES = [
  ["a short key", () => chunked.seal(key.subarray(1), id, key), RangeError],
  ["a key that is text", () => chunked.seal("a".repeat(32), id, key), TypeError],
  ["audio in a page", () => envelope.sealDocument(key, 3, id, 0, key), RangeError],
  ["an unknown type", () => envelope.sealDocument(key, 10, id, 0, key), RangeError],
  ["a type that is text", () => envelope.sealDocument(key, "1", id, 0, key), RangeError],
  ["a document id of 15 bytes", () => envelope.sealDocument(key, 1, id.subarray(1), 0, key), RangeError],
  ["a negative version", () => envelope.sealDocument(key, 1, id, -1, key), RangeError],
  ["half a version", () => envelope.sealDocument(key, 1, id, 0.5, key), RangeError],
  ["a version past 2^53", () => envelope.sealDocument(key, 1, id, 2 ** 53, key), RangeError],
  ["a text past 64 MiB", () => envelope.sealDocument(key, 1, id, 0, new Uint8Array(2 ** 26 + 1)), RangeError],
  ["the reserved kind 3", () => keywrap.wrap(key, key, { ...label, kind: 3 }), RangeError],
  ["an epoch where there is none", () => keywrap.wrap(key, key, { ...label, epoch: 2 }), RangeError],
  ["epoch 0", () => keywrap.wrap(key, key, { ...label, kind: 5, epoch: 0 }), RangeError],
  ["epoch 65,536", () => keywrap.wrap(key, key, { ...label, kind: 5, epoch: 65_536 }), RangeError],
  ["a key before the first epoch", () => keywrap.wrap(key, key, { ...label, kind: 11 }), RangeError],
  ["an identity of 32 bytes", () => keywrap.wrap(key, key, { ...label, kind: 7 }), RangeError],
  ["a file key of 64 bytes", () => keywrap.wrap(key, new Uint8Array(64), label), RangeError],
  ["a slot without its record", () => keywrap.wrap(key, key, slot), TypeError],
  ["opening a slot without its record", () => keywrap.unwrap(key, new Uint8Array(144), slot), TypeError],
  ["a record where none belongs", () => keywrap.wrap(key, key, label, record.encode()), TypeError],
  ["a record of 31 bytes", () => keywrap.wrap(key, key, slot, record.encode().subarray(1)), RangeError],
  ["a sealed key of 31 bytes", () => hpke.sealKey(point, key.subarray(1), sealedTo), RangeError],
  ["an unknown purpose", () => hpke.sealKey(point, key, { ...sealedTo, purpose: 4 }), RangeError],
  ["a public key of 31 bytes", () => hpke.sealKey(point.subarray(1), key, sealedTo), RangeError],
  ["an empty passphrase", () => kdf.stretch("", record, argon2), RangeError],
  ["a record that was never checked", () => kdf.stretch("a", { ...record }, argon2), TypeError],
  ["an Argon2 that gives 16 bytes", () => {
    return kdf.stretch("a", kdf.KdfRecord.fresh(kdf.KdfAlgorithm.ARGON2ID), async () => id);
  }, RangeError],
  ["a salt of 15 bytes", () => new kdf.KdfRecord(2, 0, 600_000, 0, id.subarray(1)), RangeError],
  ["a purpose that is bytes", () => kdf.hkdf256(key, id), TypeError],
  ["an origin with a zero byte", () => identity.loginMessage("https://a\0b", key), TypeError],
  ["no origin", () => identity.loginMessage("", key), TypeError],
  ["a nonce of 16 bytes", () => identity.loginMessage("https://a", id), RangeError],
  ["an identity of 63 bytes", () => identity.Identity.decode(new Uint8Array(63)), RangeError],
  ["a recovery code of 16 bytes", () => recovery.writeCode(id), RangeError],
];

for (const [name, act, kind] of MISTAKES) {
  test(`${name} is the caller's mistake`, async () => {
    await assert.rejects(async () => act(), kind);
  });
}

test("records with the work of a number that is none are refused", () => {
  for (const cost of [NaN, Infinity, undefined, "many"]) {
    assert.throws(() => new kdf.KdfRecord(2, 0, cost, 0, id), { code: "crypto.unknown_format" });
  }
});

test("a text that inflates past 64 MiB is refused though it is authentic", async () => {
  const sealed = await sealedPacked(deflated(2 ** 26 + 1));
  await assert.rejects(envelope.openDocument(key, sealed, 1, id, 0), { code: "crypto.unknown_format" });
});

test("a text of exactly 64 MiB opens", async () => {
  const opened = await envelope.openDocument(key, await sealedPacked(deflated(2 ** 26)), 1, id, 0);
  assert.equal(opened.length, 2 ** 26);
});

test("texts of every small size, and around a chunk's, come back", async () => {
  const sizes = [...Array(70).keys(), 16_383, 16_384, 16_385, 32_768, 100_000];
  for (const size of sizes) {
    const text = new Uint8Array(randomBytes(size));
    const sealed = await envelope.sealDocument(key, 1, id, size, text);
    assert.deepEqual(await envelope.openDocument(key, sealed, 1, id, size), text);
  }
});

test("two seals of one text, and two keys to one person, have nothing in common", async () => {
  const [a, b] = [await envelope.sealDocument(key, 1, id, 0, key), await envelope.sealDocument(key, 1, id, 0, key)];
  assert.notDeepEqual(a.slice(32), b.slice(32));
  const [c, d] = [await hpke.sealKey(point, key, sealedTo), await hpke.sealKey(point, key, sealedTo)];
  assert.notDeepEqual(c.slice(44, 76), d.slice(44, 76));
});

test("the passphrase's bytes are wiped, also where Argon2 fails", async () => {
  /** @type {Uint8Array[]} */
  const seen = [];
  const argon2id = kdf.KdfRecord.fresh(kdf.KdfAlgorithm.ARGON2ID);
  await kdf.stretch("secret", argon2id, async (/** @type {Uint8Array} */ bytes) => {
    seen.push(bytes);
    return key;
  });
  await assert.rejects(
    kdf.stretch("secret", argon2id, async (/** @type {Uint8Array} */ bytes) => {
      seen.push(bytes);
      throw new Error("no memory");
    }),
  );
  assert.deepEqual(seen, [new Uint8Array(6), new Uint8Array(6)]);
});

/** @param {number} size */
function deflated(size) {
  return zlib.deflateRawSync(Buffer.alloc(size));
}

/** @param {Uint8Array} stream */
async function sealedPacked(stream) {
  const header = (await envelope.sealDocument(key, 1, id, 0, id)).slice(0, 32);
  let size = stream.length + 1;
  const step = 2 ** (31 - Math.clz32(size) - (32 - Math.clz32(31 - Math.clz32(size))));
  size = Math.ceil(size / step) * step;
  const packed = new Uint8Array(size);
  packed.set(stream);
  packed[stream.length] = 0x80;
  return new Uint8Array([...header, ...(await chunked.seal(key, header, packed))]);
}
