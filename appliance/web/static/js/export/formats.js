// @ts-check
/** Exports: a transcript in, the bytes of a file out; no document. The same bytes as appliance/exports makes. */

import { render as json } from "./json.js";
import { render as rttm } from "./rttm.js";
import { render as srt } from "./srt.js";
import { render as txt } from "./txt.js";
import { render as vtt } from "./vtt.js";

/**
 * @typedef {object} Export
 * @property {(transcript: import("../pure/transcript.js").Transcript) => Uint8Array} render - The whole file.
 * @property {string} mediaType - With the character set.
 * @property {string} suffix - End of the file's name, with its dot.
 */

/**
 * Every format by the name that pages and commands use for it.
 * @type {Readonly<Record<string, Export>>}
 */
export const FORMATS = Object.freeze({
  txt: { render: txt, mediaType: "text/plain; charset=utf-8", suffix: ".txt" },
  srt: { render: srt, mediaType: "application/x-subrip; charset=utf-8", suffix: ".srt" },
  vtt: { render: vtt, mediaType: "text/vtt; charset=utf-8", suffix: ".vtt" },
  json: { render: json, mediaType: "application/json", suffix: ".json" },
  rttm: { render: rttm, mediaType: "text/plain; charset=utf-8", suffix: ".rttm" },
});
