// @ts-check
/**
 * From a passphrase to a key, and from one key to others. appliance/crypto/FORMAT.md says which record means what.
 */

import { checkMagic, expectSize, utf8, viewOf } from "./bytes.js";
import { expand, extract } from "./hkdf.js";
import { Refusal } from "./refusal.js";

const MAGIC = "CLK1";
const VERSION = 1;
const RECORD_BYTES = 32;
const SALT_BYTES = 16;
const KEY_BYTES = 32;

export const KdfAlgorithm = Object.freeze({ ARGON2ID: 1, PBKDF2: 2 });

// The server keeps the record and hands it out before anybody has proved anything. Under the floor, a server that
// lies could have a passphrase stretched so little that guessing it is cheap; over the ceiling, it could freeze the
// browser. Both bounds are the reader's own, and nothing that the server says moves them.
/** @type {Readonly<Record<number, Record<"lanes" | "cost" | "passes", [number, number]>>>} */
const BOUNDS = Object.freeze({
  [KdfAlgorithm.ARGON2ID]: { lanes: [1, 64], cost: [47_104, 4_194_304], passes: [1, 64] },
  [KdfAlgorithm.PBKDF2]: { lanes: [0, 0], cost: [600_000, 100_000_000], passes: [0, 0] },
});
/** @type {Readonly<Record<number, Record<"lanes" | "cost" | "passes", number>>>} */
const DEFAULTS = Object.freeze({
  [KdfAlgorithm.ARGON2ID]: { lanes: 4, cost: 65_536, passes: 3 },
  [KdfAlgorithm.PBKDF2]: { lanes: 0, cost: 1_000_000, passes: 0 },
});

/**
 * Argon2id, version 1.3, 32 bytes; in a page `argon2` of js/argon2.js, which asks a worker.
 * @typedef {{salt: Uint8Array, memoryKib: number, passes: number, lanes: number}} Argon2Cost
 * @typedef {(passphrase: Uint8Array, cost: Argon2Cost) => Promise<Uint8Array>} Argon2
 */

/** How a passphrase is stretched. One that is weaker than the floor cannot be made, so none can be used. */
export class KdfRecord {
  /**
   * @param {number} algorithm One of `KdfAlgorithm`.
   * @param {number} lanes Of Argon2id; 0 for PBKDF2.
   * @param {number} cost Memory in KiB of Argon2id, iterations of PBKDF2.
   * @param {number} passes Of Argon2id; 0 for PBKDF2.
   * @param {Uint8Array} salt 16 bytes.
   * @throws {Refusal} Weak KDF; or unknown format: what no Cloister writes, or more than a browser should bear.
   */
  constructor(algorithm, lanes, cost, passes, salt) {
    expectSize(salt, SALT_BYTES, "a salt");
    const bounds = BOUNDS[algorithm];
    if (bounds === undefined) throw new Refusal("unknown_format");
    const given = { lanes, cost, passes };
    const names = /** @type {("lanes" | "cost" | "passes")[]} */ (Object.keys(given));
    if (names.some((name) => !(given[name] <= bounds[name][1]))) throw new Refusal("unknown_format");
    if (names.some((name) => !(given[name] >= bounds[name][0]))) throw new Refusal("weak_kdf");
    this.algorithm = algorithm;
    this.lanes = lanes;
    this.cost = cost;
    this.passes = passes;
    this.salt = salt.slice();
    Object.freeze(this);
  }

  /**
   * A record with a salt of its own, and today's cost.
   * @param {number} algorithm
   */
  static fresh(algorithm) {
    const { lanes, cost, passes } = DEFAULTS[algorithm];
    return new KdfRecord(algorithm, lanes, cost, passes, crypto.getRandomValues(new Uint8Array(SALT_BYTES)));
  }

  /**
   * @param {Uint8Array} bytes
   * @throws {Refusal} Unknown format, truncated, weak KDF.
   */
  static decode(bytes) {
    checkMagic(bytes, MAGIC);
    if (bytes.length < RECORD_BYTES) throw new Refusal("truncated");
    if (bytes.length > RECORD_BYTES || bytes[5] !== VERSION) throw new Refusal("unknown_format");
    const view = viewOf(bytes);
    return new KdfRecord(bytes[4], view.getUint16(6), view.getUint32(8), view.getUint32(12), bytes.subarray(16));
  }

  /** @returns {Uint8Array} 32 bytes. */
  encode() {
    const bytes = new Uint8Array(RECORD_BYTES);
    const view = viewOf(bytes);
    bytes.set(utf8(MAGIC));
    bytes.set([this.algorithm, VERSION], 4);
    view.setUint16(6, this.lanes);
    view.setUint32(8, this.cost);
    view.setUint32(12, this.passes);
    bytes.set(this.salt, 16);
    return bytes;
  }
}

/**
 * Stretch a passphrase into a key of 32 bytes, which takes about a second on purpose.
 * @param {string} passphrase Not empty.
 * @param {KdfRecord} record
 * @param {Argon2} argon2
 */
export async function stretch(passphrase, record, argon2) {
  // A decoded record has been held against the floor. Anything that only looks like a record has not.
  if (!(record instanceof KdfRecord)) throw new TypeError("not a KDF record");
  // The same passphrase typed on another keyboard may come as other characters that look the same; NFKC unites them.
  const bytes = utf8(passphrase.normalize("NFKC"));
  if (bytes.length === 0) throw new RangeError("an empty passphrase");
  try {
    const isPbkdf2 = record.algorithm === KdfAlgorithm.PBKDF2;
    const key = isPbkdf2 ? await pbkdf2(bytes, record) : await argon2id(bytes, record, argon2);
    expectSize(key, KEY_BYTES, "a stretched passphrase");
    return key;
  } finally {
    bytes.fill(0);
  }
}

/**
 * HKDF-SHA256 (RFC 5869) without a salt.
 * @param {Uint8Array} material Uniformly random, or a stretched passphrase.
 * @param {string} info ASCII: what the result is for.
 * @param {number} [length] In bytes.
 */
export async function hkdf256(material, info, length = KEY_BYTES) {
  return expand("SHA-256", await extract(new Uint8Array(), material), utf8(info), length);
}

/**
 * @param {Uint8Array} passphrase
 * @param {KdfRecord} record
 */
async function pbkdf2(passphrase, record) {
  const key = await crypto.subtle.importKey("raw", passphrase, "PBKDF2", false, ["deriveBits"]);
  const algorithm = { name: "PBKDF2", hash: "SHA-256", salt: record.salt, iterations: record.cost };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, 8 * KEY_BYTES));
}

/**
 * @param {Uint8Array} passphrase
 * @param {KdfRecord} record
 * @param {Argon2} argon2
 */
async function argon2id(passphrase, record, argon2) {
  const { salt, cost, passes, lanes } = record;
  return argon2(passphrase, { salt, memoryKib: cost, passes, lanes });
}
