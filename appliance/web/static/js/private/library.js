// @ts-check
/** The library of somebody who has private recordings: titles, and what the appliance has changed or left out. */

import { forget, missing, rolledBack } from "../pure/memory.js";
import { forgetWorkspaces, missingWorkspaces } from "../pure/pinned.js";
import { UNLOCKED, openVault, requireVault } from "../vault.js";
import { say } from "../words.js";
import { showNames } from "../workspaces/names.js";
import { clearWhatIsGone } from "./forgetting.js";
import { IndexRolledBack, SealedIndex } from "./index.js";
import { openTitles } from "./titles.js";

/** @typedef {import("../vault.js").Vault} Vault */

/** Open what is private on this page; where the vault is locked, offer to unlock it. */
export async function showPrivateLibrary() {
  const vault = await openVault();
  if (vault !== null) await show(vault);
  else offerUnlocking();
}

/** Private recordings may come later, and an upload may ask for the passphrase before this does. */
function offerUnlocking() {
  const banner = /** @type {HTMLElement} */ (document.querySelector("[data-locked]"));
  const look = () => {
    banner.hidden = document.querySelector("[data-sealed-title], [data-workspace-name]") === null;
  };
  const watching = new MutationObserver(look);
  watching.observe(document.body, { childList: true, subtree: true });
  look();
  banner.querySelector("button")?.addEventListener("click", requireVault);
  const open = async () => {
    watching.disconnect();
    banner.hidden = true;
    const vault = await openVault();
    if (vault !== null) await show(vault);
  };
  document.addEventListener(UNLOCKED, open, { once: true });
}

/** @param {Vault} vault */
async function show(vault) {
  openTitles(vault);
  showNames(vault);
  try {
    const index = await SealedIndex.load(vault);
    compare(index);
    await clearWhatIsGone(index);
  } catch (error) {
    warn([error instanceof IndexRolledBack ? error.message : say("index_damaged")]);
  }
}

/** @param {SealedIndex} index */
function compare(index) {
  compareWorkspaces(index);
  const gone = missing(index.memory, index.kept, index.workspaces);
  const older = rolledBack(index.memory, index.kept);
  if (older.length > 0) warn([say("documents_rolled_back", { number: String(older.length) })]);
  if (gone.length === 0) return;
  const notice = warn([say("documents_missing", { number: String(gone.length) })]);
  letForget(notice, "[data-known]", () => index.save((memory) => forget(memory, gone)));
}

/**
 * A workspace that is not shown any more may have been left, deleted, or hidden: only the person can tell.
 * @param {SealedIndex} index
 */
function compareWorkspaces(index) {
  const gone = missingWorkspaces(index.memory, index.workspaces);
  if (gone.length === 0) return;
  const notice = warn([say("workspaces_missing", { number: String(gone.length) })]);
  letForget(notice, "[data-known-too]", () => index.save((memory) => forgetWorkspaces(memory, gone)));
}

/**
 * @param {HTMLElement} notice
 * @param {string} button
 * @param {() => Promise<void>} forgetting
 */
function letForget(notice, button, forgetting) {
  const known = /** @type {HTMLElement} */ (notice.querySelector(button));
  known.hidden = false;
  known.onclick = async () => {
    await forgetting();
    notice.remove();
  };
}

/**
 * @param {string[]} sentences
 * @returns {HTMLElement}
 */
function warn(sentences) {
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById("vault-notice"));
  const fragment = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  const notice = /** @type {HTMLElement} */ (fragment.firstElementChild);
  /** @type {HTMLElement} */ (notice.querySelector("[data-text]")).textContent = sentences.join(" ");
  document.querySelector("[data-vault-notices]")?.append(notice);
  return notice;
}
