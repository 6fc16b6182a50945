// @ts-check
/** The transcript page: fetch what was said, show it, name the voices. */

import { askBeforeDeleting } from "./deletion.js";
import { notify } from "./notices.js";
import { Problem, ask } from "./request.js";
import { TranscriptView } from "./transcript_view.js";
import { listenToKeys } from "./transcript_keys.js";
import { say } from "./words.js";

const place = /** @type {HTMLElement} */ (document.querySelector("[data-transcript]"));
const view = new TranscriptView(place, openRename);
let version = 0;

askBeforeDeleting(() => {});
listenToKeys(view, openRename);
show();

async function show() {
  const loading = /** @type {HTMLElement} */ (place.querySelector("[data-loading]"));
  try {
    const opened = await ask("GET", place.dataset.transcript ?? "");
    version = opened.version;
    await view.draw(opened.transcript);
    loading.remove();
  } catch (error) {
    loading.textContent = error instanceof Problem ? error.message : say("failed");
  }
}

/** @param {string} speakerId */
function openRename(speakerId) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("rename-dialog"));
  const form = /** @type {HTMLFormElement} */ (dialog.querySelector("form"));
  const input = /** @type {HTMLInputElement} */ (form.elements.namedItem("name"));
  const trouble = /** @type {HTMLElement} */ (dialog.querySelector("[data-trouble]"));
  input.value = view.nameOf(speakerId);
  trouble.hidden = true;
  form.onsubmit = async (event) => {
    event.preventDefault();
    try {
      await rename(speakerId, input.value);
      dialog.close();
    } catch (error) {
      trouble.textContent = error instanceof Problem ? error.message : say("failed");
      trouble.hidden = false;
    }
  };
  /** @type {HTMLElement} */ (form.querySelector("[data-close]")).onclick = () => dialog.close();
  dialog.showModal();
  input.select();
}

/**
 * @param {string} speakerId
 * @param {string} name
 */
async function rename(speakerId, name) {
  const saved = await ask("PATCH", `${place.dataset.speakersAt}${encodeURIComponent(speakerId)}`, { name, version });
  version = saved.version;
  view.rename(speakerId, saved.name);
  notify(say("renamed", { name: saved.name }));
}
