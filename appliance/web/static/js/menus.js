// @ts-check
/** Menus close when the person turns to something else, and by Escape, which gives the focus back. */

export function letMenusClose() {
  document.addEventListener("click", (event) => closeAll(event.target));
  document.addEventListener("focusin", (event) => closeAll(event.target));
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" ? document.querySelector("details[data-menu][open]") : null;
    if (!(menu instanceof HTMLDetailsElement)) return;
    menu.open = false;
    menu.querySelector("summary")?.focus();
  });
}

/** @param {EventTarget | null} except */
function closeAll(except) {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!(except instanceof Node && menu.contains(except))) /** @type {HTMLDetailsElement} */ (menu).open = false;
  }
}
