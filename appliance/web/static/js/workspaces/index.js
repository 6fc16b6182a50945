// @ts-check
/** The page of a person's workspaces: their names, and a form that makes one. */

import { inputIn, Mistake, onSubmit } from "../forms.js";
import { notify } from "../notices.js";
import { ask } from "../request.js";
import { openVault, requireVault, UNLOCKED } from "../vault.js";
import { say, tell } from "../words.js";
import { makeWorkspace } from "./changes.js";
import { showNames } from "./names.js";

const form = /** @type {HTMLFormElement} */ (document.querySelector("[data-make]"));

onSubmit(form, async () => {
  const name = inputIn(form, "[data-name]").value.trim().normalize();
  if (name === "") throw new Mistake(say("no_name"));
  const vault = await requireVault();
  if (vault === null) return;
  const { id, sent } = await makeWorkspace(vault, name);
  await ask("POST", "/workspaces", sent);
  location.assign(`/workspaces/${id}`);
});

show().catch((error) => notify(tell(error), { isTrouble: true }));

async function show() {
  const vault = document.querySelector("[data-workspace-name]") === null ? await openVault() : await requireVault();
  if (vault !== null) showNames(vault);
  else document.addEventListener(UNLOCKED, show, { once: true });
}
