// @ts-check
/**
 * The two halves of HKDF (RFC 5869), by HMAC. Web Crypto has only both at once; chunked encryption needs the second
 * half alone, and HPKE puts its labels between them.
 */

import { join } from "./bytes.js";

/** @typedef {"SHA-256" | "SHA-512"} Hash */

/**
 * HKDF-Extract with SHA-256 (2.2).
 * @param {Uint8Array} salt May be empty.
 * @param {Uint8Array} material
 */
export async function extract(salt, material) {
  // No salt is a salt of zeros (2.2); HMAC fills a key up with zeros anyway, but Web Crypto takes no empty key.
  return hmac("SHA-256", salt.length === 0 ? new Uint8Array(32) : salt, material);
}

/**
 * HKDF-Expand (2.3).
 * @param {Hash} hash
 * @param {Uint8Array} key Uniformly random: what Extract gave, or a key that was drawn at random.
 * @param {Uint8Array} info
 * @param {number} length At most 255 times the hash's size.
 */
export async function expand(hash, key, info, length) {
  let block = new Uint8Array();
  let output = new Uint8Array();
  for (let counter = 1; output.length < length; counter++) {
    if (counter > 255) throw new RangeError("HKDF gives no more than 255 blocks");
    block = await hmac(hash, key, join(block, info, Uint8Array.of(counter)));
    output = join(output, block);
  }
  return output.slice(0, length);
}

/**
 * @param {Hash} hash
 * @param {Uint8Array} key
 * @param {Uint8Array} message
 */
async function hmac(hash, key, message) {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, message));
}
