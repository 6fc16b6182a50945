// @ts-check
/** On the page of a transcript: names of workspaces, and moving it into one or out of one. */

import { fromBase64, toBase64, toHex } from "../crypto/bytes.js";
import { Mistake, onSubmit } from "../forms.js";
import { keysAt } from "../private/keys.js";
import { SealedIndex } from "../private/index.js";
import { NotAsRemembered, PrivateTranscript } from "../private/source.js";
import { openTitle, titleKey } from "../private/titles.js";
import { expectAt } from "../pure/memory.js";
import { InWords, ask } from "../request.js";
import { openVault, requireVault, UNLOCKED } from "../vault.js";
import { say } from "../words.js";
import { chosenPlace, offerPlaces } from "./choosing.js";
import { showNames } from "./names.js";
import { inWords } from "./trouble.js";

const dialog = /** @type {HTMLDialogElement | null} */ (document.getElementById("move-dialog"));

label();
if (dialog !== null) offerMoving(dialog);

async function label() {
  if (document.querySelector("[data-workspace-name]") === null) return;
  const vault = await openVault();
  if (vault !== null) showNames(vault);
  else document.addEventListener(UNLOCKED, label, { once: true });
}

/** @param {HTMLDialogElement} within */
function offerMoving(within) {
  const form = /** @type {HTMLFormElement} */ (within.querySelector("form"));
  const targets = /** @type {HTMLSelectElement} */ (form.querySelector("[name=target]"));
  document.querySelector("[data-move]")?.addEventListener("click", async () => {
    const vault = await requireVault(); // Without it nobody sees which workspace is which.
    if (vault === null) return;
    await offerPlaces(targets, vault);
    within.showModal();
  });
  /** @type {HTMLElement} */ (form.querySelector("[data-close]")).onclick = () => within.close();
  onSubmit(form, async () => {
    // The keys of what this page shows are handed on, and of nothing else that the form could name.
    const shown = /** @type {HTMLElement} */ (document.querySelector("[data-transcript]")).dataset.privateRecording;
    try {
      const target = chosenPlace(targets);
      await (shown ? movePrivately(shown, target) : place(form.dataset.recording ?? "", target, {}));
    } catch (error) {
      throw new Mistake(error instanceof NotAsRemembered ? say(error.verdict) : inWords(error));
    }
    location.reload();
  });
}

/**
 * Wrap both keys for those who will read it. What is taken out of a workspace then gets another key, which the members
 * of before never had. Where it goes is written down before it goes, or a move that is cut off would seem to be a lie.
 * @param {string} recording
 * @param {string} target - Id of the workspace, or empty.
 */
async function movePrivately(recording, target) {
  const vault = await requireVault();
  if (vault === null) throw new InWords(say("move_locked"));
  const title = JSON.parse(/** @type {HTMLElement} */ (document.querySelector("h1 [data-sealed-title]")).dataset.sealedTitle ?? "");
  await openTitle(vault, recording, title);
  const source = await PrivateTranscript.open(vault, recording);
  const keys = await keysAt(vault, target);
  const wrapped = {
    title: toBase64(await keys.wrapFileKey(fromBase64(title.document_id), await titleKey(vault, title))),
    transcript: toBase64(await keys.wrapFileKey(source.documentId, source.fileKey)),
  };
  const index = await SealedIndex.loadMemory(vault);
  await index.save((memory) => expectAt(memory, toHex(source.documentId), target));
  await place(recording, target, wrapped);
  const moved = await PrivateTranscript.open(vault, recording); // Which remembers that it has arrived.
  if (source.workspace !== "") await moved.save(moved.transcript, { withFreshKey: true });
}

/**
 * @param {string} recording
 * @param {string} target
 * @param {{title?: string, transcript?: string}} wrapped
 */
async function place(recording, target, wrapped) {
  await ask("PUT", `/recordings/${recording}/place`, { workspace: target || null, ...wrapped });
}
