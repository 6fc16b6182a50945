// @ts-check
/** Show a recovery code, and go on only when it was typed back: a code that nobody can read saves nobody. */

import { Mistake, inputIn, onSubmit } from "./forms.js";
import { notify } from "./notices.js";
import { differingGroup, groupsOf } from "./pure/passphrase.js";
import { number, say } from "./words.js";

/**
 * @param {HTMLElement} place - Holds the section of the code.
 * @param {string} name - Whose it is, for the paper.
 * @param {string} code
 * @returns {Promise<void>} When it was typed back.
 */
export function haveItTypedBack(place, name, code) {
  const section = find(place, "[data-code]");
  const [shown, check] = [find(section, "[data-code-shown]"), find(section, "[data-code-check]")];
  const typed = inputIn(section, "[data-typed]");
  const step = (/** @type {boolean} */ isChecking) => {
    shown.hidden = isChecking;
    check.hidden = !isChecking;
    if (isChecking) typed.focus();
  };
  draw(section, name, code);
  find(section, "[data-print]").onclick = () => print();
  find(section, "[data-copy]").onclick = () => copy(code);
  find(section, "[data-have-it]").onclick = () => step(true);
  find(section, "[data-show-again]").onclick = () => step(false);
  typed.value = "";
  step(false);
  section.hidden = false;
  find(section, "[tabindex]").focus();
  return new Promise((resolve) => {
    const stop = onSubmit(/** @type {HTMLFormElement} */ (check), async () => {
      const group = differingGroup(code, typed.value);
      if (group > 0) throw new Mistake(say("code_differs", { group: number(group) }));
      draw(section, "", ""); // It is on paper now, and not on the screen any more.
      typed.value = "";
      section.hidden = true;
      stop();
      resolve();
    });
  });
}

/**
 * @param {HTMLElement} section
 * @param {string} name
 * @param {string} code
 */
function draw(section, name, code) {
  find(section, "[data-code-name]").textContent = name;
  const groups = groupsOf(code).map((group) => {
    const item = document.createElement("li");
    item.textContent = group;
    return item;
  });
  find(section, "[data-groups]").replaceChildren(...groups);
}

/** @param {string} code */
async function copy(code) {
  try {
    await navigator.clipboard.writeText(code);
    notify(say("copied"));
  } catch {
    notify(say("not_copied"), { isTrouble: true });
  }
}

/**
 * @param {ParentNode} within
 * @param {string} selector
 */
function find(within, selector) {
  return /** @type {HTMLElement} */ (within.querySelector(selector));
}
