// @ts-check
/** The page of administrators: let somebody in, let them in again, let them do more or less, let them go. */

import { agreed, shown } from "./dialogs.js";
import { inputIn, onSubmit } from "./forms.js";
import { notify } from "./notices.js";
import { ask } from "./request.js";
import { say, tell } from "./words.js";

const invitation = /** @type {HTMLFormElement} */ (document.querySelector("[data-invite]"));

onSubmit(invitation, async () => {
  const name = inputIn(invitation, "[data-name]").value;
  const { link } = await ask("POST", "/people", { name, role: inputIn(invitation, "[data-chosen-role]").value });
  invitation.reset();
  await showLink(name, link);
  location.reload();
});

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  if (button !== null) act(button.dataset).catch((error) => notify(tell(error), { isTrouble: true }));
});

/** @param {DOMStringMap} asked */
async function act({ role, id, letBackIn, remove, takeBack, name = "" }) {
  if (role) await ask("PUT", `/people/${id}/role`, { role });
  else if (takeBack) await ask("DELETE", `/people/invitations/${takeBack}`);
  else if (remove) {
    if (!(await agreed("remove-dialog", name))) return;
    await ask("DELETE", `/people/${remove}`);
  } else if (letBackIn) {
    if (!(await agreed("let-back-in-dialog", name))) return;
    const { link } = await ask("POST", `/people/${letBackIn}/link`);
    return void (await showLink(name, link));
  } else return;
  location.reload();
}

/**
 * @param {string} name
 * @param {string} link
 */
async function showLink(name, link) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("link-dialog"));
  const place = /** @type {HTMLElement} */ (dialog.querySelector("[data-link]"));
  place.textContent = link;
  /** @type {HTMLElement} */ (dialog.querySelector("[data-copy]")).onclick = () => copy(link);
  await shown(dialog, name);
  place.textContent = "";
}

/** @param {string} text */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    notify(say("copied"));
  } catch {
    notify(say("not_copied"), { isTrouble: true });
  }
}
