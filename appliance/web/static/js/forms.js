// @ts-check
/** Forms whose work is done in the page: busy while it lasts, and a sentence where it fails. */

import { isLongEnough, LEAST_CHARACTERS } from "./pure/passphrase.js";
import { InWords } from "./request.js";
import { number, say, tell } from "./words.js";

/** Something the person can put right; its message is the sentence. */
export class Mistake extends InWords {}

/**
 * @param {HTMLFormElement} form
 * @param {() => Promise<void>} work - What it throws is put into words by `tell`.
 * @returns {() => void} Call it to listen no more.
 */
export function onSubmit(form, work) {
  const submit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const button = /** @type {HTMLButtonElement} */ (form.querySelector("button[type=submit]"));
    if (button.disabled) return;
    setBusy(form, button, true);
    try {
      await work();
    } catch (error) {
      showTrouble(form, tell(error));
    } finally {
      setBusy(form, button, false);
    }
  };
  form.addEventListener("submit", submit);
  return () => form.removeEventListener("submit", submit);
}

/**
 * The passphrase that was typed twice.
 * @param {HTMLElement} form
 * @returns {string}
 * @throws {Mistake} It is short, or the two differ.
 */
export function chosenPassphrase(form) {
  const chosen = inputIn(form, "[data-passphrase]").value;
  if (!isLongEnough(chosen)) throw new Mistake(say("short", { least: number(LEAST_CHARACTERS) }));
  if (chosen !== inputIn(form, "[data-repeated]").value) throw new Mistake(say("different"));
  return chosen;
}

/**
 * @param {ParentNode} within
 * @param {string} selector
 */
export function inputIn(within, selector) {
  return /** @type {HTMLInputElement} */ (within.querySelector(selector));
}

/**
 * @param {HTMLFormElement} form
 * @param {string} sentence
 */
export function showTrouble(form, sentence) {
  const trouble = /** @type {HTMLElement} */ (form.querySelector("[data-trouble]"));
  trouble.textContent = sentence;
  trouble.hidden = false;
}

/**
 * @param {HTMLFormElement} form
 * @param {HTMLButtonElement} button
 * @param {boolean} isBusy
 */
function setBusy(form, button, isBusy) {
  button.disabled = isBusy;
  if (isBusy) /** @type {HTMLElement} */ (form.querySelector("[data-trouble]")).hidden = true;
  const working = /** @type {HTMLElement | null} */ (form.querySelector("[data-working]"));
  if (working === null) return;
  working.textContent = isBusy ? say("working") : "";
  working.hidden = !isBusy;
}
