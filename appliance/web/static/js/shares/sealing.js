// @ts-check
/**
 * A share link as keys: made from what the owner can open, and opened by who has the whole link. No document.
 *
 * appliance/crypto/FORMAT.md section 10 is the specification.
 */

import { fromBase64, fromBase64Url, sha256, toHex } from "../crypto/bytes.js";
import { DocumentType, openDocument } from "../crypto/envelope.js";
import { KdfRecord, stretch } from "../crypto/kdf.js";
import { WrapKind, keyId, unwrap, wrap } from "../crypto/keywrap.js";
import { accessToken, linkKey } from "../crypto/links.js";
import { Refusal } from "../crypto/refusal.js";

const ID_BYTES = 16;
const SECRET_BYTES = 32;

/**
 * @typedef {import("../crypto/kdf.js").Argon2} Argon2
 * @typedef {{documentId: Uint8Array, key: Uint8Array}} FileKey
 * @typedef {{title: FileKey, transcript: FileKey}} FileKeys
 * @typedef {{document_id: string, version: number, sealed: string, wrapped: string}} SharedDocument - In base64.
 * @typedef {{kdf: string | null, title: SharedDocument, transcript: SharedDocument}} Shared
 * @typedef {object} Link
 * @property {string} id - Hex digits; opens nothing.
 * @property {Uint8Array} secret - Goes into the link and nowhere else.
 * @property {Uint8Array} tokenDigest - All that the appliance gets of the token.
 * @property {Uint8Array | null} kdf
 * @property {{title: Uint8Array, transcript: Uint8Array}} wraps
 */

/** The PIN is another one than the owner's. */
export class WrongPin extends Error {}

/**
 * Make a link to a title and a transcript.
 * @param {FileKeys} keys
 * @param {string} pin - Empty for none.
 * @param {number} algorithm - Of the PIN's KDF record.
 * @param {Argon2} argon2
 * @returns {Promise<Link>}
 */
export async function makeLink(keys, pin, algorithm, argon2) {
  const secret = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  const record = tidy(pin) === "" ? null : KdfRecord.fresh(algorithm);
  const key = await keyOf(secret, pin, record, argon2);
  return {
    id: toHex(crypto.getRandomValues(new Uint8Array(ID_BYTES))),
    secret,
    tokenDigest: await sha256(await accessToken(secret)),
    kdf: record?.encode() ?? null,
    wraps: { title: await wrapFor(key, keys.title), transcript: await wrapFor(key, keys.transcript) },
  };
}

/**
 * Open what the appliance handed out for a link.
 *
 * Each key is bound to the document under whose id it was wrapped, and each document to its id, its version and to
 * being a title or a transcript. So what belongs to another link or another transcript does not open, whoever moved it.
 * @param {Uint8Array} secret
 * @param {Shared} shared
 * @param {string} pin
 * @param {Argon2} argon2
 * @returns {Promise<{title: string, version: number, transcript: any}>}
 * @throws {WrongPin}
 * @throws {Refusal} Something was changed or exchanged, or the appliance asks for too little protection of the PIN.
 */
export async function openShared(secret, shared, pin, argon2) {
  const record = shared.kdf === null ? null : KdfRecord.decode(fromBase64(shared.kdf));
  const key = await keyOf(secret, pin, record, argon2);
  try {
    const title = await openPart(key, shared.title, DocumentType.TITLE);
    const transcript = JSON.parse(await openPart(key, shared.transcript, DocumentType.TRANSCRIPT));
    return { title, version: shared.transcript.version, transcript };
  } catch (error) {
    // A wrong PIN gives a wrong key. So does a wrap of another link, and nobody can tell the two apart.
    const isPin = record !== null && error instanceof Refusal && error.code === "crypto.wrong_key";
    throw isPin ? new WrongPin() : error;
  }
}

/**
 * The secret in a fragment, or in a link that somebody pasted.
 * @param {string} text - A whole link, or what stands after its #, with or without the #.
 * @returns {{id: string | null, secret: Uint8Array}} The id is null where the text has no address.
 * @throws {Refusal} It is not a whole secret.
 */
export function readLink(text) {
  const [address, fragment] = text.includes("#") ? text.trim().split("#", 2) : ["", text.trim()];
  const secret = fromBase64Url(fragment);
  if (secret.length !== SECRET_BYTES) throw new Refusal("truncated");
  return { id: /\/s\/([0-9a-f]{32})$/.exec(address)?.[1] ?? null, secret };
}

/**
 * @param {Uint8Array} secret
 * @param {string} pin
 * @param {KdfRecord | null} record
 * @param {Argon2} argon2
 */
async function keyOf(secret, pin, record, argon2) {
  if (record === null) return linkKey(secret);
  const stretched = await stretch(tidy(pin), record, argon2);
  try {
    return await linkKey(secret, stretched);
  } finally {
    stretched.fill(0);
  }
}

/**
 * A space at an end is nobody's PIN: it came along when the PIN was copied.
 * @param {string} pin
 */
function tidy(pin) {
  return pin.trim();
}

/**
 * @param {Uint8Array} key
 * @param {FileKey} fileKey
 */
async function wrapFor(key, fileKey) {
  return wrap(key, fileKey.key, await labelOf(key, fileKey.documentId));
}

/**
 * @param {Uint8Array} key
 * @param {SharedDocument} part
 * @param {number} kind
 */
async function openPart(key, part, kind) {
  const documentId = fromBase64(part.document_id);
  const fileKey = await unwrap(key, fromBase64(part.wrapped), await labelOf(key, documentId));
  return new TextDecoder().decode(await openDocument(fileKey, fromBase64(part.sealed), kind, documentId, part.version));
}

/**
 * @param {Uint8Array} key
 * @param {Uint8Array} subject
 */
async function labelOf(key, subject) {
  return { kind: WrapKind.FILE_KEY_UNDER_LINK, epoch: 1, wrappingKeyId: await keyId(key), subject };
}
