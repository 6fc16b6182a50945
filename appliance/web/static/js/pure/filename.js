// @ts-check
/** Names of files that leave: after the recording, and harmless on every system. As appliance/web/downloads.py. */

import { isPrintable } from "./unicode.js";

const MAX_STEM_BYTES = 180; // With the suffix it stays under the 255 bytes that file systems allow.
const RESERVED = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])$/i;
const SUFFIX = /^(.+)\.(?=[A-Za-z0-9]{2,5}$)[0-9]*[A-Za-z][A-Za-z0-9]*$/su;
const UNSAFE = /[<>:"/\\|?*%]/g;
const DOTS_AND_SPACES = /^[ .]+|[ .]+$/g;

/**
 * The name of a file made from a recording.
 * @param {string} title - As the person named the recording; anything at all.
 * @param {string} suffix - Of the file, with its dot.
 * @returns {string}
 */
export function fileName(title, suffix) {
  return safeStem(title) + suffix;
}

/**
 * A file name without suffix that Windows, macOS and Linux take, as close to the title as can be.
 * @param {string} title
 * @returns {string}
 */
export function safeStem(title) {
  const printable = [...title].map((character) => (isPrintable(character) ? character : " ")).join("");
  const harmless = printable.replace(SUFFIX, "$1").replace(UNSAFE, "_");
  const stem = harmless.split(" ").filter(Boolean).join(" ").replace(DOTS_AND_SPACES, "").normalize("NFC");
  const shortened = cut(stem).replace(DOTS_AND_SPACES, "");
  return RESERVED.test(shortened) ? `${shortened}_` : shortened || "transcript";
}

/**
 * As many whole characters as fit.
 * @param {string} stem
 * @returns {string}
 */
function cut(stem) {
  const bytes = new TextEncoder().encode(stem);
  if (bytes.length <= MAX_STEM_BYTES) return stem;
  let end = MAX_STEM_BYTES;
  while ((bytes[end] & 0xc0) === 0x80) end -= 1; // A byte that goes on with the character before.
  return new TextDecoder().decode(bytes.subarray(0, end));
}
