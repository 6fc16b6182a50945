// @ts-check
/** Everything of a person in one archive that anybody can open: a folder a recording, with a file in each format. */

import { makeZip } from "../../vendor/client-zip-2.5.1.min.js";
import { utf8 } from "../crypto/bytes.js";
import { FORMATS } from "../export/formats.js";
import { DistinctNames } from "../pure/archive.js";

/**
 * @typedef {import("./opening.js").Opened} Opened
 * @typedef {import("./opening.js").LeftOut} LeftOut
 */

const WRITTEN = ["txt", "srt", "vtt", "json"];
const LIST = "recordings.json";

/**
 * @param {AsyncIterable<Opened | LeftOut>} opening
 * @returns {ReadableStream<Uint8Array>} A ZIP, made as fast as it is read.
 */
export function archive(opening) {
  return makeZip(files(opening), { buffersAreUTF8: true });
}

/** @param {AsyncIterable<Opened | LeftOut>} opening */
async function* files(opening) {
  const names = new DistinctNames();
  const list = [];
  for await (const item of opening) {
    const { belonging, title } = item;
    const entry = { id: belonging.id, title, created_at: belonging.created_at, mode: belonging.mode };
    if (!("transcript" in item)) {
      list.push({ ...entry, left_out: item.trouble });
      continue;
    }
    const folder = names.next(title);
    list.push({ ...entry, folder });
    for (const format of WRITTEN) {
      const { render, suffix } = FORMATS[format];
      await breath(); // A recording of ten hours takes a while in each format: the page answers in between.
      const input = render(item.transcript);
      yield { name: `${folder}/${folder}${suffix}`, lastModified: new Date(belonging.created_at), input };
    }
  }
  yield { name: LIST, lastModified: new Date(), input: utf8(`${JSON.stringify(list, null, 2)}\n`) };
}

/** Let the browser draw, and answer who presses a button. */
function breath() {
  return new Promise((resolve) => setTimeout(resolve));
}
