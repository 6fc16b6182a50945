// @ts-check
/**
 * WebVTT subtitles: every cue says in a voice tag who speaks.
 *
 * Source: W3C, WebVTT: The Web Video Text Tracks Format, sections 4.2 and 4.3.
 */

import { clock, cues } from "./cues.js";
import { speakerName } from "./pieces.js";

/** @typedef {import("../pure/transcript.js").Transcript} Transcript */

/**
 * The subtitles as UTF-8, text and names escaped.
 * @param {Transcript} transcript
 * @returns {Uint8Array}
 */
export function render(transcript) {
  const blocks = cues(transcript, { nameOnChange: false }).map((cue) => block(transcript, cue));
  return new TextEncoder().encode(["WEBVTT\n", ...blocks].join("\n"));
}

/**
 * @param {Transcript} transcript
 * @param {import("./cues.js").Cue} cue
 */
function block(transcript, { startMs, endMs, speaker, lines }) {
  const name = speakerName(transcript, speaker);
  const voice = name === "" ? "" : `<v ${escaped(name)}>`;
  return `${clock(startMs, ".")} --> ${clock(endMs, ".")}\n${voice}${escaped(lines.join("\n"))}\n`;
}

/**
 * Text in which no character starts a tag, an escape or the arrow of a timing line.
 * @param {string} text
 */
function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
