// @ts-check
/**
 * Cues: the transcript cut into subtitles that can be read, whatever the file format.
 *
 * The rules and their reasons are those of appliance/exports/cues.py, one function for one.
 */

import { columns } from "../pure/unicode.js";
import { LINE_COLUMNS, joined, piecesOf, speakerName } from "./pieces.js";

/**
 * @typedef {import("../pure/transcript.js").Transcript} Transcript
 * @typedef {import("./pieces.js").Piece} Piece
 */

/**
 * One subtitle.
 * @typedef {object} Cue
 * @property {number} startMs - Milliseconds, not before the end of the cue before.
 * @property {number} endMs - Milliseconds, 1,000 to 6,000 after `startMs`.
 * @property {string | null} speaker - `id` of a speaker, or null.
 * @property {string[]} lines - One or two lines of at most 42 columns.
 */

/**
 * The pieces of one cue before it has its final times.
 * @typedef {object} Phrase
 * @property {string | null} speaker
 * @property {string} label - `Name:` where the speaker changes, in formats that have no other place for it.
 * @property {Piece[]} pieces - At least one.
 */

const MOST_LINES = 2;
const SHORTEST_MS = 1000;
const LONGEST_MS = 6000;
const PAUSE_MS = 1500; // A cue that bridges a longer silence gives away what comes.
const COLUMNS_PER_S = 20;
const NAME_COLUMNS = 24; // A longer name is cut in a label, so that a word always fits beside or under it.

const SENTENCE_END = /[.!?…。！？।॥؟۔។]$/;
const CLAUSE_END = /[,;:–—、，；：،؛]$/;

/**
 * Cut a transcript into cues.
 * @param {Transcript} transcript - Segments in order of time.
 * @param {{nameOnChange: boolean}} choice - Whether a cue begins with the speaker's name where the speaker changes.
 * @returns {Cue[]} In order of time. Every word is in exactly one of them, in order.
 */
export function cues(transcript, { nameOnChange }) {
  /** @type {Phrase[]} */
  const phrases = [];
  /** @type {string | null} */
  let speaker = null;
  for (const segment of transcript.segments) {
    const pieces = piecesOf(segment, transcript.language);
    if (pieces.length === 0) continue;
    const label = nameOnChange && segment.speaker !== speaker ? labelOf(transcript, segment.speaker) : "";
    speaker = segment.speaker;
    for (const phrase of halved({ speaker, label, pieces })) phrases.push(phrase);
  }
  return timed(withoutFlashes(phrases));
}

/**
 * `HH:MM:SS` and milliseconds after a mark: a comma in SubRip, a point in WebVTT.
 * @param {number} milliseconds
 * @param {string} mark
 * @returns {string}
 */
export function clock(milliseconds, mark) {
  const seconds = Math.floor(milliseconds / 1000);
  return `${wholeSeconds(seconds)}${mark}${String(milliseconds % 1000).padStart(3, "0")}`;
}

/**
 * `HH:MM:SS`.
 * @param {number} seconds - Whole, not negative.
 * @returns {string}
 */
export function wholeSeconds(seconds) {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}

/**
 * @param {Transcript} transcript
 * @param {string | null} speaker
 */
function labelOf(transcript, speaker) {
  let name = speakerName(transcript, speaker);
  while (columns(name) > NAME_COLUMNS - 1) name = `${[...name.replace(/…+$/, "")].slice(0, -1).join("")}…`;
  return `${name}:`;
}

/**
 * Split a phrase at its best place until every part fits a cue; halves stay balanced, so no word is left alone.
 * @param {Phrase} phrase
 * @returns {Phrase[]}
 */
function halved(phrase) {
  /** @type {Phrase[]} */
  const finished = [];
  const waiting = [phrase];
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    const { speaker, label, pieces } = part;
    if (pieces.length === 1 || fits(part)) {
      finished.push(part);
      continue;
    }
    const at = bestPlace(pieces);
    waiting.push({ speaker, label: "", pieces: pieces.slice(at) }, { speaker, label, pieces: pieces.slice(0, at) });
  }
  return finished;
}

/** @param {Phrase} phrase */
function fits(phrase) {
  const { pieces } = phrase;
  const bridges = pieces.some((piece, at) => at > 0 && piece.startMs - pieces[at - 1].endMs > PAUSE_MS);
  return !bridges && endOf(phrase) - startOf(phrase) <= LONGEST_MS && linesOf(phrase).length <= MOST_LINES;
}

/**
 * The index of the piece before which it is best to end a cue; the first of equals.
 * @param {Piece[]} pieces
 * @returns {number}
 */
function bestPlace(pieces) {
  let best = 1;
  let most = quality(pieces, 1);
  for (let at = 2; at < pieces.length; at += 1) {
    const found = quality(pieces, at);
    if (found > most) [best, most] = [at, found];
  }
  return best;
}

