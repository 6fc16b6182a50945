// @ts-check
/** Whose keys they are: the words of a fingerprint, how well this vault knows them, and the dialog that asks. */

import { fromBase64, fromHex, toHex } from "../crypto/bytes.js";
import { fingerprint } from "../crypto/identity.js";
import { showWords } from "../fingerprint_words.js";
import { inputIn, Mistake, onSubmit } from "../forms.js";
import { SealedIndex } from "../private/index.js";
import { acquaintance, rememberPerson } from "../pure/pinned.js";
import { ask } from "../request.js";
import { say } from "../words.js";

/**
 * @typedef {import("../vault.js").Vault} Vault
 * @typedef {import("../crypto/members.js").Member} Member
 * @typedef {{account: string, name: string, ed: Uint8Array, x: Uint8Array}} Person
 */

/**
 * Find somebody by name. The keys are what the appliance says that theirs are.
 * @param {string} name
 * @returns {Promise<Person>}
 */
export async function findPerson(name) {
  const found = await ask("POST", "/workspaces/people", { name });
  return { account: found.account, name: found.name, ed: fromBase64(found.ed), x: fromBase64(found.x) };
}

/**
 * Show whose keys they would be, and let the person say that they compared them. Other keys than this vault has seen are
 * taken only by who says so.
 * @param {Vault} vault
 * @param {Person} person
 * @param {(member: Member) => Promise<void>} takeIn
 * @param {string} role
 * @returns {Promise<void>} When the dialog is closed.
 */
export async function askWhetherKnown(vault, person, role, takeIn) {
  const print = await fingerprint(person.ed, person.x);
  const index = await SealedIndex.loadMemory(vault);
  const known = acquaintance(index.memory, person.account, toHex(print));
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("compare-dialog"));
  const form = /** @type {HTMLFormElement} */ (dialog.querySelector("form"));
  const compared = inputIn(form, "[data-were-compared]");
  form.reset();
  compared.checked = known === "compared";
  /** @type {HTMLElement} */ (form.querySelector("[data-subject]")).textContent = person.name;
  /** @type {HTMLElement} */ (form.querySelector("[data-other-keys]")).hidden = known !== "other";
  /** @type {HTMLElement} */ (form.querySelector("[data-trouble]")).hidden = true;
  showWords(form, print);
  const stop = onSubmit(form, async () => {
    if (known === "other" && !compared.checked) throw new Mistake(say("compare_first"));
    await takeIn({ account: fromHex(person.account), ed: person.ed, x: person.x, role });
    await noteCompared(vault, person.account, toHex(print), compared.checked);
    dialog.close();
  });
  /** @type {HTMLElement} */ (form.querySelector("[data-close]")).onclick = () => dialog.close();
  return new Promise((resolve) => {
    dialog.onclose = () => {
      stop();
      resolve();
    };
    dialog.showModal();
  });
}

/**
 * @param {Vault} vault
 * @param {string} account
 * @param {string} print - Fingerprint as hex digits.
 * @param {boolean} compared
 */
export async function noteCompared(vault, account, print, compared) {
  const index = await SealedIndex.loadMemory(vault);
  await index.save((memory) => rememberPerson(memory, account, { fingerprint: print, compared }));
}
