// @ts-check
/** Whether this browser can make and keep keys; if not, the page says what it lacks instead of showing its form. */

import { KdfAlgorithm } from "./crypto/kdf.js";
import { say } from "./words.js";

/**
 * Show a form where the browser can do what it needs, and what is missing where it cannot.
 * @param {HTMLElement} place - Holds the form and the section for browsers that are unfit.
 * @returns {Promise<boolean>}
 */
export async function showIfFit(place) {
  const missing = await missingHere(Number(place.dataset.algorithm));
  const unfit = /** @type {HTMLElement} */ (place.querySelector("[data-unfit]"));
  const form = /** @type {HTMLFormElement} */ (place.querySelector("[data-form]"));
  /** @type {HTMLElement} */ (unfit.querySelector("[data-missing]")).textContent = missing.join("; ");
  unfit.hidden = missing.length === 0;
  form.hidden = missing.length > 0;
  if (!form.hidden) /** @type {HTMLElement | null} */ (form.querySelector("[autofocus]"))?.focus();
  return !form.hidden;
}

/** @param {number} algorithm */
async function missingHere(algorithm) {
  if (!isSecureContext || !globalThis.crypto?.subtle) return [say("no_context")];
  const missing = [];
  if (!(await hasCurves())) missing.push(say("no_x25519"));
  if (algorithm === KdfAlgorithm.ARGON2ID && typeof WebAssembly !== "object") missing.push(say("no_wasm"));
  return missing;
}

async function hasCurves() {
  try {
    await crypto.subtle.generateKey("X25519", false, ["deriveBits"]);
    await crypto.subtle.generateKey("Ed25519", false, ["sign"]);
    return true;
  } catch {
    return false; // A browser that does not know a curve says so with an error.
  }
}
