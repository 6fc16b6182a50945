// @ts-check
/** Whose keys they are: the words of a fingerprint, how well this vault knows them, and the dialog that asks. */

import { fromBase64, fromHex, toHex } from "../crypto/bytes.js";
import { fingerprint } from "../crypto/identity.js";
import { agreed } from "../dialogs.js";
import { showWords } from "../fingerprint_words.js";
import { inputIn, Mistake, onSubmit } from "../forms.js";
import { SealedIndex } from "../private/index.js";
import { acquaintance, isSameName, knownName, naming, rememberPerson } from "../pure/pinned.js";
import { ask } from "../request.js";
import { say } from "../words.js";

/**
 * @typedef {import("../pure/memory.js").Memory} Memory
 * @typedef {import("../vault.js").Vault} Vault
 * @typedef {import("../crypto/members.js").Member} Member
 * @typedef {{account: string, name: string, ed: Uint8Array, x: Uint8Array}} Person
 */

/**
 * Find somebody by name. The keys are what the appliance says that theirs are.
 * @param {string} name
 * @returns {Promise<Person>}
 * @throws {Mistake} The appliance answers with somebody of another name.
 */
export async function findPerson(name) {
  const found = await ask("POST", "/workspaces/people", { name });
  if (!isSameName(found.name, name)) throw new Mistake(say("somebody_else", { name, other: found.name }));
  return { account: found.account, name: found.name, ed: fromBase64(found.ed), x: fromBase64(found.x) };
}

/**
 * What has to be said before somebody is taken in, from what this vault remembers of the account and of the name.
 * @param {Memory} memory
 * @param {{account: string, name: string}} person
 * @param {string} print - Fingerprint as hex digits.
 * @returns {{isCompared: boolean, mustCompare: boolean, hasOtherKeys: boolean, warning: string}} Compared: these keys,
 *   under this name.
 */
export function judgePerson(memory, { account, name }, print) {
  const known = acquaintance(memory, account, print);
  const called = naming(memory, account, name);
  const warnings = {
    other: () => say("other_name", { name, known: knownName(memory, account) ?? "" }),
    taken: () => say("name_taken", { name }),
  };
  const warning = called === "other" || called === "taken" ? warnings[called]() : "";
  return {
    isCompared: known === "compared" && called === "same",
    mustCompare: known === "other" || warning !== "",
    hasOtherKeys: known === "other",
    warning,
  };
}

/**
 * Show whose keys they would be, and let the person say that they compared them. Other keys than this vault has seen, and
 * another account than it knows by this name, are taken only by who says so.
 * @param {Vault} vault
 * @param {Person} person
 * @param {(member: Member) => Promise<void>} takeIn
 * @param {string} role
 * @returns {Promise<void>} When the dialog is closed.
 */
export async function askWhetherKnown(vault, person, role, takeIn) {
  const print = await fingerprint(person.ed, person.x);
  const index = await SealedIndex.loadMemory(vault);
  const judged = judgePerson(index.memory, person, toHex(print));
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("compare-dialog"));
  const form = /** @type {HTMLFormElement} */ (dialog.querySelector("form"));
  const compared = inputIn(form, "[data-were-compared]");
  form.reset();
  compared.checked = judged.isCompared;
  /** @type {HTMLElement} */ (form.querySelector("[data-subject]")).textContent = person.name;
  /** @type {HTMLElement} */ (form.querySelector("[data-other-keys]")).hidden = !judged.hasOtherKeys;
  /** @type {HTMLElement} */ (form.querySelector("[data-other-name]")).hidden = judged.warning === "";
  /** @type {HTMLElement} */ (form.querySelector("[data-other-name] [data-text]")).textContent = judged.warning;
  /** @type {HTMLElement} */ (form.querySelector("[data-trouble]")).hidden = true;
  showWords(form, print);
  const stop = onSubmit(form, async () => {
    if (judged.mustCompare && !compared.checked) throw new Mistake(say("compare_first"));
    await takeIn({ account: fromHex(person.account), ed: person.ed, x: person.x, role });
    await noteCompared(vault, person.account, { fingerprint: toHex(print), compared: compared.checked, name: person.name });
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
 * @param {import("../pure/pinned.js").KnownPerson} known - With the name under which they are known from now on.
 */
export async function noteCompared(vault, account, known) {
  const index = await SealedIndex.loadMemory(vault);
  await index.save((memory) => rememberPerson(memory, account, known));
}

/**
 * Ask before somebody is struck off, and show by the words whom: a name alone could be the appliance's invention.
 * @param {import("./members_list.js").Described} described
 * @returns {Promise<boolean>}
 */
export async function agreedToRemove({ name, print, troubles }) {
  const dialog = /** @type {HTMLElement} */ (document.getElementById("remove-dialog"));
  const trouble = /** @type {HTMLElement} */ (dialog.querySelector("[data-trouble]"));
  showWords(dialog, print);
  trouble.textContent = troubles.join(" · ");
  trouble.hidden = troubles.length === 0;
  return agreed("remove-dialog", name);
}
