// @ts-check
/**
 * SL1, a key sealed to the public key of somebody who is not there: HPKE in base mode, one message.
 *
 * Source: RFC 9180 with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM; no other suite, no other mode.
 * appliance/crypto/FORMAT.md section 8 is the specification of the 124 bytes.
 */

import { checkMagic, expectSize, join, same, utf8, viewOf } from "./bytes.js";
import { expand, extract } from "./hkdf.js";
import { Refusal } from "./refusal.js";

const MAGIC = "CLS1";
const SUITE = Uint8Array.of(0x00, 0x20, 0x00, 0x01, 0x00, 0x02); // The numbers of KEM, KDF and AEAD in RFC 9180, 7.
const KEY_BYTES = 32;
const ID_BYTES = 16;
const HEADER_BYTES = 44;
const SEALED_BYTES = 124;
const BASE_POINT = Uint8Array.of(9, ...new Uint8Array(31)); // RFC 7748, 6.1.
const X25519_PKCS8 = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20); // RFC 8410.

/** What is sealed, and so to whom. */
export const SealedKeyPurpose = Object.freeze({ RESULT: 1, WORKSPACE_KEY: 2, ORGANISATION_RECOVERY: 3 });

const PURPOSES = /** @type {number[]} */ (Object.values(SealedKeyPurpose));

/** @typedef {{purpose: number, recipient: Uint8Array, subject: Uint8Array}} SealedKeyLabel */

/**
 * Seal a key, so that only the holder of the private key opens it. Anybody can: what is opened says nothing about who
 * sealed it.
 * @param {Uint8Array} publicKey X25519, 32 bytes.
 * @param {Uint8Array} key 32 bytes.
 * @param {SealedKeyLabel} label
 * @returns {Promise<Uint8Array>} 124 bytes.
 * @throws {Refusal} Wrong key: the public key is a point that would make the secret known to everybody.
 */
export async function sealKey(publicKey, key, label) {
  expectSize(key, KEY_BYTES, "a sealed key");
  const head = header(label);
  const ephemeral = /** @type {CryptoKeyPair} */ (await crypto.subtle.generateKey("X25519", false, ["deriveBits"]));
  const enc = new Uint8Array(await crypto.subtle.exportKey("raw", ephemeral.publicKey));
  const shared = await agree(ephemeral.privateKey, publicKey);
  const { cipher, iv } = await schedule(await sharedSecret(shared, enc, publicKey), info(head));
  return join(head, enc, new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, cipher, key)));
}

/**
 * Open a key that was sealed to us, if it is the one that the caller expects.
 * @param {Uint8Array} privateKey X25519, 32 bytes.
 * @param {Uint8Array} sealed
 * @param {SealedKeyLabel} label
 * @throws {Refusal} Unknown format, truncated, wrong context; wrong key, which HPKE cannot tell from a changed byte.
 */
export async function openKey(privateKey, sealed, label) {
  const expected = header(label);
  if (!same(header(readSealedLabel(sealed)), expected)) throw new Refusal("wrong_context");
  const enc = sealed.subarray(HEADER_BYTES, HEADER_BYTES + KEY_BYTES);
  const shared = await agree(await importPrivate(privateKey), enc);
  const secret = await sharedSecret(shared, enc, await xPublicOf(privateKey));
  const { cipher, iv } = await schedule(secret, info(expected));
  try {
    const ciphertext = sealed.subarray(HEADER_BYTES + KEY_BYTES);
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, cipher, ciphertext));
  } catch (error) {
    throw refusalOf(error);
  }
}

/**
 * Return what a sealed key says about itself. Nothing of it is authentic before `openKey` has succeeded.
 * @param {Uint8Array} sealed
 * @returns {SealedKeyLabel}
 * @throws {Refusal} Unknown format, truncated.
 */
export function readSealedLabel(sealed) {
  checkMagic(sealed, MAGIC);
  if (sealed.length < SEALED_BYTES) throw new Refusal("truncated");
  const isOurs = same(sealed.subarray(4, 10), SUITE) && PURPOSES.includes(sealed[10]) && sealed[11] === 0;
  if (sealed.length > SEALED_BYTES || !isOurs) throw new Refusal("unknown_format");
  return { purpose: sealed[10], recipient: sealed.slice(12, 28), subject: sealed.slice(28, 44) };
}

