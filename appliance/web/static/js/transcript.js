// @ts-check
/** The transcript page: open what was said, show it, name the voices, make files of it. */

import { askBeforeDeleting } from "./deletion.js";
import { offerDownloads } from "./downloads.js";
import { notify } from "./notices.js";
import { showModelSet } from "./private/facts.js";
import { nameOf, renamed } from "./pure/transcript.js";
import { openTranscript } from "./transcript_source.js";
import { TranscriptView } from "./transcript_view.js";
import { listenToKeys } from "./transcript_keys.js";
import { say, tell } from "./words.js";

const place = /** @type {HTMLElement} */ (document.querySelector("[data-transcript]"));
const view = new TranscriptView(place, openRename);
const opening = openTranscript(place);

askBeforeDeleting(() => {});
offerDownloads(opening);
listenToKeys(view, openRename);
show();

async function show() {
  const loading = /** @type {HTMLElement} */ (place.querySelector("[data-loading]"));
  try {
    const { transcript } = await opening;
    await view.draw(transcript);
    showModelSet(transcript);
    loading.remove();
  } catch (error) {
    loading.textContent = tell(error);
  }
}

/** @param {string} speakerId */
function openRename(speakerId) {
  if ("readOnly" in place.dataset) return notify(say("read_only"));
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
      trouble.textContent = tell(error);
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
  const opened = await opening;
  const saved = await opened.save(renamed(opened.transcript, speakerId, name));
  const savedName = nameOf(saved, speakerId) ?? name;
  view.rename(speakerId, savedName);
  notify(say("renamed", { name: savedName }));
}
