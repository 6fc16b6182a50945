// @ts-check
/** Dialogs that a page waits for. */

/**
 * Ask before something is done for good.
 * @param {string} id
 * @param {string} [subject] - Who or what it is about.
 * @returns {Promise<boolean>} Whether the person agreed; closing the dialog is no.
 */
export async function agreed(id, subject) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById(id));
  dialog.returnValue = "no";
  await shown(dialog, subject);
  return dialog.returnValue === "yes";
}

/**
 * @param {HTMLDialogElement} dialog
 * @param {string} [subject] - Who or what it is about.
 * @returns {Promise<void>} When it is closed.
 */
export function shown(dialog, subject) {
  if (subject !== undefined) /** @type {HTMLElement} */ (dialog.querySelector("[data-subject]")).textContent = subject;
  return new Promise((resolve) => {
    dialog.onclose = () => resolve();
    dialog.showModal();
  });
}
