// @ts-check
/**
 * The formats of appliance/crypto/FORMAT.md, written a second time from that text, with Web Crypto only.
 * What this opens is what Python sealed, and the other way round; it shares no line with the Python code.
 */

const CHUNK_BYTES = 16384;
const TAG_BYTES = 16;
const SALT_BYTES = 24;
const PREFIX_BYTES = 56;
const CONTENT_HEADER_BYTES = 32;
const WRAP_HEADER_BYTES = 40;
const WRAP_BYTES = 144;
const AUDIO = 3;
const DOCUMENT_TYPES = [1, 2, 3, 4, 5, 6, 7];
const WRAP_KINDS = [1, 2, 4, 5, 6, 7, 8, 9, 10, 11];
const IDENTITY_KIND = 7;
const WRAPPED_IDENTITY_BYTES = 176;
const MAX_TEXT_BYTES = 64 * 2 ** 20;
const LABEL = "c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0";

/** A refusal, with the code that Python gives for the same fault. */
export class Refusal extends Error {
  /** @param {string} code */
  constructor(code) {
    super(code);
    this.code = `crypto.${code}`;
  }
}

/**
 * @param {Uint8Array} key
 * @param {Uint8Array} context
 * @param {Uint8Array} plaintext
 * @param {Uint8Array} [salt] Given by vectors only.
 */
export async function seal(key, context, plaintext, salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES))) {
  const keys = await derive(key, context, salt);
  const parts = [salt, keys.commitment];
  for (let number = 0; number <= Math.floor(plaintext.length / CHUNK_BYTES); number++) {
    const chunk = plaintext.subarray(number * CHUNK_BYTES, (number + 1) * CHUNK_BYTES);
    const algorithm = { name: "AES-GCM", iv: nonce(keys.base, number) };
    parts.push(new Uint8Array(await crypto.subtle.encrypt(algorithm, keys.cipher, chunk)));
  }
  return join(parts);
}

/**
 * @param {Uint8Array} key
 * @param {Uint8Array} context
 * @param {Uint8Array} sealed
 */
export async function open(key, context, sealed) {
  if (sealed.length < PREFIX_BYTES) throw new Refusal("truncated");
  const keys = await derive(key, context, sealed.subarray(0, SALT_BYTES));
  if (!same(keys.commitment, sealed.subarray(SALT_BYTES, PREFIX_BYTES))) throw new Refusal("wrong_key");
  plaintextSize(sealed.length);
  const parts = [];
  for (let at = PREFIX_BYTES, number = 0; at < sealed.length; at += CHUNK_BYTES + TAG_BYTES, number++) {
    const chunk = sealed.subarray(at, at + CHUNK_BYTES + TAG_BYTES);
    const algorithm = { name: "AES-GCM", iv: nonce(keys.base, number) };
    try {
      parts.push(new Uint8Array(await crypto.subtle.decrypt(algorithm, keys.cipher, chunk)));
    } catch {
      throw new Refusal("tampered");
    }
  }
  return join(parts);
}

/**
 * @param {Uint8Array} fileKey
 * @param {number} kind
 * @param {Uint8Array} subject
 * @param {bigint} version
 * @param {Uint8Array} plaintext
 */
export async function sealDocument(fileKey, kind, subject, version, plaintext) {
  return sealBody(fileKey, contentHeader(kind, subject, version), kind === AUDIO ? plaintext : await pack(plaintext));
}

/**
 * @param {Uint8Array} fileKey
 * @param {Uint8Array} header
 * @param {Uint8Array} body
 * @param {Uint8Array} [salt] Given by vectors only.
 */
export async function sealBody(fileKey, header, body, salt) {
  return join([header, await seal(fileKey, header, body, salt)]);
}

/**
 * @param {Uint8Array} fileKey
 * @param {Uint8Array} sealed
 * @param {number} kind
 * @param {Uint8Array} subject
 * @param {bigint} version
 */
