// @ts-check
/** Delete a recording, after the person said so in a dialog that names it. */

import { agreed } from "./dialogs.js";
import { notify } from "./notices.js";
import { forgetRecording } from "./private/forgetting.js";
import { ask } from "./request.js";
import { tell } from "./words.js";

/** @param {(recordingId: string) => void} onDeleted */
export function askBeforeDeleting(onDeleted) {
  document.addEventListener("click", async (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-delete]") : null;
    if (!(button instanceof HTMLElement)) return;
    const { delete: id = "", title = "", then = "" } = button.dataset;
    if (await agreed("delete-dialog", title)) await remove(id, then, onDeleted);
  });
}

/**
 * @param {string} id
 * @param {string} then - Where to go afterwards, or empty.
 * @param {(recordingId: string) => void} onDeleted
 */
async function remove(id, then, onDeleted) {
  try {
    await ask("DELETE", `/recordings/${id}`);
  } catch (error) {
    notify(tell(error), { isTrouble: true });
    return;
  }
  await forgetRecording(id).catch(() => {}); // The recording is gone either way; the library asks about it later.
  if (then) location.assign(then);
  else onDeleted(id);
}
