// @ts-check
/** Say so while a live page cannot be kept up to date: what was true a while ago must not look like what is true. */
export function showConnection() {
  const notice = /** @type {HTMLElement} */ (document.querySelector("[data-cut-off]"));
  document.addEventListener("htmx:sseError", () => {
    notice.hidden = false;
  });
  document.addEventListener("htmx:sseOpen", () => {
    notice.hidden = true;
  });
}