export async function openDocument(fileKey, sealed, kind, subject, version) {
  const header = sealed.subarray(0, CONTENT_HEADER_BYTES);
  checkMagic(sealed, "CLB1");
  if (sealed.length < CONTENT_HEADER_BYTES + PREFIX_BYTES + TAG_BYTES) throw new Refusal("truncated");
  const view = viewOf(header);
  const known = DOCUMENT_TYPES.includes(header[4]) && header[5] === 1;
  if (!known || view.getUint16(6) !== (header[4] === AUDIO ? 0 : 3)) throw new Refusal("unknown_format");
  if (!same(header, contentHeader(kind, subject, version))) throw new Refusal("wrong_context");
  const content = sealed.subarray(CONTENT_HEADER_BYTES);
  if (kind === AUDIO) return open(fileKey, header, content);
  let body;
  try {
    body = await open(fileKey, header, content);
  } catch (error) {
    const cut = error instanceof Refusal && error.code === "crypto.tampered" && !isPadded(plaintextSize(content.length));
    throw cut ? new Refusal("truncated") : error;
  }
  return unpack(body);
}

/**
 * @param {number} kind
 * @param {Uint8Array} subject
 * @param {bigint} version
 */
export function contentHeader(kind, subject, version) {
  const header = new Uint8Array(CONTENT_HEADER_BYTES);
  header.set(new TextEncoder().encode("CLB1"));
  header[4] = kind;
  header[5] = 1;
  header[7] = kind === AUDIO ? 0 : 3;
  header.set(subject, 8);
  viewOf(header).setBigUint64(24, version);
  return header;
}

/** @typedef {{kind: number, epoch: number, keyId: Uint8Array, subject: Uint8Array, record?: Uint8Array}} Label */

/**
 * @param {Uint8Array} wrappingKey
 * @param {Uint8Array} key
 * @param {Label} label
 * @param {Uint8Array} [salt] Given by vectors only.
 */
export async function wrap(wrappingKey, key, label, salt) {
  const header = wrapHeader(label);
  return join([header, await seal(wrappingKey, join([header, label.record ?? new Uint8Array()]), key, salt)]);
}

/**
 * @param {Uint8Array} wrappingKey
 * @param {Uint8Array} wrapped
 * @param {Label} label
 */
export async function unwrap(wrappingKey, wrapped, label) {
  checkMagic(wrapped, "CLW1");
  if (wrapped.length < WRAP_BYTES) throw new Refusal("truncated");
  const size = wrapped[4] === IDENTITY_KIND ? WRAPPED_IDENTITY_BYTES : WRAP_BYTES;
  if (wrapped[5] !== 1 || !WRAP_KINDS.includes(wrapped[4]) || wrapped.length > size) {
    throw new Refusal("unknown_format");
  }
  if (wrapped.length < size) throw new Refusal("truncated");
  const header = wrapped.subarray(0, WRAP_HEADER_BYTES);
  const expected = wrapHeader(label);
  if (!same(header.subarray(0, 8), expected.subarray(0, 8)) || !same(header.subarray(24), expected.subarray(24))) {
    throw new Refusal("wrong_context");
  }
  if (!same(header, expected)) throw new Refusal("wrong_key");
  const context = join([header, label.record ?? new Uint8Array()]);
  return open(wrappingKey, context, wrapped.subarray(WRAP_HEADER_BYTES));
}

/** @param {Uint8Array} key */
export async function keyId(key) {
  return expand(key, new TextEncoder().encode("cloister/v1/key-id"), 16);
}

/** @param {Label} label */
function wrapHeader(label) {
  const header = new Uint8Array(WRAP_HEADER_BYTES);
  header.set(new TextEncoder().encode("CLW1"));
  header[4] = label.kind;
  header[5] = 1;
  viewOf(header).setUint16(6, label.epoch);
  header.set(label.keyId, 8);
  header.set(label.subject, 24);
  return header;
}

/** @param {Uint8Array} text */
async function pack(text) {
  const deflated = await through(new CompressionStream("deflate-raw"), text, Infinity);
  const packed = new Uint8Array(paddedSize(deflated.length + 1));
  packed.set(deflated);
  packed[deflated.length] = 0x80;
  return packed;
}

