// @ts-check
/** When this browser signs out, every tab of it forgets the keys. */

import { lock } from "./vault.js";

export function forgetKeysWhenSignedOut() {
  document.addEventListener("htmx:afterRequest", (event) => {
    const { successful, pathInfo } = /** @type {CustomEvent} */ (event).detail;
    if (successful && pathInfo.requestPath === "/sign-out") lock();
  });
}
