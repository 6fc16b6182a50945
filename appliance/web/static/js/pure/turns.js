// @ts-check
/** How a transcript reads: who speaks in turn, where a paragraph ends, who spoke how much. No document. */

/**
 * @typedef {import("./transcript.js").Segment} Segment
 * @typedef {import("./transcript.js").Speaker} Speaker
 * @typedef {{start: number, end: number, text: string}} Paragraph
 * @typedef {{speaker: string | null, start: number, paragraphs: Paragraph[]}} Turn
 */

const PAUSE_S = 2;
const LONG_CHARACTERS = 480;
const GHOST_SHARE = 0.02;

/**
 * Group consecutive segments of one speaker; break paragraphs at pauses, and where one grows long at a sentence's end.
 * @param {Segment[]} segments
 * @returns {Turn[]}
 */
export function groupTurns(segments) {
  /** @type {Turn[]} */
  const turns = [];
  for (const segment of segments) {
    const text = segment.text.trim();
    if (text === "") continue;
    let turn = turns.at(-1);
    if (turn === undefined || turn.speaker !== segment.speaker) {
      turn = { speaker: segment.speaker, start: segment.start, paragraphs: [] };
      turns.push(turn);
    }
    const last = turn.paragraphs.at(-1);
    if (last === undefined || endsParagraph(last, segment)) {
      turn.paragraphs.push({ start: segment.start, end: segment.end, text });
    } else {
      last.text += ` ${text}`;
      last.end = segment.end;
    }
  }
  return turns;
}

/**
 * @param {Paragraph} paragraph
 * @param {Segment} next
 * @returns {boolean}
 */
function endsParagraph(paragraph, next) {
  const isLong = paragraph.text.length > LONG_CHARACTERS && /[.?!।؟。…]["”’»)]?$/u.test(paragraph.text);
  return next.start - paragraph.end > PAUSE_S || isLong;
}

/**
 * Each speaker's share of all speech, 0 to 1, by the length of their segments.
 * @param {Speaker[]} speakers
 * @param {Segment[]} segments
 * @returns {Map<string, number>}
 */
export function shares(speakers, segments) {
  /** @type {Map<string, number>} */
  const seconds = new Map(speakers.map((speaker) => [speaker.id, 0]));
  let all = 0;
  for (const { speaker, start, end } of segments) {
    all += end - start;
    if (speaker !== null) seconds.set(speaker, (seconds.get(speaker) ?? 0) + end - start);
  }
  return new Map([...seconds].map(([id, length]) => [id, all > 0 ? length / all : 0]));
}

/**
 * Whether a voice spoke so little that it may be no person of its own; pointed out, never merged.
 * @param {number} share
 * @returns {boolean}
 */
export function isGhost(share) {
  return share < GHOST_SHARE;
}

/**
 * The paragraph that is spoken at a moment: the last one that began by then.
 * @param {number[]} starts - Ascending, in seconds.
 * @param {number} moment - In seconds.
 * @returns {number} Its index; 0 before the first one.
 */
export function indexAt(starts, moment) {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (starts[middle] <= moment + 0.05) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}
