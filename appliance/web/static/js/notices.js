// @ts-check
/** Short notices at the foot of the page; each goes away by itself or by its button. */

const STAYS_MS = 6000;

/**
 * Say something that a screen reader says too.
 * @param {string} text
 * @param {{isTrouble?: boolean}} [manner]
 */
export function notify(text, { isTrouble = false } = {}) {
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById("notice"));
  const fragment = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  const notice = /** @type {HTMLElement} */ (fragment.firstElementChild);
  /** @type {HTMLElement} */ (notice.querySelector("[data-text]")).textContent = text;
  notice.classList.toggle("notice--trouble", isTrouble);
  document.getElementById(isTrouble ? "problems" : "notices")?.replaceChildren(notice);
  if (!isTrouble) setTimeout(() => notice.remove(), STAYS_MS);
}

/** Let the button of a notice close it. */
export function letNoticesClose() {
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-dismiss]") : null;
    button?.closest("[data-notice]")?.remove();
  });
}
