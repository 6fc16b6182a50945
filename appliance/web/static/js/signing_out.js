// @ts-check
/** Tabs of one browser hold the keys together, and forget them together: when one locks them, or signs out. */

import { forgetEverywhere, listenToOtherTabs } from "./tab_memory.js";

export function forgetKeysTogether() {
  listenToOtherTabs(() => {
    if ("signedIn" in document.body.dataset) location.reload(); // Nothing that was opened here stays on the screen.
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const { xhr, pathInfo } = /** @type {CustomEvent} */ (event).detail;
    if (xhr.status < 400 && pathInfo.requestPath === "/sign-out") forgetEverywhere();
  });
}
