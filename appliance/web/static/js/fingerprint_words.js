// @ts-check
/** The eight words of a fingerprint, drawn from the very keys that the page goes on with. */

import { fingerprintWords } from "./crypto/identity.js";

/**
 * @param {ParentNode} within - Holds the list of the words.
 * @param {Uint8Array} print
 */
export function showWords(within, print) {
  const place = /** @type {HTMLElement} */ (within.querySelector("[data-words]"));
  place.replaceChildren(...fingerprintWords(print).map(wordItem));
}

/** @param {string} word */
function wordItem(word) {
  const item = document.createElement("li");
  item.lang = "en";
  item.textContent = word;
  return item;
}
