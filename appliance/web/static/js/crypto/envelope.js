// @ts-check
/**
 * CB1, the sealed document: which document it is, in clear and authenticated, then its sealed content.
 *
 * appliance/crypto/FORMAT.md section 3 is the specification. Audio is sealed by the appliance and never opened here.
 */

import { openSealed, plaintextSize, seal, sealedSize } from "./chunked.js";
import { checkMagic, expectSize, join, same, utf8, viewOf } from "./bytes.js";
import { Refusal } from "./refusal.js";

const MAGIC = "CLB1";
const ALGORITHM = 1; // Cobblestone-256.
const HEADER_BYTES = 32;
const ID_BYTES = 16;
const AUDIO = 3;
const LAST_TYPE = 9;
const DEFLATED_AND_PADDED = 3;
const MARK = 0x80;
// The engine seals what hostile audio made it write, so an authentic text may still be one that inflates without end.
const MAX_TEXT_BYTES = 64 * 2 ** 20;

/** What a sealed document holds. Number 3 is audio; 9 is sealed by the appliance, and no page opens it. */
export const DocumentType = Object.freeze({
  TRANSCRIPT: 1,
  SUMMARY: 2,
  SEARCH_PACK: 4,
  INDEX: 5,
  TITLE: 6,
  NAME: 7,
  VOCABULARY: 8,
  TERMS: 9,
});

/** A fresh key for one document. */
export function newFileKey() {
  return crypto.getRandomValues(new Uint8Array(32));
}

/** A fresh id for one document. */
export function newDocumentId() {
  return crypto.getRandomValues(new Uint8Array(ID_BYTES));
}

/**
 * Seal a text, bound to what it is, whose it is and which version.
 * @param {Uint8Array} fileKey Of this document only.
 * @param {number} kind One of `DocumentType`.
 * @param {Uint8Array} subject The document's id.
 * @param {number} version Counts its changes.
 * @param {Uint8Array} text UTF-8, at most 64 MiB.
 */
export async function sealDocument(fileKey, kind, subject, version, text) {
  const context = header(kind, subject, version);
  if (text.length > MAX_TEXT_BYTES) throw new RangeError("a text has at most 64 MiB");
  return join(context, await seal(fileKey, context, await pack(text)));
}

/**
 * Open a text, if it is the one that the caller expects.
 * @param {Uint8Array} fileKey
 * @param {Uint8Array} sealed
 * @param {number} kind
 * @param {Uint8Array} subject
 * @param {number} version
 * @throws {Refusal} Unknown format, truncated, wrong context, wrong key, tampered; FORMAT.md section 12.
 */
export async function openDocument(fileKey, sealed, kind, subject, version) {
  const context = header(kind, subject, version);
  checkMagic(sealed, MAGIC);
  if (sealed.length < HEADER_BYTES + sealedSize(0)) throw new Refusal("truncated");
  if (!isKnown(sealed)) throw new Refusal("unknown_format");
  // Every byte of the header is what the caller expects or refused: no byte of it chooses what happens from here on.
  if (!same(sealed.subarray(0, HEADER_BYTES), context)) throw new Refusal("wrong_context");
  return unpack(await openPacked(fileKey, context, sealed.subarray(HEADER_BYTES)));
}

/** @param {Uint8Array} sealed At least as long as a header. */
function isKnown(sealed) {
  const flags = sealed[4] === AUDIO ? 0 : DEFLATED_AND_PADDED;
  return sealed[5] === ALGORITHM && sealed[4] >= 1 && sealed[4] <= LAST_TYPE && viewOf(sealed).getUint16(6) === flags;
}

/**
 * @param {number} kind
 * @param {Uint8Array} subject
 * @param {number} version
 */
function header(kind, subject, version) {
  if (!Object.values(DocumentType).some((known) => known === kind)) throw new RangeError(`${kind} is no type of text`);
  expectSize(subject, ID_BYTES, "a document id");
  if (!Number.isSafeInteger(version) || version < 0) throw new RangeError(`${version} is no version`);
  const bytes = new Uint8Array(HEADER_BYTES);
  bytes.set(utf8(MAGIC));
  bytes.set([kind, ALGORITHM, 0, DEFLATED_AND_PADDED], 4);
  bytes.set(subject, 8);
  viewOf(bytes).setBigUint64(24, BigInt(version));
  return bytes;
}

/**
 * @param {Uint8Array} fileKey
 * @param {Uint8Array} context
 * @param {Uint8Array} content
 */
async function openPacked(fileKey, context, content) {
  try {
    return await openSealed(fileKey, context, content);
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== "crypto.tampered") throw error;
    // The commitment held, so the flags are true and the content was padded: any other length was cut off.
    const size = plaintextSize(content.length);
    throw size === 0 || paddedSize(size) !== size ? new Refusal("truncated") : error;
  }
}

/** @param {Uint8Array} text */
async function pack(text) {
  const deflated = await through(new CompressionStream("deflate-raw"), text, Infinity);
  const packed = new Uint8Array(paddedSize(deflated.length + 1));
  packed.set(deflated);
  packed[deflated.length] = MARK;
  return packed;
}

/**
 * Undo `pack`. The bytes are authentic, so what does not fit was written by something that is not a Cloister.
 * @param {Uint8Array} packed
 */
async function unpack(packed) {
  const mark = packed.findLastIndex((byte) => byte !== 0);
  if (packed[mark] !== MARK || packed.length !== paddedSize(mark + 1)) throw new Refusal("unknown_format");
  // The stream itself refuses what is no deflate, what never ends, and bytes after its end. (In node 20, where only our
  // tests run, it overlooks the last of these; so tests/browser asks Chromium.)
  return through(new DecompressionStream("deflate-raw"), packed.subarray(0, mark), MAX_TEXT_BYTES);
}

/**
 * @param {CompressionStream | DecompressionStream} stream
 * @param {Uint8Array} input
 * @param {number} limitBytes Where to stop; never the whole of a bomb is in memory.
 */
async function through(stream, input, limitBytes) {
  const parts = [];
  let size = 0;
  try {
    for await (const part of new Blob([input]).stream().pipeThrough(stream)) {
      size += part.length;
      if (size > limitBytes) break;
      parts.push(part);
    }
  } catch {
    throw new Refusal("unknown_format");
  }
  if (size > limitBytes) throw new Refusal("unknown_format");
  return join(...parts);
}

/**
 * The size to which content is padded, so that its length tells little.
 *
 * Source: Padmé, in Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs",
 *     2019.
 * @param {number} size
 */
function paddedSize(size) {
  if (size < 2) return size;
  // Counted in bits: a logarithm of floating point would one day round the wrong way.
  const exponent = 31 - Math.clz32(size);
  const step = 2 ** (exponent - (32 - Math.clz32(exponent)));
  return Math.ceil(size / step) * step;
}
