// @ts-check
/** The dialog that asks for the passphrase, on every page of somebody who is signed in. */

import { inputIn, onSubmit } from "./forms.js";

/**
 * @template T
 * @param {(passphrase: string) => Promise<T>} unlock - Throws where the passphrase is not right.
 * @returns {Promise<T | null>} Null where the person closed the dialog.
 */
export function askForPassphrase(unlock) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("unlock-dialog"));
  const form = /** @type {HTMLFormElement} */ (dialog.querySelector("form"));
  const passphrase = inputIn(form, "[data-passphrase]");
  return new Promise((resolve) => {
    /** @type {T | null} */
    let opened = null;
    const stop = onSubmit(form, async () => {
      opened = await unlock(passphrase.value);
      dialog.close();
    });
    /** @type {HTMLElement} */ (form.querySelector("[data-close]")).onclick = () => dialog.close();
    dialog.onclose = () => {
      form.reset(); // The passphrase does not wait here for the next one who sits down.
      stop();
      resolve(opened);
    };
    dialog.showModal();
    passphrase.focus();
  });
}
