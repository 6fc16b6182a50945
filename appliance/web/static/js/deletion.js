// @ts-check
/** Delete a recording, after the person said so in a dialog that names it. */

import { notify } from "./notices.js";
import { forgetRecording } from "./private/forgetting.js";
import { ask } from "./request.js";
import { tell } from "./words.js";

/** @param {(recordingId: string) => void} onDeleted */
export function askBeforeDeleting(onDeleted) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("delete-dialog"));
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-delete]") : null;
    if (!(button instanceof HTMLElement)) return;
    const { delete: id = "", title = "", then = "" } = button.dataset;
    /** @type {HTMLElement} */ (dialog.querySelector("[data-subject]")).textContent = title;
    dialog.returnValue = "keep";
    dialog.onclose = () => {
      if (dialog.returnValue === "delete") remove(id, then, onDeleted);
    };
    dialog.showModal();
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
