// @ts-check
/** Makes every file of many transcripts and the file names of many titles, as the transcript page does; JSON both ways. */
import { readFileSync } from "node:fs";
import { FORMATS } from "../../appliance/web/static/js/export/formats.js";
import { safeStem } from "../../appliance/web/static/js/pure/filename.js";

const given = JSON.parse(readFileSync(0, "utf8"));

/** @param {string} text */
function filesOf(text) {
  const transcript = JSON.parse(text);
  const base64 = (/** @type {Uint8Array} */ bytes) => Buffer.from(bytes).toString("base64");
  return byForm(({ render }) => base64(render(transcript)));
}

/** @param {(format: import("../../appliance/web/static/js/export/formats.js").Export) => unknown} tell */
function byForm(tell) {
  return Object.fromEntries(Object.entries(FORMATS).map(([form, format]) => [form, tell(format)]));
}

process.stdout.write(
  JSON.stringify({
    files: given.transcripts.map(filesOf),
    stems: given.titles.map(safeStem),
    formats: byForm(({ mediaType, suffix }) => [mediaType, suffix]),
  }),
);
