// @ts-check
/**
 * Who somebody is: a key to seal to (X25519) and a key that signs (Ed25519); and the keys that a passphrase or a
 * recovery code gives. appliance/crypto/FORMAT.md section 7 is the specification.
 */

import { expectSize, fromBase64Url, join, sha256, utf8 } from "./bytes.js";
import { xPublicOf } from "./hpke.js";
import { hkdf256 } from "./kdf.js";
import { Refusal } from "./refusal.js";
import { WORDS } from "./words.js";

const KEY_BYTES = 32;
const ID_BYTES = 16;
const NONCE_BYTES = 32;
const SIGNATURE_BYTES = 64;
const FINGERPRINT_WORDS = 8;
const WORD_BITS = 11;
const ED25519_PKCS8 = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20); // RFC 8410

/** The private halves of a person's two key pairs. */
export class Identity {
  /**
   * @param {Uint8Array} xPrivate X25519, 32 bytes.
   * @param {Uint8Array} edSeed Ed25519, 32 bytes.
   */
  constructor(xPrivate, edSeed) {
    expectSize(xPrivate, KEY_BYTES, "a private key");
    expectSize(edSeed, KEY_BYTES, "a seed");
    this.xPrivate = xPrivate;
    this.edSeed = edSeed;
    Object.freeze(this);
  }

  static fresh() {
    return Identity.decode(crypto.getRandomValues(new Uint8Array(2 * KEY_BYTES)));
  }

  /** @param {Uint8Array} bytes 64, as `encode` gave them. */
  static decode(bytes) {
    expectSize(bytes, 2 * KEY_BYTES, "an identity");
    return new Identity(bytes.slice(0, KEY_BYTES), bytes.slice(KEY_BYTES));
  }

  /** @returns {Uint8Array} 64 bytes, to be wrapped and not to be shown. */
  encode() {
    return join(this.xPrivate, this.edSeed);
  }

  xPublic() {
    return xPublicOf(this.xPrivate);
  }

  edPublic() {
    return publicOfSeed(this.edSeed);
  }

  /** @returns {Promise<Uint8Array>} 32 bytes. */
  async fingerprint() {
    return fingerprint(await this.edPublic(), await this.xPublic());
  }
}

/**
 * @param {Uint8Array} edPublic
 * @param {Uint8Array} xPublic
 * @returns {Promise<Uint8Array>} 32 bytes.
 */
export async function fingerprint(edPublic, xPublic) {
  expectSize(edPublic, KEY_BYTES, "a public key");
  expectSize(xPublic, KEY_BYTES, "a public key");
  return sha256(join(edPublic, xPublic));
}

/**
 * The first 88 bits of a fingerprint as words that two people can read to each other. Whoever wants another identity
 * with the same words has to make about 2^88 of them.
 * @param {Uint8Array} print
 * @returns {string[]} 8 words.
 */
export function fingerprintWords(print) {
  expectSize(print, KEY_BYTES, "a fingerprint");
  const bits = Array.from(print, (byte) => byte.toString(2).padStart(8, "0")).join("");
  return Array.from({ length: FINGERPRINT_WORDS }, (_, i) => {
    return WORDS[parseInt(bits.slice(WORD_BITS * i, WORD_BITS * (i + 1)), 2)];
  });
}

/**
 * What a stretched passphrase gives: a key that wraps, and a seed that signs in. Neither tells anything of the other,
 * so for a server that knows the public half of the login key, guessing passphrases stays the only way to the other.
 * @param {Uint8Array} stretched 32 bytes.
 */
export async function personKeys(stretched) {
  expectSize(stretched, KEY_BYTES, "a stretched passphrase");
  return {
    wrapKey: await hkdf256(stretched, "cloister/v1/kek"),
    loginSeed: await hkdf256(stretched, "cloister/v1/login-ed25519"),
  };
}

/** @param {Uint8Array} code The 32 bytes of a recovery code. */
export async function recoveryKeys(code) {
  expectSize(code, KEY_BYTES, "a recovery code");
  return {
    wrapKey: await hkdf256(code, "cloister/v1/recovery-kek"),
    seed: await hkdf256(code, "cloister/v1/recovery-ed25519"),
  };
}

/**
 * What an organisation's code gives: the key that opens consents, and the one that proves.
 * @param {Uint8Array} code 32 bytes.
 */
export async function organisationIdentity(code) {
  expectSize(code, KEY_BYTES, "an organisation's code");
  const xPrivate = await hkdf256(code, "cloister/v1/organisation-x25519");
  return new Identity(xPrivate, await hkdf256(code, "cloister/v1/organisation-ed25519"));
}

/**
 * By what a sealed key names an organisation as its recipient.
 * @param {Uint8Array} xPublic 32 bytes.
 * @returns {Promise<Uint8Array>} 16 bytes.
 */
export async function organisationId(xPublic) {
  expectSize(xPublic, KEY_BYTES, "a public key");
  return (await sha256(xPublic)).slice(0, ID_BYTES);
}

/**
 * The key that seals a person's index (CB1 type 5); no wrap carries it.
 * @param {Uint8Array} userKey 32 bytes.
 */
export async function indexKey(userKey) {
  expectSize(userKey, KEY_BYTES, "a user key");
  return hkdf256(userKey, "cloister/v1/index");
}

