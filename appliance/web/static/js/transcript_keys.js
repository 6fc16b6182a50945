// @ts-check
/** The transcript by keyboard: single keys, and only while nobody types or chooses. */

import { notify } from "./notices.js";
import { say } from "./words.js";

/**
 * @param {import("./transcript_view.js").TranscriptView} view
 * @param {(speakerId: string) => void} onRename
 */
export function listenToKeys(view, onRename) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("keys-dialog"));
  document.querySelector("[data-show-keys]")?.addEventListener("click", () => dialog.showModal());
  /** @type {Record<string, () => void>} */
  const actions = {
    j: () => view.step(1),
    k: () => view.step(-1),
    r: () => {
      const speaker = view.currentTurn()?.dataset.speaker;
      if (speaker) onRename(speaker);
    },
    c: () => copyLink(view.currentTurn()),
    "?": () => dialog.showModal(),
  };
  addEventListener("keydown", (event) => {
    const isTyping = event.target instanceof Element && event.target.closest("input, select, textarea, dialog");
    const isAway = !view.place.checkVisibility(); // Search results stand in the place of the transcript.
    if (isTyping || isAway || event.ctrlKey || event.metaKey || event.altKey) return;
    const action = actions[event.key.toLowerCase()];
    if (action === undefined) return;
    event.preventDefault();
    action();
  });
}

/** @param {HTMLElement | undefined} turn */
async function copyLink(turn) {
  const link = turn?.querySelector("a[href]");
  if (!(link instanceof HTMLAnchorElement)) return;
  try {
    await navigator.clipboard.writeText(link.href);
    notify(say("copied"));
  } catch {
    location.hash = link.hash;
    notify(say("not_copied"));
  }
}
