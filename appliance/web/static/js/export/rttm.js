// @ts-check
/**
 * RTTM: who speaks when, one line a turn, for programs that score or display diarization.
 *
 * Source: NIST, Rich Transcription 2009 evaluation plan, appendix A. Its fields are separated by spaces.
 */

import { speakerName } from "./pieces.js";

/**
 * @typedef {import("../pure/transcript.js").SpeakerTurn} SpeakerTurn
 * @typedef {import("../pure/transcript.js").Transcript} Transcript
 */

const FILE_ID = "recording"; // The format wants a file's name; a transcript knows none: titles are sealed apart.

/**
 * One SPEAKER line for each turn; without turns, for each segment that has a speaker.
 * @param {Transcript} transcript
 * @returns {Uint8Array}
 */
export function render(transcript) {
  return new TextEncoder().encode(turnsOf(transcript).map((turn) => line(transcript, turn)).join(""));
}

/**
 * @param {Transcript} transcript
 * @returns {SpeakerTurn[]}
 */
function turnsOf({ turns, segments }) {
  const told = turns.length > 0 ? turns : segments.filter(({ speaker }) => speaker !== null);
  const lasting = /** @type {SpeakerTurn[]} */ (told.filter(({ start, end }) => end > start));
  return lasting.sort((a, b) => a.start - b.start || a.end - b.end);
}

/**
 * @param {Transcript} transcript
 * @param {SpeakerTurn} turn
 */
function line(transcript, { start, end, speaker }) {
  // A space inside a name would move every later field by one.
  const name = speakerName(transcript, speaker).replaceAll(" ", "_");
  return `SPEAKER ${FILE_ID} 1 ${thousandths(start)} ${thousandths(end - start)} <NA> <NA> ${name} <NA> <NA>\n`;
}

/**
 * Three decimals, as Python writes them: exactly half a thousandth goes to the even one, where toFixed goes up.
 * @param {number} seconds
 * @returns {string}
 */
function thousandths(seconds) {
  const size = Math.abs(seconds);
  const sign = seconds < 0 || Object.is(seconds, -0) ? "-" : "";
  const isHalf = (size * 16) % 2 === 1; // Only odd sixteenths lie exactly between two thousandths.
  const below = Math.floor(size * 1000);
  return sign + (isHalf && below % 2 === 0 ? (below / 1000).toFixed(3) : size.toFixed(3));
}
