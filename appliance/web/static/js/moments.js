// @ts-check
/** Dates in the reader's own time zone and language; the page brings them in UTC. */

import { language } from "./words.js";

const region = navigator.languages.find((wanted) => wanted.split("-")[0] === language) ?? language;
const format = new Intl.DateTimeFormat(region, { dateStyle: "medium", timeStyle: "short" });

/** Write every date that is on the page now, and those that come later. */
export function showMoments() {
  write(document);
  new MutationObserver((changes) => {
    for (const change of changes) {
      for (const node of change.addedNodes) if (node instanceof Element) write(node);
    }
  }).observe(document.body, { childList: true, subtree: true });
}

/**
 * A moment in words, in the reader's own time zone.
 * @param {string} moment - ISO 8601.
 * @returns {string}
 */
export function momentInWords(moment) {
  return format.format(new Date(moment));
}

/** @param {Document | Element} within */
function write(within) {
  for (const time of within.querySelectorAll("time[data-moment]:empty")) {
    time.textContent = momentInWords(/** @type {HTMLTimeElement} */ (time).dateTime);
  }
}
