// @ts-check
/**
 * How words are compared: the same text in other letters, accents or digits gives the same tokens.
 *
 * The twin is appliance/search/fold.py, where the reasons stand; tests/vectors/search.json holds the two together, letter
 * by letter. Whatever is folded is in form NFC first, and places in it count UTF-16 units.
 */

/** @typedef {{word: string, start: number, end: number}} Token */

const ZERO_WIDTH_SPACE = "\u200b";
const SOUND_MARKS = /^[\u3099\u309a]*$/;
const IGNORED_MARKS = [
  [0x0300, 0x036f], [0x0591, 0x05c7], [0x0610, 0x061a], [0x064b, 0x065f], [0x0670, 0x0670], [0x06d6, 0x06ed],
  [0x08d3, 0x08ff], [0x1ab0, 0x1aff], [0x1dc0, 0x1dff], [0x20d0, 0x20ff], [0xfe00, 0xfe0f], [0xfe20, 0xfe2f],
  [0xe0100, 0xe01ef],
];
const SPACELESS = [
  [0x0e00, 0x0eff], [0x1000, 0x109f], [0x1780, 0x17ff], [0x3005, 0x3007], [0x3041, 0x312f], [0x31f0, 0x31ff],
  [0x3400, 0x4dbf], [0x4e00, 0x9fff], [0xaa60, 0xaa7f], [0xf900, 0xfaff], [0x20000, 0x3ffff],
];
const ZEROS = [
  0x0660, 0x06f0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6, 0x0d66, 0x0e50, 0x0ed0, 0x0f20,
  0x1040, 0x17e0,
];
/** @type {Map<string, string>} */
const LETTERS = new Map([
  ["ß", "ss"], ["ς", "σ"], ["ı", "i"], ["ł", "l"], ["ø", "o"], ["đ", "d"], ["ð", "d"], ["ħ", "h"], ["æ", "ae"],
  ["œ", "oe"], ["þ", "th"], ["\u0640", ""], ["\u0649", "\u064a"], ["\u06cc", "\u064a"], ["\u06a9", "\u0643"],
  ["\u0629", "\u0647"], ["\u06c1", "\u0647"], ["\u06c3", "\u0647"], ["\u0671", "\u0627"],
]);
for (const zero of ZEROS) {
  for (let digit = 0; digit < 10; digit += 1) LETTERS.set(String.fromCodePoint(zero + digit), String(digit));
}
const OTHER_LETTERS = "йїў";

/** @type {Map<string, string>} */
const folded = new Map();

/**
 * A text in the form in which it is indexed, shown and counted.
 * @param {string} text
 * @returns {string}
 */
export function plain(text) {
  return text.normalize("NFC");
}

/**
 * The folded words of a text, with a blank before and after each, so that looking for a word is looking for a string.
 * @param {string} text
 * @returns {string} One blank where there is no word.
 */
export function foldedLine(text) {
  if (/^[\0-\x7f]*$/.test(text)) return ` ${text.toLowerCase()} `.replace(/[^a-z0-9]+/g, " ");
  let line = " ";
  for (const letter of plain(text)) line += foldLetter(letter);
  return `${line} `.replace(/ {2,}/g, " ");
}

/**
 * The folded words of many texts. Most are plain ASCII: engines fold them all at once much faster than one by one.
 * @param {string[]} texts
 * @returns {string[]} As `foldedLine` has each.
 */
export function foldedLines(texts) {
  if (texts.length === 0 || texts.some((text) => text.includes("\n"))) return texts.map(foldedLine);
  const all = ` ${texts.join(" \n ")} `;
  if (!/^[\0-\x7f]*$/.test(all)) return texts.map(foldedLine);
  return all.toLowerCase().replace(/ *[^a-z0-9 \n][^a-z0-9\n]*| {2,}/g, " ").split("\n");
}

/**
 * @param {string} text
 * @returns {string[]}
 */
export function words(text) {
  const line = foldedLine(text).trim();
  return line === "" ? [] : line.split(" ");
}

/**
 * The folded words of a text that is in form NFC, with their places.
 * @param {string} text
 * @returns {Token[]}
 */
export function tokens(text) {
  /** @type {Token[]} */
  const found = [];
  let at = 0;
  let isOpen = false;
  for (const letter of text) {
    const after = at + letter.length;
    const piece = foldLetter(letter);
    const last = found.at(-1);
    if (piece === "" && last?.end === at) last.end = after; // An ignored mark belongs to the word that it follows.
    for (const part of piece) {
      const open = found.at(-1);
      if (part === " ") {
        isOpen = false;
      } else if (isOpen && open) {
        open.word += part;
        open.end = after;
      } else {
        found.push({ word: part, start: at, end: after });
        isOpen = true;
      }
    }
    at = after;
  }
  return found;
}

/**
 * The folded piece of one code point.
 * @param {string} letter
 * @returns {string}
 */
export function foldLetter(letter) {
  let piece = folded.get(letter);
  if (piece === undefined) {
    piece = fold(letter);
    folded.set(letter, piece);
  }
  return piece;
}

/** @param {string} letter */
function fold(letter) {
  if (/^\p{Cf}$/u.test(letter)) return letter === ZERO_WIDTH_SPACE ? " " : "";
  if (OTHER_LETTERS.includes(letter.toLowerCase())) return letter.toLowerCase();
  let kept = "";
  for (const part of letter.normalize("NFKD").toLowerCase()) if (!isIgnored(part)) kept += LETTERS.get(part) ?? part;
  if (SOUND_MARKS.test(kept)) return "";
  return Array.from(kept.normalize("NFC"), apart).join("");
}

/** @param {string} part */
function apart(part) {
  if (!/^[\p{L}\p{M}\p{N}]$/u.test(part)) return " ";
  return isWithin(part, SPACELESS) ? ` ${part} ` : part;
}

/** @param {string} part */
function isIgnored(part) {
  return /^\p{Mn}$/u.test(part) && isWithin(part, IGNORED_MARKS);
}

/**
 * @param {string} part
 * @param {number[][]} ranges
 */
function isWithin(part, ranges) {
  const codePoint = part.codePointAt(0) ?? 0;
  return ranges.some(([first, last]) => first <= codePoint && codePoint <= last);
}
