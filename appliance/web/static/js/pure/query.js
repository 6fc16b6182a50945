// @ts-check
/**
 * The query language: words, "phrases", a star at a word's end, and speaker:name. Whatever else is typed is a word.
 *
 * The twin is appliance/search/query.py; tests/vectors/search.json holds the two together.
 */

import { words } from "./fold.js";

/**
 * @typedef {import("./fold.js").Token} Token
 * @typedef {{words: string[], isPrefix: boolean}} Term
 * @typedef {{terms: Term[], speakers: Term[], isTooLong: boolean, isEmpty: boolean}} Query
 * @typedef {[number, number]} Mark - Start and end of what matched, in UTF-16 units.
 */

export const MAX_CHARACTERS = 500;
export const MAX_WORDS = 32;

const BLANKS = "\\u0000-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200b\\u2028\\u2029\\u202f\\u205f\\u3000";
const QUOTES = '"\\u00ab\\u00bb\\u201c-\\u201f\\u300c-\\u300f\\uff02';
const PART = new RegExp(
  `(speaker[:\\uff1a](?=[^${BLANKS}]))?(?:[${QUOTES}]([^${QUOTES}]*)(?:[${QUOTES}]|$)(\\*?)|([^${BLANKS}${QUOTES}]+))`,
  "gi",
);

/**
 * Read a query.
 * @param {string} typed
 * @param {string} [speaker] - What stands in a field of its own; the beginning of each word is enough there.
 * @returns {Query}
 */
export function parse(typed, speaker = "") {
  if (length(typed) + length(speaker) > MAX_CHARACTERS) return query([], [], true);
  /** @type {Map<string, Term>} */
  const terms = new Map();
  /** @type {Map<string, Term>} */
  const speakers = new Map();
  for (const [, prefix, quoted, star, bare = ""] of typed.matchAll(PART)) {
    const term = { words: words(quoted || bare), isPrefix: Boolean(star) || bare.endsWith("*") };
    if (term.words.length > 0) (prefix ? speakers : terms).set(JSON.stringify(term), term);
  }
  for (const word of words(speaker)) {
    const term = { words: [word], isPrefix: true };
    speakers.set(JSON.stringify(term), term);
  }
  const all = [...terms.values(), ...speakers.values()];
  const count = all.reduce((sum, term) => sum + term.words.length, 0);
  return query([...terms.values()], [...speakers.values()], count > MAX_WORDS);
}

/**
 * What matches in a passage, from left to right, or null where a term does not occur.
 * @param {Term[]} terms
 * @param {Token[]} passage
 * @returns {Mark[] | null}
 */
export function marks(terms, passage) {
  /** @type {Mark[]} */
  const found = [];
  for (const term of terms) {
    const before = found.length;
    for (let first = 0; first + term.words.length <= passage.length; first += 1) {
      if (fits(term, passage, first)) found.push([passage[first].start, passage[first + term.words.length - 1].end]);
    }
    if (found.length === before) return null;
  }
  return merged(found.sort((one, other) => one[0] - other[0] || one[1] - other[1]));
}

/**
 * Whether every term occurs among folded words.
 * @param {Term[]} terms
 * @param {string[]} folded
 * @returns {boolean}
 */
export function matches(terms, folded) {
  return marks(terms, folded.map((word) => ({ word, start: 0, end: 0 }))) !== null;
}

/**
 * @param {Term[]} terms
 * @param {Term[]} speakers
 * @param {boolean} isTooLong
 * @returns {Query}
 */
function query(terms, speakers, isTooLong) {
  return { terms, speakers, isTooLong, isEmpty: terms.length === 0 && speakers.length === 0 };
}

/**
 * @param {Term} term
 * @param {Token[]} passage
 * @param {number} first
 */
function fits(term, passage, first) {
  const end = term.words.length - 1;
  for (let number = 0; number < end; number += 1) {
    if (passage[first + number].word !== term.words[number]) return false;
  }
  const { word } = passage[first + end];
  return term.isPrefix ? word.startsWith(term.words[end]) : word === term.words[end];
}

/**
 * Ranges that do not overlap; two that touch are one.
 * @param {Mark[]} found
 * @returns {Mark[]}
 */
function merged(found) {
  /** @type {Mark[]} */
  const apart = [];
  for (const [start, end] of found) {
    const last = apart.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else apart.push([start, end]);
  }
  return apart;
}

/** @param {string} text */
function length(text) {
  return Array.from(text).length;
}
