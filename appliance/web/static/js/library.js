// @ts-check
/** The library page: uploads, and rows that go when their recording is deleted. */

import { showConnection } from "./connection.js";
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
