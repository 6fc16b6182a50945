// @ts-check
/** What of a passage is shown: all of it where it is short, else the part round what was found. */

/**
 * @typedef {import("./query.js").Mark} Mark
 * @typedef {{text: string, isMarked: boolean}} Piece
 */

const WHOLE_CHARACTERS = 280;
const BEFORE_CHARACTERS = 80;

/**
 * Cut a passage into pieces, marked or not.
 * @param {string} text
 * @param {Mark[]} marks - From left to right, apart from each other.
 * @returns {Piece[]}
 */
export function snippet(text, marks) {
  const [from, to] = text.length <= WHOLE_CHARACTERS ? [0, text.length] : stretch(text, marks[0] ?? [0, 0]);
  /** @type {Piece[]} */
  const pieces = [];
  let at = from;
  for (const [start, end] of marks) {
    if (start < from || end > to) continue;
    pieces.push({ text: text.slice(at, start), isMarked: false }, { text: text.slice(start, end), isMarked: true });
    at = end;
  }
  pieces.push({ text: text.slice(at, to), isMarked: false });
  if (from > 0) pieces.unshift({ text: "… ", isMarked: false });
  if (to < text.length) pieces.push({ text: " …", isMarked: false });
  return pieces.filter((piece) => piece.text !== "");
}

/**
 * @param {string} text
 * @param {Mark} mark - Stays inside, however long it is.
 * @returns {[number, number]}
 */
function stretch(text, [start, end]) {
  const from = start <= BEFORE_CHARACTERS ? 0 : wordStart(text, start - BEFORE_CHARACTERS, start);
  const wish = Math.max(from + WHOLE_CHARACTERS, end);
  return [from, wish >= text.length ? text.length : wordEnd(text, wish, end)];
}

/**
 * The first beginning of a word from a place on, or a beginning of a letter where no word begins before the limit.
 * @param {string} text
 * @param {number} at
 * @param {number} limit
 */
function wordStart(text, at, limit) {
  const blank = text.indexOf(" ", at);
  return blank >= 0 && blank < limit ? blank + 1 : letterStart(text, at);
}

/**
 * @param {string} text
 * @param {number} at
 * @param {number} limit
 */
function wordEnd(text, at, limit) {
  const blank = text.lastIndexOf(" ", at);
  return blank >= limit ? blank : letterStart(text, at);
}

/**
 * A place that parts no pair of surrogates and takes no sign from its letter.
 * @param {string} text
 * @param {number} at
 */
function letterStart(text, at) {
  let place = at;
  while (place > 0 && /^[\udc00-\udfff\p{M}]/u.test(text.slice(place, place + 1))) place -= 1;
  return place;
}
