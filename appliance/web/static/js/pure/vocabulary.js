// @ts-check
/** Names and terms that are spoken often: what a list of them may hold, as appliance/vocabulary.py has it. No document. */

import { isPrintable, singleSpaced } from "./unicode.js";

export const MAX_TERMS = 200;
export const MAX_TERM_CHARACTERS = 80;
export const MAX_BYTES = 4096;
// As they come, before they are brought into form NFC: that takes the square of the time for many marks in a row, and a
// member can seal as many as keep every other member's browser busy for hours.
const MAX_LINE_CHARACTERS = 1024;
const MAX_CHARACTERS = 65_536;

// Fillers, blanks and vowels without a shape, which nobody sees although Unicode has them for letters, signs and marks.
// Two terms that look alike, or one that looks like nothing, cannot be put right by who reads the list.
const BLANK = /[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\u{1d159}]/u;
// Bengali, Persian and others are not spelled without joiners, and selectors choose the shape of the sign before them;
// a word of nothing else has no sign to join or to choose for.
const JOINERS = "\u200c\u200d";
const UNSEEN_WORD = /^(?:\u200c|\u200d|[\u180b-\u180d\u180f\ufe00-\ufe0f\u{e0100}-\u{e01ef}])+$/u;
const COMMAND_MARKS = ["<|", "|>"];

/** A list that cannot be used. It says which line, and never what stands in it. */
export class TermsRefused extends Error {
  /**
   * @param {"terms" | "size" | "long" | "unreadable" | "reserved"} reason
   * @param {Record<string, number>} facts
   */
  constructor(reason, facts) {
    super(reason);
    this.reason = reason;
    this.facts = facts;
  }
}

/**
 * The terms in a text with one a line: in Unicode form NFC, with single blanks, each once, empty lines left out.
 * @param {string} text
 * @returns {string[]}
 * @throws {TermsRefused}
 */
export function readTerms(text) {
  /** @type {Set<string>} */
  const found = new Set();
  if (text.length > 2 * MAX_CHARACTERS) throw new TermsRefused("size", { size: text.length, limit: MAX_BYTES });
  let size = 0;
  text.split("\n").forEach((line, index) => {
    const length = [...line].length;
    size += length;
    if (size > MAX_CHARACTERS) throw new TermsRefused("size", { size, limit: MAX_BYTES });
    if (length > MAX_LINE_CHARACTERS) throw new TermsRefused("long", { line: index + 1, most: MAX_TERM_CHARACTERS });
    const term = singleSpaced(line.normalize("NFC"));
    if (term === "") return;
    check(term, index + 1);
    found.add(term);
  });
  const terms = [...found];
  if (terms.length > MAX_TERMS) throw new TermsRefused("terms", { count: terms.length, most: MAX_TERMS });
  const bytes = new TextEncoder().encode(termsText(terms)).length;
  if (bytes > MAX_BYTES) throw new TermsRefused("size", { size: bytes, limit: MAX_BYTES });
  return terms;
}

/** @param {string[]} terms */
export function termsText(terms) {
  return terms.join("\n");
}

/**
 * @param {string} term
 * @param {number} line
 */
function check(term, line) {
  const characters = [...term];
  if (characters.length > MAX_TERM_CHARACTERS) throw new TermsRefused("long", { line, most: MAX_TERM_CHARACTERS });
  const mayStand = (/** @type {string} */ character) => isPrintable(character) || JOINERS.includes(character);
  const isHidden = BLANK.test(term) || term.split(" ").some((word) => UNSEEN_WORD.test(word));
  if (isHidden || !characters.every(mayStand)) throw new TermsRefused("unreadable", { line });
  if (COMMAND_MARKS.some((mark) => term.includes(mark))) throw new TermsRefused("reserved", { line });
}
