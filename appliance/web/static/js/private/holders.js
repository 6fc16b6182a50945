// @ts-check
/** The picture of who can read a private transcript, drawn from the keys that were found. */

import { holdersOf } from "../pure/holders.js";

/**
 * @param {import("./source.js").PrivateTranscript} source
 */
export function showHolders(source) {
  const list = document.querySelector("[data-holders] [data-holder-list]");
  if (list === null) return;
  const holders = holdersOf(source.wraps, source.vault.accountId, source.workspace, source.isRecoverable);
  const shown = holders.includes("appliance") ? holders : [...holders, "nobody"];
  list.replaceChildren(...shown.map(copy));
}

/** @param {string} who */
function copy(who) {
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById(`holder-${who}`));
  return template.content.cloneNode(true);
}