/**
 * @param {Uint8Array} seed Ed25519.
 * @returns {Promise<Uint8Array>} 32 bytes.
 */
export async function publicOfSeed(seed) {
  // Web Crypto shows the public half of a private key in a JWK only.
  const { x } = await crypto.subtle.exportKey("jwk", await importSeed(seed, true));
  return fromBase64Url(/** @type {string} */ (x));
}

/**
 * What is signed to sign in. The origin is the browser's own view of where it is, so that a signature which another
 * site obtained is worth nothing here.
 * @param {string} origin
 * @param {Uint8Array} nonce
 */
export function loginMessage(origin, nonce) {
  return proofMessage("cloister/login/v1\0", origin, nonce);
}

/**
 * The same with a recovery code.
 * @param {string} origin
 * @param {Uint8Array} nonce
 */
export function recoveryMessage(origin, nonce) {
  return proofMessage("cloister/recover/v1\0", origin, nonce);
}

/**
 * What is signed, by the login key from before, to put another login key in its place: whoever stole a session must
 * not be able to change the passphrase.
 * @param {string} origin
 * @param {Uint8Array} nonce
 * @param {Uint8Array} loginPublic The other login key.
 */
export function passphraseMessage(origin, nonce, loginPublic) {
  expectSize(loginPublic, KEY_BYTES, "a public key");
  return join(proofMessage("cloister/passphrase/v1\0", origin, nonce), loginPublic);
}

/**
 * What is signed, by the login key, to put another recovery key in the place of the one before.
 * @param {string} origin
 * @param {Uint8Array} nonce
 * @param {Uint8Array} recoveryPublic The other recovery key.
 */
export function recoveryChangeMessage(origin, nonce, recoveryPublic) {
  expectSize(recoveryPublic, KEY_BYTES, "a public key");
  return join(proofMessage("cloister/recovery/v1\0", origin, nonce), recoveryPublic);
}

/**
 * What is signed, by the login key, to delete everything of a person: whoever stole a session must not be able to.
 * @param {string} origin
 * @param {Uint8Array} nonce
 * @param {boolean} withAccount Whether the account goes too.
 */
export function deletionMessage(origin, nonce, withAccount) {
  return join(proofMessage("cloister/deletion/v1\0", origin, nonce), Uint8Array.of(withAccount ? 1 : 0));
}

/**
 * What is signed, by the login key, to let an organisation recover the account, or to take that back.
 * @param {string} origin
 * @param {Uint8Array} nonce
 * @param {Uint8Array | null} organisation Fingerprint of its keys, 32 bytes; null takes the consent back.
 */
export function consentMessage(origin, nonce, organisation) {
  const named = organisation ?? new Uint8Array(KEY_BYTES);
  expectSize(named, KEY_BYTES, "a fingerprint");
  return join(proofMessage("cloister/consent/v1\0", origin, nonce), named);
}

/**
 * What is signed, by the organisation's key, to give somebody who lost theirs another recovery key.
 * @param {string} origin
 * @param {Uint8Array} nonce
 * @param {Uint8Array} accountId 16 bytes.
 * @param {Uint8Array} recoveryPublic The other recovery key.
 */
export function letBackInMessage(origin, nonce, accountId, recoveryPublic) {
  expectSize(accountId, ID_BYTES, "an id");
  expectSize(recoveryPublic, KEY_BYTES, "a public key");
  return join(proofMessage("cloister/let-back-in/v1\0", origin, nonce), accountId, recoveryPublic);
}

/**
 * @param {Uint8Array} seed Ed25519.
 * @param {Uint8Array} message It begins with what it is for, so that no signature passes for one of another kind.
 * @returns {Promise<Uint8Array>} 64 bytes.
 */
export async function sign(seed, message) {
  return new Uint8Array(await crypto.subtle.sign("Ed25519", await importSeed(seed, false), message));
}

/**
 * @param {Uint8Array} publicKey Ed25519.
 * @param {Uint8Array} message
 * @param {Uint8Array} signature
 * @throws {Refusal} Wrong key: it was signed by another key, or something was changed.
 */
export async function verify(publicKey, message, signature) {
  // Both came from somewhere else, and one of another size verifies nothing.
  if (publicKey.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) throw new Refusal("wrong_key");
  const imported = await crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
  if (!(await crypto.subtle.verify("Ed25519", imported, signature, message))) throw new Refusal("wrong_key");
}

/**
 * @param {string} purpose
 * @param {string} origin
 * @param {Uint8Array} nonce
 */
function proofMessage(purpose, origin, nonce) {
  // An origin holds no zero byte, so what follows cannot be read as a part of it.
  if (!/^[\x21-\x7e]+$/.test(origin)) throw new TypeError("not an origin");
  expectSize(nonce, NONCE_BYTES, "a nonce");
  return join(utf8(purpose), utf8(origin), Uint8Array.of(0), nonce);
}

/**
 * @param {Uint8Array} seed
 * @param {boolean} isExtractable
 */
async function importSeed(seed, isExtractable) {
  expectSize(seed, KEY_BYTES, "a seed");
  return crypto.subtle.importKey("pkcs8", join(ED25519_PKCS8, seed), "Ed25519", isExtractable, ["sign"]);
}
