// @ts-check
/** The page of a person's workspaces: their names, and a form that makes one. */

import { inputIn, Mistake, onSubmit } from "../forms.js";
import { notify } from "../notices.js";
import { ask } from "../request.js";
import { openVault, requireVault, UNLOCKED } from "../vault.js";
import { say, tell } from "../words.js";
import { makeWorkspace } from "./changes.js";
import { loadWorkspace } from "./loading.js";
import { showNames } from "./names.js";
import { inWords } from "./trouble.js";

const form = /** @type {HTMLFormElement} */ (document.querySelector("[data-make]"));

onSubmit(form, async () => {
  const name = inputIn(form, "[data-name]").value.trim().normalize();
  if (name === "") throw new Mistake(say("no_name"));
  const vault = await requireVault();
  if (vault === null) return;
  const { id, sent } = await makeWorkspace(vault, name);
  await ask("POST", "/workspaces", sent);
  await loadOrRefuse(vault, id, sent);
  location.assign(`/workspaces/${id}`);
});

show().catch((error) => notify(tell(error), { isTrouble: true }));

/**
 * Hold what is there against what was sent, and remember it: else the appliance could show a workspace of its own making
 * in the place of this one, to who sees it for the first time.
 * @param {import("../vault.js").Vault} vault
 * @param {string} id
 * @param {import("./changes.js").Sent} sent
 */
async function loadOrRefuse(vault, id, sent) {
  try {
    await loadWorkspace(vault, id, sent);
  } catch (error) {
    throw new Mistake(inWords(error));
  }
}

async function show() {
  const vault = document.querySelector("[data-workspace-name]") === null ? await openVault() : await requireVault();
  if (vault !== null) showNames(vault);
  else document.addEventListener(UNLOCKED, show, { once: true });
}
