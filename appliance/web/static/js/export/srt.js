// @ts-check
/** SubRip subtitles: numbered cues, the speaker's name where the speaker changes. */

import { clock, cues } from "./cues.js";

/**
 * The subtitles as UTF-8 without a byte order mark.
 * @param {import("../pure/transcript.js").Transcript} transcript
 * @returns {Uint8Array}
 */
export function render(transcript) {
  return new TextEncoder().encode(cues(transcript, { nameOnChange: true }).map(block).join("\n"));
}

/**
 * @param {import("./cues.js").Cue} cue
 * @param {number} index
 */
function block({ startMs, endMs, lines }, index) {
  // The format has no escapes, and some readers take any line with its arrow for a new cue.
  const text = lines.join("\n").replaceAll("-->", "→");
  return `${index + 1}\n${clock(startMs, ",")} --> ${clock(endMs, ",")}\n${text}\n`;
}
