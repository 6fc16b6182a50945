// @ts-check
/**
 * What files need to know of characters, by the same edition of Unicode as the appliance. A browser's own \p{…} follows
 * a newer edition, and then a file made here would differ from the one that the appliance makes. No document.
 */

import { CLINGING, OPENING, UNPRINTABLE, WIDE } from "./unicode_tables.js";

// What Python's str.split and str.strip take for white space: not the same as \s.
const SPACE = "\\t-\\r\\x1c- \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const ONE_SPACE = new RegExp(`[${SPACE}]`, "gu");
const ONLY_SPACE = new RegExp(`^[${SPACE}]+$`, "u");
const SPACE_BEFORE = new RegExp(`^[${SPACE}]+`, "u");
const SPACE_AFTER = new RegExp(`[${SPACE}]+$`, "u");
const INVISIBLE = /[\0-\x1f\x7f-\x9f\ud800-\udfff]/gu; // With the u flag only halves of pairs that stand alone.
const ASCII = /^[\0-\x7f]*$/;

const wide = unpacked(WIDE);
const clinging = unpacked(CLINGING);
const opening = unpacked(OPENING);
const unprintable = unpacked(UNPRINTABLE);

/**
 * Text on one line, without control characters and with single spaces.
 * @param {string} text
 * @returns {string}
 */
export function clean(text) {
  const visible = text.replace(ONE_SPACE, " ").replace(INVISIBLE, "");
  return visible.split(" ").filter(Boolean).join(" ");
}

/**
 * Text with single spaces inside and none at its ends.
 * @param {string} text
 * @returns {string}
 */
export function singleSpaced(text) {
  return text.replace(ONE_SPACE, " ").split(" ").filter(Boolean).join(" ");
}

/**
 * @param {string} text
 * @returns {string}
 */
export function strip(text) {
  return stripEnd(text.replace(SPACE_BEFORE, ""));
}

/**
 * @param {string} text
 * @returns {string}
 */
export function stripEnd(text) {
  return text.replace(SPACE_AFTER, "");
}

/**
 * @param {string} text
 * @returns {boolean} Whether there is something, and all of it is white space.
 */
export function isSpace(text) {
  return ONLY_SPACE.test(text);
}

/**
 * How wide a text is: a character of East Asian width counts for two.
 * @param {string} text
 * @returns {number}
 */
export function columns(text) {
  if (ASCII.test(text)) return text.length;
  let sum = 0;
  for (const character of text) sum += isWide(character) ? 2 : 1;
  return sum;
}

/**
 * @param {string} character
 * @returns {boolean} Whether its East Asian width is wide or full.
 */
export function isWide(character) {
  return holds(wide, character);
}

/**
 * @param {string} character
 * @returns {boolean} Whether no line may begin with it: a mark, a closing sign, a lengthening sign.
 */
export function clings(character) {
  return holds(clinging, character);
}

/**
 * @param {string} character
 * @returns {boolean} Whether no line may end with it.
 */
export function opens(character) {
  return holds(opening, character);
}

/**
 * @param {string} character
 * @returns {boolean} Whether it is a visible sign or the common space.
 */
export function isPrintable(character) {
  return !holds(unprintable, character);
}

/**
 * Where ranges begin and where the next character after each is, in turn.
 * @param {string} table - Lengths in base 36: of the gap before a range, of the range, and so on.
 * @returns {number[]}
 */
function unpacked(table) {
  let at = 0;
  return table.split(" ").map((length) => (at += Number.parseInt(length, 36)));
}

/**
 * @param {number[]} edges
 * @param {string} character
 * @returns {boolean}
 */
function holds(edges, character) {
  const point = /** @type {number} */ (character.codePointAt(0));
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (edges[middle] <= point) low = middle + 1;
    else high = middle;
  }
  return low % 2 === 1;
}
