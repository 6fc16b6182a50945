// @ts-check
/**
 * The owner's dialog: makes a link in this browser, shows it once, lists the links there are. The list and its buttons
 * are the appliance's; the link itself is only here, and gone from the page when the dialog closes.
 */

import { argon2, Argon2Unavailable } from "../argon2.js";
import { toBase64, toBase64Url } from "../crypto/bytes.js";
import { notify } from "../notices.js";
import { ask } from "../request.js";
import { say, tell } from "../words.js";
import { fileKeysOf } from "./keys.js";
import { makeLink } from "./sealing.js";

const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("share-dialog"));
const form = /** @type {HTMLFormElement} */ (part("make"));
const list = /** @type {HTMLElement} */ (document.getElementById("share-links"));
const { recording = "", privateTitle = "", algorithm = "" } = dialog.dataset;

document.querySelector("button[data-share]")?.addEventListener("click", () => {
  dialog.showModal();
  showLinks();
});
part("close").addEventListener("click", () => dialog.close());
dialog.addEventListener("close", forget);
dialog.addEventListener("click", copy);
list.addEventListener("htmx:afterSwap", showHolder);
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  await make();
});

async function make() {
  const { pin, lifetime } = /** @type {Record<string, HTMLInputElement>} */ (/** @type {unknown} */ (form.elements));
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("[type=submit]"));
  showTrouble("");
  part("made").hidden = true;
  button.disabled = true;
  if (pin.value) notify(say("share_working"));
  try {
    const keys = await fileKeysOf(recording, privateTitle);
    const link = await makeLink(keys, pin.value, Number(algorithm), argon2);
    await ask("POST", `/recordings/${recording}/shares`, {
      id: link.id,
      token_digest: toBase64(link.tokenDigest),
      kdf: link.kdf && toBase64(link.kdf),
      expires_in_s: Number(lifetime.value),
      wraps: { title: toBase64(link.wraps.title), transcript: toBase64(link.wraps.transcript) },
    });
    show(link);
    pin.value = "";
    showLinks();
  } catch (error) {
    showTrouble(error instanceof Argon2Unavailable ? say("share_slow_browser") : tell(error));
  } finally {
    button.disabled = false;
  }
}

/** @param {import("./sealing.js").Link} link */
function show({ id, secret }) {
  const address = `${location.origin}/s/${id}`;
  const key = toBase64Url(secret);
  part("whole").textContent = `${address}#${key}`;
  part("address").textContent = address;
  part("key").textContent = key;
  part("made").hidden = false;
  part("made-heading").focus();
}

/** What was shown once is shown no more: not to the next person at this screen, and not to one who opens it again. */
function forget() {
  for (const name of ["whole", "address", "key"]) part(name).textContent = "";
  part("made").hidden = true;
  form.reset();
  showTrouble("");
}

/** @param {MouseEvent} event */
async function copy(event) {
  const button = event.target instanceof Element ? event.target.closest("[data-copy]") : null;
  if (!(button instanceof HTMLElement)) return;
  const text = document.getElementById(button.dataset.copy ?? "");
  try {
    await navigator.clipboard.writeText(text?.textContent ?? "");
    button.textContent = say("share_copied");
  } catch {
    showTrouble(say("share_not_copied"));
  }
}

function showLinks() {
  list.dispatchEvent(new Event("links-changed"));
}

/** The picture of who can read this has one more in it while there is a link. */
function showHolder() {
  const holders = document.querySelector("[data-holder-list]");
  const shown = holders?.querySelector("[data-link-holder]");
  const hasLinks = list.querySelector("li") !== null;
  const template = document.getElementById("holder-link");
  if (!hasLinks) shown?.remove();
  else if (!shown && template instanceof HTMLTemplateElement) holders?.append(template.content.cloneNode(true));
}

/** @param {string} trouble - Empty for none. */
function showTrouble(trouble) {
  part("trouble").textContent = trouble;
  part("trouble").hidden = trouble === "";
}

/**
 * @param {string} name
 * @returns {HTMLElement}
 */
function part(name) {
  return /** @type {HTMLElement} */ (dialog.querySelector(`[data-${name}]`));
}