/** @param {Uint8Array} packed */
async function unpack(packed) {
  let end = packed.length - 1;
  while (end >= 0 && packed[end] === 0) end--;
  if (packed[end] !== 0x80 || packed.length !== paddedSize(end + 1)) throw new Refusal("unknown_format");
  try {
    return await through(new DecompressionStream("deflate-raw"), packed.subarray(0, end), MAX_TEXT_BYTES);
  } catch {
    throw new Refusal("unknown_format");
  }
}

/**
 * @param {CompressionStream | DecompressionStream} stream
 * @param {Uint8Array} input
 * @param {number} limit
 */
async function through(stream, input, limit) {
  const parts = [];
  let size = 0;
  for await (const part of new Blob([input]).stream().pipeThrough(stream)) {
    size += part.length;
    if (size > limit) throw new RangeError("too long");
    parts.push(part);
  }
  return join(parts);
}

/** @param {number} size */
function paddedSize(size) {
  if (size < 2) return size;
  const exponent = Math.floor(Math.log2(size));
  const step = 2 ** (exponent - (Math.floor(Math.log2(exponent || 1)) + (exponent ? 1 : 0)));
  return Math.ceil(size / step) * step;
}

/** @param {number} size */
function isPadded(size) {
  return size > 0 && paddedSize(size) === size;
}

/** @param {number} sealedBytes */
function plaintextSize(sealedBytes) {
  const rest = (sealedBytes - PREFIX_BYTES) % (CHUNK_BYTES + TAG_BYTES);
  if (rest < TAG_BYTES) throw new Refusal("truncated");
  return Math.floor((sealedBytes - PREFIX_BYTES) / (CHUNK_BYTES + TAG_BYTES)) * CHUNK_BYTES + rest - TAG_BYTES;
}

/**
 * @param {Uint8Array} key
 * @param {Uint8Array} context
 * @param {Uint8Array} salt
 */
async function derive(key, context, salt) {
  const derived = await expand(key, join([new TextEncoder().encode(LABEL), salt, context]), 76);
  return {
    cipher: await crypto.subtle.importKey("raw", derived.subarray(0, 32), "AES-GCM", false, ["encrypt", "decrypt"]),
    base: derived.subarray(32, 44),
    commitment: derived.subarray(44),
  };
}

/**
 * HKDF-Expand with SHA-512 (RFC 5869, 2.3), by hand: Web Crypto offers HKDF only together with Extract.
 * @param {Uint8Array} key
 * @param {Uint8Array} info
 * @param {number} length
 */
async function expand(key, info, length) {
  const mac = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-512" }, false, ["sign"]);
  let block = new Uint8Array();
  let output = new Uint8Array();
  for (let counter = 1; output.length < length; counter++) {
    block = new Uint8Array(await crypto.subtle.sign("HMAC", mac, join([block, info, new Uint8Array([counter])])));
    output = join([output, block]);
  }
  return output.subarray(0, length);
}

/**
 * @param {Uint8Array} base
 * @param {number} number Below 2^32 here, which is 64 TiB.
 */
function nonce(base, number) {
  const result = base.slice();
  const view = viewOf(result);
  view.setUint32(8, (view.getUint32(8) ^ number) >>> 0);
  return result;
}

/**
 * @param {Uint8Array} sealed
 * @param {string} magic
 */
function checkMagic(sealed, magic) {
  const expected = new TextEncoder().encode(magic).subarray(0, sealed.length);
  if (!same(sealed.subarray(0, expected.length), expected)) throw new Refusal("unknown_format");
}

/**
 * @param {Uint8Array} a
 * @param {Uint8Array} b
 */
function same(a, b) {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i] ^ b[i];
  return difference === 0;
}

/** @param {Uint8Array[]} parts */
function join(parts) {
  const result = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

/** @param {Uint8Array} bytes */
function viewOf(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
