// @ts-check
/** The form above the library: what is chosen for the next files, and the ways by which files come in. */

import { knowsLanguage, readOptions } from "./pure/options.js";
import { notify } from "./notices.js";
import { UNLOCKED, openVault } from "./vault.js";
import { say, tell } from "./words.js";
import { chosenPlace, offerPlaces } from "./workspaces/choosing.js";

/**
 * @typedef {import("./pure/options.js").Options} Options
 * @typedef {{isPrivate: boolean, survivesRestart: boolean, workspace: string}} Privacy - The workspace's id, or empty.
 */

/**
 * @param {HTMLFormElement} form
 * @returns {Options}
 */
export function chosenOptions(form) {
  const chosen = Object.fromEntries(new FormData(form).entries());
  return readOptions(/** @type {Parameters<typeof readOptions>[0]} */ (chosen));
}

/**
 * @param {HTMLFormElement} form
 * @returns {Privacy}
 * @throws {import("./request.js").InWords} Nobody could see which workspace it is.
 * @throws {import("./crypto/refusal.js").Refusal} The workspace is not what its owners signed.
 */
export function chosenPrivacy(form) {
  const chosen = new FormData(form);
  const places = placesIn(form);
  return {
    isPrivate: chosen.get("mode") === "private",
    survivesRestart: chosen.has("survives_restart"),
    workspace: places === null ? "" : chosenPlace(places),
  };
}

/**
 * Offer what belongs to privacy mode only where it is chosen.
 * @param {HTMLFormElement} form
 */
function showPrivacy(form) {
  const lasting = /** @type {HTMLElement} */ (form.querySelector("[data-lasting]"));
  const show = () => {
    lasting.hidden = new FormData(form).get("mode") !== "private";
    const isAlone = (placesIn(form)?.value ?? "") === "";
    for (const alone of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-alone]"))) {
      alone.hidden = !isAlone;
    }
    for (const together of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-together]"))) {
      together.hidden = isAlone;
    }
  };
  form.addEventListener("change", show);
  show();
}

/**
 * Put in the recording that comes with the models, by the way that every other one takes.
 * @param {(files: File[]) => void} take
 */
export function letSampleBeTried(take) {
  document.addEventListener("click", async (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-sample]") : null;
    if (!(button instanceof HTMLButtonElement)) return;
    button.disabled = true;
    const sample = await fetch("/sample").then((answer) => (answer.ok ? answer.blob() : null)).catch(() => null);
    button.disabled = false;
    if (sample === null) notify(say("failed"), { isTrouble: true });
    else take([new File([sample], "sample.wav", { type: "audio/wav" })]);
  });
}

/**
 * Show what belongs to what is chosen.
 * @param {HTMLFormElement} form
 */
export function showChoices(form) {
  showPrivacy(form);
  showNumbers(form);
  showLanguage(form);
  showPlaces(form).catch((error) => notify(tell(error), { isTrouble: true }));
}

/**
 * Offer the workspaces by name, which only an open vault reads; until then there is no choice among them.
 * @param {HTMLFormElement} form
 */
async function showPlaces(form) {
  const places = placesIn(form);
  if (places === null) return;
  const vault = await openVault();
  /** @type {HTMLElement} */ (form.querySelector("[data-places-locked]")).hidden = vault !== null;
  if (vault !== null) await offerPlaces(places, vault);
  else document.addEventListener(UNLOCKED, () => showPlaces(form), { once: true });
}

/**
 * @param {HTMLFormElement} form
 * @returns {HTMLSelectElement | null} Null where the person is in no workspace.
 */
function placesIn(form) {
  return form.querySelector("[data-chosen-workspace]");
}

/**
 * Show the number fields that fit the choice; the others are switched off, so that nothing invisible is wrong.
 * @param {HTMLFormElement} form
 */
function showNumbers(form) {
  const choice = /** @type {HTMLSelectElement} */ (form.querySelector("[data-voices]"));
  const least = /** @type {HTMLInputElement} */ (form.elements.namedItem("min_speakers"));
  const most = /** @type {HTMLInputElement} */ (form.elements.namedItem("max_speakers"));
  const show = () => {
    for (const field of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-for]"))) {
      field.hidden = field.dataset.for !== choice.value;
      for (const input of field.querySelectorAll("input")) input.disabled = field.hidden;
    }
    most.min = least.value || "1";
  };
  form.addEventListener("change", show);
  show();
}

/**
 * Say at once where the chosen model does not know the chosen language; the form takes no file until one is changed.
 * @param {HTMLFormElement} form
 */
function showLanguage(form) {
  const language = /** @type {HTMLSelectElement} */ (form.elements.namedItem("language"));
  const trouble = /** @type {HTMLElement} */ (form.querySelector("[data-language-trouble]"));
  const show = () => {
    const chosen = /** @type {HTMLInputElement | null} */ (
      form.querySelector("[name=model]:checked") ?? form.querySelector("[name=model][type=hidden]")
    );
    const { model = "", languages = "" } = chosen?.dataset ?? {};
    const text = knowsLanguage(languages, language.value) ? "" : say("language_unknown", { model });
    language.setCustomValidity(text);
    trouble.textContent = text;
    trouble.hidden = text === "";
  };
  form.addEventListener("change", show);
  show();
}

/**
 * Take files dropped anywhere on the page: a file that misses the frame must not replace the page.
 * @param {HTMLElement} frame - Shows that it would take them.
 * @param {(files: File[]) => void} take
 */
export function takeDrops(frame, take) {
  let depth = 0;
  /** @param {number} change */
  const mark = (change) => {
    depth = Math.max(0, depth + change);
    frame.toggleAttribute("data-over", depth > 0);
  };
  addEventListener("dragenter", () => mark(1));
  addEventListener("dragleave", () => mark(-1));
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    mark(-depth);
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length > 0) take(files);
  });
}
