// @ts-check
/**
 * Chunked encryption, Cobblestone-256: any bytes sealed under a key and a context.
 *
 * Source: C2SP chunked-encryption, https://c2sp.org/chunked-encryption; appliance/crypto/FORMAT.md section 2.
 */

import { expectSize, join, same, utf8, viewOf } from "./bytes.js";
import { expand } from "./hkdf.js";
import { Refusal } from "./refusal.js";

export const KEY_BYTES = 32;
const SALT_BYTES = 24;
const PREFIX_BYTES = 56; // Salt and commitment.
const CHUNK_BYTES = 16_384;
const TAG_BYTES = 16;
const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;
const MAX_CHUNKS = 2 ** 38;
const LABEL = utf8("c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0");

/**
 * @param {Uint8Array} key 32 uniformly random bytes.
 * @param {Uint8Array} context What the message is bound to; it is not written into the result.
 * @param {Uint8Array} plaintext Of any length, also none.
 */
export async function seal(key, context, plaintext) {
  // A repeated salt would repeat key and nonces, which gives AES-GCM away. So it is drawn here and never handed in.
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const keys = await derive(key, context, salt);
  const parts = [salt, keys.commitment];
  // One more chunk than there are full ones: the last is always shorter, if need be empty, and so marks the end.
  for (let number = 0; number <= Math.floor(plaintext.length / CHUNK_BYTES); number++) {
    const chunk = plaintext.subarray(number * CHUNK_BYTES, (number + 1) * CHUNK_BYTES);
    const algorithm = { name: "AES-GCM", iv: nonce(keys.baseNonce, number) };
    parts.push(new Uint8Array(await crypto.subtle.encrypt(algorithm, keys.cipher, chunk)));
  }
  return join(...parts);
}

/**
 * @param {Uint8Array} key
 * @param {Uint8Array} context
 * @param {Uint8Array} sealed
 * @throws {Refusal} Truncated, wrong key (or another context), tampered.
 */
export async function openSealed(key, context, sealed) {
  if (sealed.length < PREFIX_BYTES) throw new Refusal("truncated");
  const keys = await derive(key, context, sealed.subarray(0, SALT_BYTES));
  // Before any chunk: without this check AES-GCM alone would let one ciphertext open to two plaintexts under two keys.
  if (!same(keys.commitment, sealed.subarray(SALT_BYTES, PREFIX_BYTES))) throw new Refusal("wrong_key");
  const plaintext = new Uint8Array(plaintextSize(sealed.length));
  for (let number = 0, at = PREFIX_BYTES; at < sealed.length; number++, at += SEALED_CHUNK_BYTES) {
    const chunk = sealed.subarray(at, at + SEALED_CHUNK_BYTES);
    plaintext.set(await decrypt(keys.cipher, nonce(keys.baseNonce, number), chunk), number * CHUNK_BYTES);
  }
  return plaintext;
}

/** @param {number} plaintextBytes */
export function sealedSize(plaintextBytes) {
  return PREFIX_BYTES + plaintextBytes + TAG_BYTES * (Math.floor(plaintextBytes / CHUNK_BYTES) + 1);
}

/**
 * @param {number} sealedBytes
 * @throws {Refusal} No message has this length: a last chunk is shorter than the others, and has a whole tag.
 */
export function plaintextSize(sealedBytes) {
  const full = Math.floor((sealedBytes - PREFIX_BYTES) / SEALED_CHUNK_BYTES);
  const rest = sealedBytes - PREFIX_BYTES - full * SEALED_CHUNK_BYTES;
  if (full < 0 || rest < TAG_BYTES) throw new Refusal("truncated");
  if (full >= MAX_CHUNKS) throw new Refusal("unknown_format");
  return full * CHUNK_BYTES + rest - TAG_BYTES;
}

/**
 * AES-256-GCM without additional data: open one chunk, or refuse it.
 * @param {CryptoKey} cipher
 * @param {Uint8Array} iv
 * @param {Uint8Array} chunk
 */
async function decrypt(cipher, iv, chunk) {
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, cipher, chunk));
  } catch (error) {
    // A failed tag is an OperationError; anything else is a mistake of the program and must not look like an attack.
    throw error instanceof DOMException && error.name === "OperationError" ? new Refusal("tampered") : error;
  }
}

/**
 * @param {Uint8Array} key
 * @param {Uint8Array} context
 * @param {Uint8Array} salt
 */
async function derive(key, context, salt) {
  expectSize(key, KEY_BYTES, "a key");
  const derived = await expand("SHA-512", key, join(LABEL, salt, context), KEY_BYTES + 12 + 32);
  return {
    cipher: await crypto.subtle.importKey("raw", derived.subarray(0, 32), "AES-GCM", false, ["encrypt", "decrypt"]),
    baseNonce: derived.subarray(32, 44),
    commitment: derived.subarray(44),
  };
}

/**
 * @param {Uint8Array} base
 * @param {number} number Below 2^32, which is 64 TiB and more than any memory: so the last four bytes are enough.
 */
function nonce(base, number) {
  const result = base.slice();
  const view = viewOf(result);
  view.setUint32(8, view.getUint32(8) ^ number);
  return result;
}
