// @ts-check
/** The page of one's own account: lock and unlock, end sessions, another passphrase, a fresh recovery code. */

import { Identity } from "./crypto/identity.js";
import { showWords } from "./fingerprint_words.js";
import { chosenPassphrase, onSubmit } from "./forms.js";
import { notify } from "./notices.js";
import { changeCode, changePassphrase } from "./person_keys.js";
import { provedBy } from "./proving.js";
import { haveItTypedBack } from "./recovery_code.js";
import { ask } from "./request.js";
import { lock, openVault, requireVault } from "./vault.js";
import { say, tell } from "./words.js";

const place = /** @type {HTMLElement} */ (document.querySelector("[data-account-page]"));
const sign = find(place, "[data-vault]");
const unlockButton = find(place, "[data-unlock-here]");
const lockButton = find(place, "[data-lock]");

const words = find(place, "[data-words]");

showVault(openVault());
unlockButton.onclick = () => showVault(requireVault());
lockButton.onclick = () => {
  lock();
  showVault(Promise.resolve(null));
};
endSessions();
changePassphraseHere(find(place, "[data-change-passphrase]"));
changeCodeHere(find(place, "[data-change-code]"));

/**
 * The words are made of the private halves: what a server says that a person's keys are is what others compare.
 * @param {Promise<import("./vault.js").Vault | null>} opening
 */
async function showVault(opening) {
  try {
    const vault = await opening;
    const isOpen = vault !== null;
    if (isOpen) showWords(place, await new Identity(vault.xPrivate, vault.edSeed).fingerprint());
    else for (const word of words.children) word.textContent = "";
    sign.dataset.vault = isOpen ? "open" : "locked";
    find(sign, "[data-vault-words]").textContent = say(isOpen ? "unlocked" : "locked");
    unlockButton.hidden = isOpen;
    lockButton.hidden = !isOpen;
  } catch (error) {
    notify(tell(error), { isTrouble: true });
  }
}

function endSessions() {
  place.addEventListener("click", async (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-end], [data-end-others]") : null;
    if (!(button instanceof HTMLElement)) return;
    const { end } = button.dataset;
    try {
      await ask("DELETE", end ? `/account/sessions/${end}` : "/account/sessions");
    } catch (error) {
      notify(tell(error), { isTrouble: true });
      return;
    }
    if (end) place.querySelector(`[data-session="${end}"]`)?.remove();
    else location.reload();
    notify(say("ended"));
  });
}

/** @param {HTMLElement} section */
function changePassphraseHere(section) {
  const form = /** @type {HTMLFormElement} */ (find(section, "[data-form]"));
  onSubmit(form, async () => {
    const chosen = { passphrase: chosenPassphrase(form), algorithm: Number(place.dataset.algorithm) };
    const { state, keys, userKey } = await provedBy(form);
    await changePassphrase(state, userKey, chosen, { seed: keys.loginSeed, by: "sign-in" });
    form.reset();
    /** @type {HTMLDetailsElement} */ (section).open = false;
    for (const other of place.querySelectorAll("[data-session]")) if (other.querySelector("[data-end]")) other.remove();
    notify(say("passphrase_changed"));
  });
}

/** @param {HTMLElement} section */
function changeCodeHere(section) {
  const form = /** @type {HTMLFormElement} */ (find(section, "[data-form]"));
  onSubmit(form, async () => {
    const { state, keys, userKey } = await provedBy(form);
    const code = await changeCode(state, userKey, keys.loginSeed);
    form.reset();
    form.hidden = true;
    haveItTypedBack(section, state.name, code).then(() => {
      form.hidden = false;
      /** @type {HTMLDetailsElement} */ (section).open = false;
      notify(say("code_changed"));
    });
  });
}

/**
 * @param {ParentNode} within
 * @param {string} selector
 */
function find(within, selector) {
  return /** @type {HTMLElement} */ (within.querySelector(selector));
}
