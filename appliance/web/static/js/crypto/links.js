// @ts-check
/**
 * Share links: what the 32 bytes in a link's fragment give, with or without a PIN. A browser never sends a fragment to
 * the server. appliance/crypto/FORMAT.md section 10 is the specification.
 */

import { expectSize, join } from "./bytes.js";
import { hkdf256 } from "./kdf.js";

const SECRET_BYTES = 32;

/**
 * What the browser shows the server to be given the sealed document; the key cannot be told from it.
 * @param {Uint8Array} secret The fragment.
 */
export async function accessToken(secret) {
  expectSize(secret, SECRET_BYTES, "a link's secret");
  return hkdf256(secret, "cloister/v1/share-auth");
}

/**
 * The key that wraps the file key (KW1 kind 6).
 * @param {Uint8Array} secret The fragment.
 * @param {Uint8Array} [stretchedPin] The PIN through the link's KDF record; none where the link has no PIN.
 */
export async function linkKey(secret, stretchedPin) {
  expectSize(secret, SECRET_BYTES, "a link's secret");
  if (stretchedPin !== undefined) expectSize(stretchedPin, SECRET_BYTES, "a stretched PIN");
  // The first part has a fixed size, so a secret with a PIN is never the same bytes as another one without.
  return hkdf256(join(secret, stretchedPin ?? new Uint8Array()), "cloister/v1/share-key");
}
