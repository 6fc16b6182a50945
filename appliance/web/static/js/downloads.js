// @ts-check
/** Files of the transcript that the page shows, made in the browser: what was opened here is not asked for again. */

import { FORMATS } from "./export/formats.js";
import { notify } from "./notices.js";
import { fileName } from "./pure/filename.js";
import { saveFile } from "./saved_file.js";
import { tell } from "./words.js";

/** @param {Promise<import("./transcript_source.js").OpenedTranscript>} opening */
export function offerDownloads(opening) {
  document.addEventListener("click", async (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-download]") : null;
    if (!(button instanceof HTMLElement)) return;
    let opened;
    try {
      opened = await opening;
    } catch (error) {
      notify(tell(error), { isTrouble: true });
      return;
    }
    const { render, mediaType, suffix } = FORMATS[button.dataset.download ?? ""];
    const bytes = /** @type {Uint8Array<ArrayBuffer>} */ (render(opened.transcript));
    saveFile(new Blob([bytes], { type: mediaType }), fileName(opened.title, suffix));
  });
}
