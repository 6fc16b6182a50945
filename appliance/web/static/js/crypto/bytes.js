// @ts-check
/** Bytes, and the three ways in which they are written as text; text that is not written so is refused. */

import { Refusal } from "./refusal.js";

const PIECE_BYTES = 0x8000; // A function takes only so many arguments; past that, browsers overflow their stack.

/** @param {string} text Of well-formed characters: half of a surrogate pair would silently become another character. */
export function utf8(text) {
  if (typeof text !== "string" || !text.isWellFormed()) throw new TypeError("not a well-formed text");
  return new TextEncoder().encode(text);
}

/** @param {...Uint8Array} parts */
export function join(...parts) {
  const joined = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/**
 * Tell whether two stretches of bytes are the same, in a time that depends on their length only: how far a guessed
 * commitment or checksum is right must not show.
 * @param {Uint8Array} a
 * @param {Uint8Array} b
 */
export function same(a, b) {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i] ^ b[i];
  return difference === 0;
}

/**
 * Check a size that the program itself is answerable for.
 * @param {Uint8Array} bytes
 * @param {number} size
 * @param {string} what
 */
export function expectSize(bytes, size, what) {
  if (!(bytes instanceof Uint8Array)) throw new TypeError(`${what} is not bytes`);
  if (bytes.length !== size) throw new RangeError(`${what} has ${size} bytes, not ${bytes.length}`);
}

/**
 * Refuse what does not begin as the magic does. Bytes shorter than the magic are held against its beginning: only
 * their end is missing, which is another fault.
 * @param {Uint8Array} bytes
 * @param {string} magic
 */
export function checkMagic(bytes, magic) {
  const expected = utf8(magic).subarray(0, bytes.length);
  if (!same(bytes.subarray(0, expected.length), expected)) throw new Refusal("unknown_format");
}

/** @param {Uint8Array} bytes */
export function viewOf(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** @param {Uint8Array} bytes */
export async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** @param {Uint8Array} bytes */
export function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {string} text Lower case, as Python writes it. */
export function fromHex(text) {
  if (typeof text !== "string" || !/^(?:[0-9a-f]{2})*$/.test(text)) throw new Refusal("unknown_format");
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

/** @param {Uint8Array} bytes */
export function toBase64(bytes) {
  let binary = "";
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    binary += String.fromCharCode(...bytes.subarray(at, at + PIECE_BYTES));
  }
  return btoa(binary);
}

/** @param {string} text */
export function fromBase64(text) {
  const bytes = decoded(text);
  // `atob` overlooks spaces, missing padding and leftover bits; here one text stands for some bytes and no other does.
  if (toBase64(bytes) !== text) throw new Refusal("unknown_format");
  return bytes;
}

/** @param {Uint8Array} bytes */
export function toBase64Url(bytes) {
  return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** @param {string} text */
export function fromBase64Url(text) {
  const bytes = decoded(String(text).replaceAll("-", "+").replaceAll("_", "/"));
  if (toBase64Url(bytes) !== text) throw new Refusal("unknown_format");
  return bytes;
}

/** @param {string} text */
function decoded(text) {
  let binary;
  try {
    binary = atob(text);
  } catch {
    throw new Refusal("unknown_format");
  }
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
