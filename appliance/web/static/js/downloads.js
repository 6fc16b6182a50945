// @ts-check
/** Files of the transcript that the page shows, made in the browser: what was opened here is not asked for again. */

import { FORMATS } from "./export/formats.js";
import { notify } from "./notices.js";
import { fileName } from "./pure/filename.js";
import { tell } from "./words.js";

const KEPT_MS = 60_000; // Some browsers read a Blob only after they asked where to put it.

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
    keep(new Blob([bytes], { type: mediaType }), fileName(opened.title, suffix));
  });
}

/**
 * Let the browser save it as it saves any file.
 * @param {Blob} file
 * @param {string} name
 */
function keep(file, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
}
