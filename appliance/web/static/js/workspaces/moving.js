// @ts-check
/** On the page of a transcript: names of workspaces, and moving it into one or out of one. */

import { fromBase64, toBase64, toHex } from "../crypto/bytes.js";
import { inputIn, Mistake, onSubmit } from "../forms.js";
import { keysAt } from "../private/keys.js";
import { SealedIndex } from "../private/index.js";
import { PrivateTranscript } from "../private/source.js";
import { titleKey } from "../private/titles.js";
import { remember } from "../pure/memory.js";
import { InWords, ask } from "../request.js";
import { openVault, requireVault, UNLOCKED } from "../vault.js";
import { say } from "../words.js";
import { showNames } from "./names.js";
import { OpenedWorkspace } from "./opened.js";
import { inWords } from "./trouble.js";

/** @typedef {import("../vault.js").Vault} Vault */

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
  document.querySelector("[data-move]")?.addEventListener("click", async () => {
    if ((await requireVault()) !== null) within.showModal(); // Without it nobody sees which workspace is which.
  });
  /** @type {HTMLElement} */ (form.querySelector("[data-close]")).onclick = () => within.close();
  onSubmit(form, async () => {
    const { recording = "", mode } = form.dataset;
    const target = inputIn(form, "[name=target]").value;
    try {
      await (mode === "private" ? movePrivately(recording, target) : place(recording, target, {}));
    } catch (error) {
      throw new Mistake(inWords(error));
    }
    location.reload();
  });
}

/**
 * Wrap both keys for those who will read it. What is taken out of a workspace then gets another key, which the members
 * of before never had.
 * @param {string} recording
 * @param {string} target - Id of the workspace, or empty.
 */
async function movePrivately(recording, target) {
  const vault = await requireVault();
  if (vault === null) throw new InWords(say("move_locked"));
  const title = JSON.parse(/** @type {HTMLElement} */ (document.querySelector("h1 [data-sealed-title]")).dataset.sealedTitle ?? "");
  const source = await PrivateTranscript.open(vault, recording);
  const keys = await keysAt(vault, target);
  const wrapped = {
    title: toBase64(await keys.wrapFileKey(fromBase64(title.document_id), await titleKey(vault, title))),
    transcript: toBase64(await keys.wrapFileKey(source.documentId, source.fileKey)),
  };
  await place(recording, target, wrapped);
  await noteMove(vault, source, target, keys);
  if (source.workspace !== "") {
    const moved = await PrivateTranscript.open(vault, recording);
    await moved.save(moved.transcript, { withFreshKey: true });
  }
}

/**
 * @param {string} recording
 * @param {string} target
 * @param {{title?: string, transcript?: string}} wrapped
 */
async function place(recording, target, wrapped) {
  await ask("PUT", `/recordings/${recording}/place`, { workspace: target || null, ...wrapped });
}

/**
 * @param {Vault} vault
 * @param {PrivateTranscript} source
 * @param {string} target
 * @param {import("../private/keys.js").Keys} keys
 */
async function noteMove(vault, source, target, keys) {
  const index = await SealedIndex.load(vault);
  const document = toHex(source.documentId);
  await index.save((memory) => {
    const { recording, version, sha256 } = memory.documents[document];
    const where = keys instanceof OpenedWorkspace ? { workspace: target, epoch: keys.list.epoch } : {};
    return remember(memory, document, { recording, version, sha256, ...where });
  });
}
