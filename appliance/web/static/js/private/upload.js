// @ts-check
/** An upload in privacy mode begins: its title is sealed here, and an unfinished one is known again by its title. */

import { fromBase64 } from "../crypto/bytes.js";
import { ask } from "../request.js";
import { keysAt } from "./keys.js";
import { noteOwnTitle } from "./title_memory.js";
import { openTitle, sealTitle } from "./titles.js";

/**
 * @typedef {import("../vault.js").Vault} Vault
 * @typedef {import("../pure/options.js").Options} Options
 */

const MAX_TITLE_CHARACTERS = 250;

/**
 * Begin an upload, or go on with the same file's unfinished one.
 * @param {Vault} vault
 * @param {File} file
 * @param {{options: Options, vocabulary: string[]}} wishes - What the engine has to know.
 * @param {{survivesRestart: boolean, workspace: string}} privacy - Whether the audio's key may be stored, wrapped, until
 *   the job has ended; and the workspace whose members will read it, or empty.
 * @param {AbortSignal} signal
 * @returns {Promise<{id: string, next_chunk: number}>}
 */
export async function beginPrivately(vault, file, wishes, { survivesRestart, workspace }, signal) {
  const title = titleOf(file.name);
  const unfinished = await findUnfinished(vault, title, file.size, workspace);
  if (unfinished !== null) return ask("POST", `/recordings/${unfinished}/upload`, wishes, signal);
  const sealed = await sealTitle(await keysAt(vault, workspace), title);
  const place = workspace === "" ? {} : { workspace };
  const content = { title: sealed, size_bytes: file.size, ...wishes, survives_restart: survivesRestart, ...place };
  const begun = await ask("POST", "/recordings/private", content, signal);
  await noteOwnTitle(vault, begun.id, fromBase64(sealed.sealed));
  return begun;
}

/** @param {string} name */
function titleOf(name) {
  return [...name.trim()].slice(0, MAX_TITLE_CHARACTERS).join("") || "?";
}

/**
 * @param {Vault} vault
 * @param {string} title
 * @param {number} sizeBytes
 * @param {string} workspace
 * @returns {Promise<string | null>} Id of the recording.
 */
async function findUnfinished(vault, title, sizeBytes, workspace) {
  const rows = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-unfinished]"));
  for (const row of rows) {
    const sealed = row.querySelector("[data-sealed-title]");
    if (Number(row.dataset.sizeBytes) !== sizeBytes || !(sealed instanceof HTMLElement)) continue;
    const asItIs = JSON.parse(sealed.dataset.sealedTitle ?? "");
    if ((asItIs.workspace ?? "") !== workspace) continue;
    const known = await openTitle(vault, row.dataset.unfinished ?? "", asItIs).catch(() => null);
    if (known === title) return row.dataset.unfinished ?? null;
  }
  return null;
}
