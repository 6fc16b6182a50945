// @ts-check
/** The library page: uploads, and rows that go when their recording is deleted. */

import { askBeforeDeleting } from "./deletion.js";
import { showPrivateLibrary } from "./private/library.js";
import { startUploads } from "./upload.js";

showConnection();
showPrivateLibrary();
startUploads(/** @type {HTMLFormElement} */ (document.querySelector("[data-uploads]")));

askBeforeDeleting((id) => {
  const gone = [document.getElementById(`row-${id}`), document.querySelector(`[data-unfinished="${id}"]`)];
  for (const row of gone) row?.remove();
  const unfinished = document.querySelector("[data-unfinished-section]");
  if (unfinished && !unfinished.querySelector("li")) unfinished.remove();
  document.getElementById("files")?.focus(); // The button that had the focus is gone with its row.
});

/** Say so while the list cannot be kept up to date: an old list must not look like a true one. */
function showConnection() {
  const notice = /** @type {HTMLElement} */ (document.querySelector("[data-cut-off]"));
  document.addEventListener("htmx:sseError", () => {
    notice.hidden = false;
  });
  document.addEventListener("htmx:sseOpen", () => {
    notice.hidden = true;
  });
}