/**
 * How good it is to end a cue before a piece: at a pause, at the end of a sentence, near the middle.
 * @param {Piece[]} pieces
 * @param {number} index
 * @returns {number}
 */
function quality(pieces, index) {
  const before = pieces[index - 1];
  const pauseMs = pieces[index].startMs - before.endMs;
  if (pauseMs > PAUSE_MS) return pauseMs;
  const offCentre = Math.abs((2 * index) / pieces.length - 1);
  const mark = SENTENCE_END.test(before.text) ? 0.6 : CLAUSE_END.test(before.text) ? 0.35 : 0;
  return mark + Math.min(Math.max(pauseMs, 0), 500) / 2000 - offCentre;
}

/**
 * The text in as few lines as it takes; two lines are made about equally long.
 * @param {Phrase} phrase
 * @returns {string[]}
 */
function linesOf({ label, pieces }) {
  const all = label === "" ? pieces : labelled(label, pieces);
  const text = joined(all);
  const width = columns(text);
  if (width <= LINE_COLUMNS) return [text];
  if (width <= MOST_LINES * LINE_COLUMNS + 1) { // The space at which a line ends is not shown.
    const balanced = balancedPair(all);
    if (widest(balanced) <= LINE_COLUMNS) return balanced;
  }
  return filled(all);
}

/**
 * @param {string} label
 * @param {Piece[]} pieces
 * @returns {Piece[]}
 */
function labelled(label, [first, ...others]) {
  return [{ text: label, startMs: 0, endMs: 0, spaced: true }, { ...first, spaced: true }, ...others];
}

/**
 * The two lines whose longer one is shortest; the first of equals, and one line too long where nothing can be parted.
 * @param {Piece[]} pieces
 * @returns {string[]}
 */
function balancedPair(pieces) {
  let best = [joined(pieces)];
  for (let at = 1; at < pieces.length; at += 1) {
    const pair = [joined(pieces.slice(0, at)), joined(pieces.slice(at))];
    if (best.length === 1 || widest(pair) < widest(best)) best = pair;
  }
  return best;
}

/** @param {string[]} lines */
function widest(lines) {
  return Math.max(...lines.map(columns));
}

/**
 * @param {Piece[]} pieces
 * @returns {string[]}
 */
function filled(pieces) {
  /** @type {Piece[][]} */
  const lines = [[]];
  for (const piece of pieces) {
    const last = /** @type {Piece[]} */ (lines.at(-1));
    if (last.length > 0 && columns(joined([...last, piece])) > LINE_COLUMNS) lines.push([piece]);
    else last.push(piece);
  }
  return lines.map(joined);
}

/**
 * Join a phrase that would only flash up with its neighbour, where one person speaks both and both fit.
 * @param {Phrase[]} phrases
 * @returns {Phrase[]}
 */
function withoutFlashes(phrases) {
  /** @type {Phrase[]} */
  const kept = [];
  for (const phrase of phrases) {
    const last = kept.at(-1);
    if (last !== undefined && last.speaker === phrase.speaker && phrase.label === "" && flashes(last, phrase)) {
      const both = { ...last, pieces: [...last.pieces, ...phrase.pieces] };
      if (fits(both)) {
        kept[kept.length - 1] = both;
        continue;
      }
    }
    kept.push(phrase);
  }
  return kept;
}

/**
 * @param {Phrase} last
 * @param {Phrase} phrase
 */
function flashes(last, phrase) {
  return startOf(phrase) - startOf(last) < SHORTEST_MS || endOf(phrase) - startOf(phrase) < SHORTEST_MS;
}

/** @param {Phrase} phrase */
function startOf(phrase) {
  return phrase.pieces[0].startMs;
}

/** @param {Phrase} phrase */
function endOf(phrase) {
  return phrase.pieces.reduce((latest, { endMs }) => Math.max(latest, endMs), -Infinity);
}

/**
 * Give the phrases their final times, one after the other; lateness does not add up.
 * @param {Phrase[]} phrases
 * @returns {Cue[]}
 */
function timed(phrases) {
  let freeMs = 0;
  return phrases.map((phrase, index) => {
    const lines = linesOf(phrase);
    const startMs = Math.max(startOf(phrase), freeMs);
    const readMs = startMs + lines.reduce((sum, line) => sum + columns(line), 0) * (1000 / COLUMNS_PER_S);
    let endMs = Math.max(endOf(phrase), readMs);
    if (index + 1 < phrases.length) {
      endMs = Math.max(Math.min(endMs, startOf(phrases[index + 1])), Math.min(endOf(phrase), readMs));
    }
    freeMs = Math.min(Math.max(endMs, startMs + SHORTEST_MS), startMs + LONGEST_MS);
    return { startMs, endMs: freeMs, speaker: phrase.speaker, lines };
  });
}
