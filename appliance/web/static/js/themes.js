// @ts-check
/** Light and dark without loading the page again, so that an upload goes on. Without this the form does it. */

export function switchThemesInPlace() {
  const group = document.querySelector("[data-themes]");
  group?.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (button === null) return;
    event.preventDefault();
    document.documentElement.dataset.theme = button.value;
    for (const other of group.querySelectorAll("button")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
    fetch("/preferences", { method: "POST", body: new URLSearchParams({ theme: button.value }), redirect: "manual" });
  });
}
