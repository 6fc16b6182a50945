// @ts-check
/** Pieces: the smallest parts of a text that stay on one line of a subtitle, each with its time. */

import { nameOf } from "../pure/transcript.js";
import { clean, clings, columns, isSpace, isWide, opens, strip } from "../pure/unicode.js";

/**
 * @typedef {import("../pure/transcript.js").Segment} Segment
 * @typedef {import("../pure/transcript.js").Transcript} Transcript
 */

/**
 * A part that is never broken.
 * @typedef {object} Piece
 * @property {string} text - Without white space inside, unless it is a name.
 * @property {number} startMs - Milliseconds from the start of the recording.
 * @property {number} endMs - The same, not before `startMs`.
 * @property {boolean} spaced - Whether a space goes before it when it is not the first of its line.
 */

export const LINE_COLUMNS = 42;
const UNKNOWN = "Unknown";

const UNSPACED_LANGUAGES = new Set(["bo", "ja", "km", "lo", "my", "th", "yue", "zh"]);
const SENTENCES_UNSPACED = new Set(["ja", "yue", "zh"]); // The others of these languages put spaces between sentences.
const UNSPACED_SCRIPT = /^[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff]/; // Thai, Lao, Tibetan; Myanmar; Khmer.

/**
 * A segment's text in pieces with the times of its words, or with times spread evenly if it has none.
 * @param {Segment} segment
 * @param {string} language
 * @returns {Piece[]}
 */
export function piecesOf(segment, language) {
  let followsSpace = glueBetween(language) !== ""; // What stands between this segment and the one before.
  if (segment.words.length === 0) return glued(tokens(clean(segment.text), segment, followsSpace));
  /** @type {Piece[]} */
  const parts = [];
  let cursor = 0;
  for (const word of segment.words) {
    const text = clean(word.text);
    const at = segment.text.indexOf(text, cursor);
    if (parts.length > 0) {
      const between = at >= 0 ? segment.text.slice(cursor, at) : null;
      const told = between !== null && (between === "" || isSpace(between));
      followsSpace = told ? between !== "" : !UNSPACED_LANGUAGES.has(language);
    }
    if (at >= 0) cursor = at + text.length;
    for (const part of tokens(text, word, followsSpace)) parts.push(part);
  }
  return glued(parts);
}

/**
 * The text of one line.
 * @param {Piece[]} pieces
 * @returns {string}
 */
export function joined(pieces) {
  return strip(pieces.map(({ text, spaced }) => (spaced ? ` ${text}` : text)).join(""));
}

/**
 * What a speaker is called in a file; nothing where nobody was told apart.
 * @param {Transcript} transcript
 * @param {string | null} speaker
 * @returns {string}
 */
export function speakerName(transcript, speaker) {
  if (speaker === null) return transcript.speakers.length > 0 ? UNKNOWN : "";
  return clean(nameOf(transcript, speaker) ?? "") || speaker;
}

/**
 * What stands between two sentences of a language.
 * @param {string} language
 * @returns {string}
 */
export function glueBetween(language) {
  return SENTENCES_UNSPACED.has(language) ? "" : " ";
}

/**
 * The parts between spaces, and a part wider than a line in single characters, over the given time.
 * @param {string} text - Clean.
 * @param {{start: number, end: number}} time
 * @param {boolean} spaced
 * @returns {Piece[]}
 */
function tokens(text, { start, end }, spaced) {
  const found = text === "" ? [] : text.split(" ");
  if (found.length === 1 && columns(text) <= LINE_COLUMNS) return [timed(text, start, end, spaced)];
  const atoms = found.flatMap((token, number) => {
    const parts = columns(token) <= LINE_COLUMNS ? [token] : [...token];
    const isApart = spaced || number > 0;
    return parts.map((part, index) => ({ part, length: [...part].length, spaced: isApart && index === 0 }));
  });
  const whole = atoms.reduce((sum, { length }) => sum + length, 0);
  let done = 0;
  return atoms.map((atom) => {
    const begin = start + ((end - start) * done) / whole;
    done += atom.length;
    return timed(atom.part, begin, start + ((end - start) * done) / whole, atom.spaced);
  });
}

/**
 * @param {string} text
 * @param {number} start - Seconds.
 * @param {number} end - Seconds.
 * @param {boolean} spaced
 * @returns {Piece}
 */
function timed(text, start, end, spaced) {
  const startMs = roundHalfEven(start * 1000);
  return { text, startMs, endMs: Math.max(roundHalfEven(end * 1000), startMs), spaced };
}

/**
 * Python's `round`: Math.round would send every half upwards.
 * @param {number} value
 * @returns {number}
 */
function roundHalfEven(value) {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/**
 * The parts with those joined between which no line may end.
 * @param {Piece[]} parts
 * @returns {Piece[]}
 */
function glued(parts) {
  /** @type {Piece[]} */
  const pieces = [];
  for (const part of parts) {
    const last = pieces.at(-1);
    if (last === undefined || part.spaced || mayBreak(last.text, part.text) || !fits(last, part)) {
      pieces.push(part);
    } else {
      const endMs = Math.max(last.endMs, part.endMs);
      pieces[pieces.length - 1] = { text: last.text + part.text, startMs: last.startMs, endMs, spaced: last.spaced };
    }
  }
  return pieces;
}

/**
 * @param {Piece} last
 * @param {Piece} part
 */
function fits(last, part) {
  return columns(last.text + part.text) <= LINE_COLUMNS;
}

/**
 * Whether a line may end between two texts that no space separates.
 *
 * Only scripts without spaces allow it, and there not before a mark, a closing sign or a lengthening sign, nor
 * after an opening sign. Source: Unicode Standard Annex 14, reduced to what general categories tell.
 * @param {string} before
 * @param {string} after
 * @returns {boolean}
 */
function mayBreak(before, after) {
  const left = /** @type {string} */ ([...before].at(-1));
  if (clings(after) || opens(left)) return false;
  return isUnspaced(left) || isUnspaced(after);
}

/**
 * @param {string} text - Its first character counts.
 * @returns {boolean}
 */
function isUnspaced(text) {
  return isWide(text) || UNSPACED_SCRIPT.test(text);
}