/**
 * @param {Uint8Array} privateKey X25519, 32 bytes.
 * @returns {Promise<Uint8Array>} 32 bytes.
 */
export async function xPublicOf(privateKey) {
  return agree(await importPrivate(privateKey), BASE_POINT);
}

/**
 * ExtractAndExpand of the KEM (RFC 9180, 4.1).
 * @param {Uint8Array} shared What X25519 gave.
 * @param {Uint8Array} enc
 * @param {Uint8Array} publicKey The recipient's.
 */
export async function sharedSecret(shared, enc, publicKey) {
  const suite = join(utf8("KEM"), SUITE.subarray(0, 2));
  const extracted = await labeledExtract(suite, new Uint8Array(), "eae_prk", shared);
  return labeledExpand(suite, extracted, "shared_secret", join(enc, publicKey), 32);
}

/**
 * KeySchedule in base mode (RFC 9180, 5.1). The result seals one message only, so the nonce is the base nonce.
 * @param {Uint8Array} secret
 * @param {Uint8Array} info
 */
export async function schedule(secret, info) {
  const suite = join(utf8("HPKE"), SUITE);
  const none = new Uint8Array();
  const context = join(
    Uint8Array.of(0), // Base mode: no shared passphrase, no key of the sender.
    await labeledExtract(suite, none, "psk_id_hash", none),
    await labeledExtract(suite, none, "info_hash", info),
  );
  const extracted = await labeledExtract(suite, secret, "secret", none);
  const key = await labeledExpand(suite, extracted, "key", context, 32);
  const iv = await labeledExpand(suite, extracted, "base_nonce", context, 12);
  return { cipher: await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"]), iv };
}

/**
 * @param {Uint8Array} suite
 * @param {Uint8Array} salt
 * @param {string} label
 * @param {Uint8Array} material
 */
function labeledExtract(suite, salt, label, material) {
  return extract(salt, join(utf8("HPKE-v1"), suite, utf8(label), material));
}

/**
 * @param {Uint8Array} suite
 * @param {Uint8Array} key
 * @param {string} label
 * @param {Uint8Array} context
 * @param {number} length Below 256.
 */
function labeledExpand(suite, key, label, context, length) {
  return expand("SHA-256", key, join(Uint8Array.of(0, length), utf8("HPKE-v1"), suite, utf8(label), context), length);
}

/**
 * X25519 (RFC 7748). Some public keys make every secret zero, so that everybody knows it; RFC 9180, 7.1.4 demands that
 * they are refused. Web Crypto refuses them as well, but nothing here should depend on how faithfully.
 * @param {CryptoKey} privateKey
 * @param {Uint8Array} publicKey
 */
async function agree(privateKey, publicKey) {
  expectSize(publicKey, KEY_BYTES, "a public key");
  const imported = await crypto.subtle.importKey("raw", publicKey, "X25519", false, []);
  let shared;
  try {
    shared = new Uint8Array(await crypto.subtle.deriveBits({ name: "X25519", public: imported }, privateKey, 256));
  } catch (error) {
    throw refusalOf(error);
  }
  if (shared.every((byte) => byte === 0)) throw new Refusal("wrong_key");
  return shared;
}

/** @param {Uint8Array} privateKey */
async function importPrivate(privateKey) {
  expectSize(privateKey, KEY_BYTES, "a private key");
  return crypto.subtle.importKey("pkcs8", join(X25519_PKCS8, privateKey), "X25519", false, ["deriveBits"]);
}

/** @param {unknown} error */
function refusalOf(error) {
  // Anything else than an OperationError is a mistake of the program and must not look like an attack.
  return error instanceof DOMException && error.name === "OperationError" ? new Refusal("wrong_key") : error;
}

/** @param {SealedKeyLabel} label */
function header(label) {
  if (!PURPOSES.includes(label.purpose)) throw new RangeError(`${label.purpose} is no purpose of a sealed key`);
  expectSize(label.recipient, ID_BYTES, "the id of a recipient");
  expectSize(label.subject, ID_BYTES, "the id of a subject");
  return join(utf8(MAGIC), SUITE, Uint8Array.of(label.purpose, 0), label.recipient, label.subject);
}

/** @param {Uint8Array} head Bound in here, because that way it cannot be forgotten: there is no additional data. */
function info(head) {
  return join(utf8("cloister-seal-v1\0"), head);
}
