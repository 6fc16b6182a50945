// @ts-check
/**
 * KW1, the wrapped key: a key under another key, bound to the place where the wrap stands.
 *
 * appliance/crypto/FORMAT.md section 4 is the specification.
 */

import { KEY_BYTES, openSealed, seal, sealedSize } from "./chunked.js";
import { checkMagic, expectSize, join, same, utf8, viewOf } from "./bytes.js";
import { expand } from "./hkdf.js";
import { Refusal } from "./refusal.js";

const MAGIC = "CLW1";
const ALGORITHM = 1; // Cobblestone-256.
const ID_BYTES = 16;
const HEADER_BYTES = 40;
const RECORD_BYTES = 32;
const IDENTITY_BYTES = 64;

/** Which key lies under which. Number 3 is reserved, and refused. */
export const WrapKind = Object.freeze({
  USER_KEY_UNDER_PASSPHRASE: 1,
  USER_KEY_UNDER_RECOVERY: 2,
  FILE_KEY_UNDER_USER_KEY: 4,
  FILE_KEY_UNDER_WORKSPACE_KEY: 5,
  FILE_KEY_UNDER_LINK: 6,
  IDENTITY_UNDER_USER_KEY: 7,
  FILE_KEY_UNDER_KEK: 8,
  KEK_UNDER_ROOT: 9,
  USER_KEY_UNDER_HALF: 10,
  WORKSPACE_KEY_UNDER_NEXT: 11,
});

const KINDS = /** @type {number[]} */ (Object.values(WrapKind));
const WITH_EPOCHS = /** @type {number[]} */ ([
  WrapKind.FILE_KEY_UNDER_WORKSPACE_KEY,
  WrapKind.FILE_KEY_UNDER_KEK,
  WrapKind.KEK_UNDER_ROOT,
  WrapKind.WORKSPACE_KEY_UNDER_NEXT,
]);

/**
 * Where a wrap stands; in clear, and authenticated by opening it.
 * @typedef {{kind: number, epoch: number, wrappingKeyId: Uint8Array, subject: Uint8Array}} WrapLabel
 */

/**
 * Wrap a key under another one.
 * @param {Uint8Array} wrappingKey
 * @param {Uint8Array} key 32 bytes; of kind 7, 64.
 * @param {WrapLabel} label
 * @param {Uint8Array} [record] The KDF record that made the wrapping key: of kind 1 always, of no other kind.
 * @returns {Promise<Uint8Array>} 144 bytes; of kind 7, 176.
 */
export async function wrap(wrappingKey, key, label, record) {
  checkLabel(label);
  expectSize(key, keySize(label.kind), "a wrapped key");
  const head = header(label);
  return join(head, await seal(wrappingKey, context(head, record), key));
}

/**
 * Return the wrapped key, if the wrap stands where the caller expects it.
 *
 * Whoever writes the server's disk can move wraps about: from one document to another, from one kind to another, or
 * beside a weaker KDF record. Each of these moves changes the context, and the wrap no longer opens.
 * @param {Uint8Array} wrappingKey
 * @param {Uint8Array} wrapped
 * @param {WrapLabel} label
 * @param {Uint8Array} [record] As in `wrap`.
 * @throws {Refusal} Unknown format, truncated, wrong context, wrong key, tampered; FORMAT.md section 12.
 */
export async function unwrap(wrappingKey, wrapped, label, record) {
  checkLabel(label);
  const expected = header(label);
  const bound = context(expected, record);
  const found = header(readLabel(wrapped));
  if (!same(withoutKeyId(found), withoutKeyId(expected))) throw new Refusal("wrong_context");
  if (!same(found, expected)) throw new Refusal("wrong_key");
  return openSealed(wrappingKey, bound, wrapped.subarray(HEADER_BYTES));
}

/**
 * Return what a wrap says about itself. Nothing of it is authentic before `unwrap` has succeeded.
 * @param {Uint8Array} wrapped
 * @returns {WrapLabel}
 * @throws {Refusal} Unknown format, truncated.
 */
export function readLabel(wrapped) {
  checkMagic(wrapped, MAGIC);
  if (wrapped.length < HEADER_BYTES + sealedSize(KEY_BYTES)) throw new Refusal("truncated");
  const kind = wrapped[4];
  if (wrapped[5] !== ALGORITHM || !KINDS.includes(kind)) throw new Refusal("unknown_format");
  const size = HEADER_BYTES + sealedSize(keySize(kind));
  if (wrapped.length !== size) throw new Refusal(wrapped.length < size ? "truncated" : "unknown_format");
  const epoch = viewOf(wrapped).getUint16(6);
  return { kind, epoch, wrappingKeyId: wrapped.slice(8, 24), subject: wrapped.slice(24, 40) };
}

/**
 * Return the public id of a key, 16 bytes, which says which key it is and nothing about it.
 * @param {Uint8Array} key 32 bytes.
 */
export async function keyId(key) {
  expectSize(key, KEY_BYTES, "a key");
  return expand("SHA-512", key, utf8("cloister/v1/key-id"), ID_BYTES);
}

/** @param {number} kind */
function keySize(kind) {
  return kind === WrapKind.IDENTITY_UNDER_USER_KEY ? IDENTITY_BYTES : KEY_BYTES;
}

/** @param {WrapLabel} label What the caller wants: a mistake here is the program's. */
function checkLabel(label) {
  if (!KINDS.includes(label.kind)) throw new RangeError(`${label.kind} is no kind of wrap`);
  const least = label.kind === WrapKind.WORKSPACE_KEY_UNDER_NEXT ? 2 : 1;
  const most = WITH_EPOCHS.includes(label.kind) ? 0xffff : 1;
  if (!Number.isInteger(label.epoch) || label.epoch < least || label.epoch > most) {
    throw new RangeError(`${label.epoch} is no epoch of kind ${label.kind}`);
  }
  expectSize(label.wrappingKeyId, ID_BYTES, "the id of a key");
  expectSize(label.subject, ID_BYTES, "the id of a subject");
}

/** @param {WrapLabel} label */
function header(label) {
  const bytes = new Uint8Array(HEADER_BYTES);
  bytes.set(utf8(MAGIC));
  bytes.set([label.kind, ALGORITHM], 4);
  viewOf(bytes).setUint16(6, label.epoch);
  bytes.set(label.wrappingKeyId, 8);
  bytes.set(label.subject, 24);
  return bytes;
}

/**
 * What a wrap is bound to: its header, and of kind 1 the record as well, so that a server which hands out another
 * record than the one that made the key gets a wrap that does not open.
 * @param {Uint8Array} head
 * @param {Uint8Array} [record]
 */
function context(head, record) {
  if (head[4] !== WrapKind.USER_KEY_UNDER_PASSPHRASE) {
    if (record !== undefined) throw new TypeError("only a wrap under a passphrase is bound to a KDF record");
    return head;
  }
  if (record === undefined) throw new TypeError("a wrap under a passphrase is bound to its KDF record");
  expectSize(record, RECORD_BYTES, "a KDF record");
  return join(head, record);
}

/** @param {Uint8Array} head */
function withoutKeyId(head) {
  return join(head.subarray(0, 8), head.subarray(24));
}
