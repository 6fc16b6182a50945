// @ts-check
/** The library of somebody who has private recordings: titles, and what the appliance has changed or left out. */

import { forget, missing, rolledBack } from "../pure/memory.js";
import { UNLOCKED, openVault, requireVault } from "../vault.js";
import { say } from "../words.js";
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
    banner.hidden = document.querySelector("[data-sealed-title]") === null;
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
  try {
    compare(await SealedIndex.load(vault));
  } catch (error) {
    warn([say(error instanceof IndexRolledBack ? "index_rolled_back" : "index_damaged")]);
  }
}

/** @param {SealedIndex} index */
function compare(index) {
  const gone = missing(index.memory, index.kept);
  const older = rolledBack(index.memory, index.kept);
  if (older.length > 0) warn([say("documents_rolled_back", { number: String(older.length) })]);
  if (gone.length === 0) return;
  const notice = warn([say("documents_missing", { number: String(gone.length) })]);
  const known = /** @type {HTMLElement} */ (notice.querySelector("[data-known]"));
  known.hidden = false;
  known.onclick = async () => {
    await index.save((memory) => forget(memory, gone));
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
