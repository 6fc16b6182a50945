// @ts-check
/** Names of workspaces, which are sealed: opened where they stand, now and whenever a part of the page is new. */

import { say } from "../words.js";
import { workspaceOf } from "./loading.js";

/** @typedef {import("../vault.js").Vault} Vault */

/** Choices are named with what they stand for, by choosing.js. */
const NAMED = "[data-workspace-name]:not(option)";

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
  const places = /** @type {HTMLElement[]} */ ([...within.querySelectorAll(NAMED)]);
  if (within instanceof HTMLElement && within.matches(NAMED)) places.push(within);
  for (const place of places) writeOne(vault, place);
}

/**
 * @param {Vault} vault
 * @param {HTMLElement} place
 */
async function writeOne(vault, place) {
  const id = place.dataset.workspaceName ?? "";
  try {
    const { name } = await workspaceOf(vault, id);
    place.textContent = leadsElsewhere(place, id) ? say("workspace_refused") : name;
  } catch {
    place.textContent = say("workspace_refused"); // Its own page says what is wrong with it.
  }
}

/**
 * Tell whether the name would stand on a link to another workspace: the appliance fills in both.
 * @param {HTMLElement} place
 * @param {string} id
 */
function leadsElsewhere(place, id) {
  const address = place.closest("a")?.getAttribute("href") ?? null;
  return address !== null && ![`/workspaces/${id}`, `/?place=${id}`].includes(address);
}
