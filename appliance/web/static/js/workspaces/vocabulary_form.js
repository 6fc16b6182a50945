// @ts-check
/** The list of names and terms on the page of a workspace: shown to its members, changed by those who write there. */

import { agreed } from "../dialogs.js";
import { inputIn, Mistake, onSubmit, showTrouble } from "../forms.js";
import { notify } from "../notices.js";
import { readTerms, termsText } from "../pure/vocabulary.js";
import { say } from "../words.js";
import { inWords } from "./trouble.js";
import { loadVocabulary, NotThisVocabulary, saveVocabulary } from "./vocabulary.js";

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
      const { version, beyond } = form.dataset;
      fill(form, await saveVocabulary(vault, id, terms, Number(version), Number(beyond)));
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
  try {
    fill(form, await loadVocabulary(vault, opened.id));
    hide(form, "[data-trouble]", true);
    letWrite(form, opened.mayWrite);
  } catch (error) {
    letWrite(form, false); // Nobody saves over what they could not see, unless they say that they want to.
    if (error instanceof NotThisVocabulary) offerAnother(form, error, opened.mayWrite);
    else showTrouble(form, inWords(error));
  }
}

/**
 * @param {HTMLFormElement} form
 * @param {NotThisVocabulary} refused
 * @param {boolean} mayWrite
 */
function offerAnother(form, refused, mayWrite) {
  showTrouble(form, mayWrite ? inWords(refused) : `${inWords(refused)} ${say("vocabulary_others")}`);
  hide(form, "[data-mending]", !mayWrite);
  /** @type {HTMLElement} */ (form.querySelector("[data-mend]")).onclick = () => writeAnother(form, refused);
}

/**
 * Let somebody write a list that takes the place of the refused one.
 * @param {HTMLFormElement} form
 * @param {NotThisVocabulary} refused
 */
async function writeAnother(form, refused) {
  // A later version ends the alarm for the others too: it is made only where somebody knows what the alarm comes from.
  if (refused.verdict === "older" && !(await agreed("backup-dialog"))) return;
  fill(form, refused, refused.seenVersion);
  letWrite(form, true);
  showTrouble(form, say(refused.terms.length > 0 ? "vocabulary_put_back" : "vocabulary_anew"));
  inputIn(form, "[data-terms]").focus();
}

/**
 * @param {HTMLFormElement} form
 * @param {boolean} mayWrite
 */
function letWrite(form, mayWrite) {
  inputIn(form, "[data-terms]").readOnly = !mayWrite;
  hide(form, "[data-saving]", !mayWrite);
  hide(form, "[data-mending]", true);
}

/**
 * @param {HTMLFormElement} form
 * @param {import("./vocabulary.js").Vocabulary} vocabulary
 * @param {number} [beyond] - Version that the next one has to exceed.
 */
function fill(form, { terms, version }, beyond = 0) {
  form.dataset.version = String(version);
  form.dataset.beyond = String(beyond);
  inputIn(form, "[data-terms]").value = termsText(terms);
}

/**
 * @param {HTMLFormElement} form
 * @param {string} selector
 * @param {boolean} isHidden
 */
function hide(form, selector, isHidden) {
  /** @type {HTMLElement} */ (form.querySelector(selector)).hidden = isHidden;
}
