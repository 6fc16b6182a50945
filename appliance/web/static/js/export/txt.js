// @ts-check
/** Plain text: one paragraph a turn, with its time and its speaker, to be read by people. */

import { clean, stripEnd } from "../pure/unicode.js";
import { wholeSeconds } from "./cues.js";
import { glueBetween, speakerName } from "./pieces.js";

/**
 * @typedef {import("../pure/transcript.js").Segment} Segment
 * @typedef {import("../pure/transcript.js").Transcript} Transcript
 */

const PARAGRAPH_S = 60; // A monologue gets a new time mark about every minute.
const PAUSE_S = 3; // A longer silence starts a paragraph.

/**
 * The transcript as UTF-8 text with a time mark and a name before every paragraph.
 * @param {Transcript} transcript
 * @returns {Uint8Array}
 */
export function render(transcript) {
  const paragraphs = grouped(transcript).map((segments) => paragraph(transcript, segments));
  return new TextEncoder().encode(paragraphs.join("\n"));
}

/**
 * The segments that make each paragraph; segments without text make none.
 * @param {Transcript} transcript
 * @returns {Segment[][]}
 */
function grouped(transcript) {
  /** @type {Segment[][]} */
  const groups = [];
  for (const segment of transcript.segments) {
    if (clean(segment.text) === "") continue;
    const last = groups.at(-1);
    if (last === undefined || startsParagraph(last, segment)) groups.push([segment]);
    else last.push(segment);
  }
  return groups;
}

/**
 * @param {Segment[]} group
 * @param {Segment} segment
 */
function startsParagraph(group, segment) {
  const first = group[0];
  const last = group[group.length - 1];
  return (
    segment.speaker !== first.speaker ||
    segment.start - last.end > PAUSE_S ||
    segment.end - first.start > PARAGRAPH_S
  );
}

/**
 * @param {Transcript} transcript
 * @param {Segment[]} segments
 */
function paragraph(transcript, segments) {
  const time = wholeSeconds(Math.trunc(Math.max(segments[0].start, 0)));
  const heading = stripEnd(`[${time}] ${speakerName(transcript, segments[0].speaker)}`);
  return `${heading}\n${segments.map(({ text }) => clean(text)).join(glueBetween(transcript.language))}\n`;
}
