// @ts-check
/** Names of workspaces, which are sealed: opened where they stand, now and whenever a part of the page is new. */

import { say } from "../words.js";
import { workspaceOf } from "./loading.js";

/** @typedef {import("../vault.js").Vault} Vault */

/** @param {Vault} vault */
export function showNames(vault) {
  write(vault, document);
  new MutationObserver((changes) => {
    for (const change of changes) {
      for (const node of change.addedNodes) if (node instanceof Element) write(vault, node);
    }
  }).observe(document.body, { childList: true, subtree: true });
}

/**
 * @param {Vault} vault
 * @param {Document | Element} within
 */
function write(vault, within) {
  const places = /** @type {HTMLElement[]} */ ([...within.querySelectorAll("[data-workspace-name]")]);
  if (within instanceof HTMLElement && within.matches("[data-workspace-name]")) places.push(within);
  for (const place of places) writeOne(vault, place);
}

/**
 * @param {Vault} vault
 * @param {HTMLElement} place
 */
async function writeOne(vault, place) {
  try {
    place.textContent = (await workspaceOf(vault, place.dataset.workspaceName ?? "")).name;
  } catch {
    place.textContent = say("workspace_refused"); // Its own page says what is wrong with it.
  }
}
