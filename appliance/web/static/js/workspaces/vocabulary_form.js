// @ts-check
/** The list of names and terms on the page of a workspace: shown to its members, changed by those who write there. */

import { inputIn, Mistake, onSubmit } from "../forms.js";
import { notify } from "../notices.js";
import { readTerms, termsText } from "../pure/vocabulary.js";
import { say } from "../words.js";
import { inWords } from "./trouble.js";
import { loadVocabulary, saveVocabulary } from "./vocabulary.js";

/**
 * @typedef {import("../vault.js").Vault} Vault
 * @typedef {import("./opened.js").OpenedWorkspace} OpenedWorkspace
 */

/**
 * @param {HTMLFormElement} form
 * @param {string} id - Of the workspace.
 * @param {() => Promise<Vault>} needVault
 */
export function listenToVocabulary(form, id, needVault) {
  onSubmit(form, async () => {
    const vault = await needVault();
    try {
      const terms = readTerms(inputIn(form, "[data-terms]").value);
      fill(form, await saveVocabulary(vault, id, terms, Number(form.dataset.version)));
    } catch (error) {
      throw new Mistake(inWords(error));
    }
    notify(say("saved"));
  });
}

/**
 * @param {HTMLFormElement} form
 * @param {Vault} vault
 * @param {OpenedWorkspace} opened
 */
export async function showVocabulary(form, vault, opened) {
  const trouble = /** @type {HTMLElement} */ (form.querySelector("[data-trouble]"));
  try {
    fill(form, await loadVocabulary(vault, opened.id));
    trouble.hidden = true;
    inputIn(form, "[data-terms]").readOnly = !opened.mayWrite;
    /** @type {HTMLElement} */ (form.querySelector("[data-saving]")).hidden = !opened.mayWrite;
  } catch (error) {
    trouble.textContent = inWords(error); // And nothing can be saved over what nobody could see.
    trouble.hidden = false;
  }
}

/**
 * @param {HTMLFormElement} form
 * @param {import("./vocabulary.js").Vocabulary} vocabulary
 */
function fill(form, { terms, version }) {
  form.dataset.version = String(version);
  inputIn(form, "[data-terms]").value = termsText(terms);
}
