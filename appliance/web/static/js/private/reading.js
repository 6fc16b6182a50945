// @ts-check
/** Private transcripts, brought into the search: when they are opened or saved, and all others at the first search. */

import { toHex } from "../crypto/bytes.js";
import { Refusal } from "../crypto/refusal.js";
import { entryOf, sizeOf } from "../pure/packs.js";
import { packsToClear } from "../pure/memory.js";
import { Problem, ask } from "../request.js";
import { Packs } from "./packs.js";
import { clear, forgetLies, write } from "./packs_written.js";
import { NotAsRemembered, PrivateTranscript } from "./source.js";
import { TitleExchanged } from "./title_memory.js";
import { openTitle } from "./titles.js";

/**
 * @typedef {import("../vault.js").Vault} Vault
 * @typedef {import("../pure/packs.js").PackEntry} PackEntry
 */

const BATCH_BYTES = 2 ** 20;

/**
 * Keep a transcript searchable that is open on this page, as it is now.
 * @param {PrivateTranscript} source
 * @param {string} title
 */
export async function keepSearchable(source, title) {
  const packs = Packs.of(source.vault);
  const document = toHex(source.documentId);
  const { version, transcript, recordingId: recording } = source;
  const isCovered = () => Object.values(packs.index.memory.packs).some(({ covers }) => covers[document] === version);
  await packs.alone(async () => {
    await packs.look();
    // A pack that was stored and then cut off from the index may hold this transcript already.
    const unknown = [...packs.listed.keys()].filter((pack) => !(pack in packs.index.memory.packs));
    if (unknown.length > 0) await packs.bring(unknown);
    const kept = packs.index.kept.find((each) => each.document === document);
    if (kept === undefined || isCovered()) return packs.learn();
    await write(packs, [entryOf(transcript, { recording, document, version, created_ms: kept.created_ms, title })]);
  });
}

/**
 * Read what no pack covers, clear the packs of what is gone, and forget those that are not what they should be. The
 * packs are open.
 * @param {Packs} packs
 * @param {(done: number, whole: number) => void} tell
 */
export async function readTheRest(packs, tell) {
  await packs.alone(async () => {
    await packs.bring(); // Another tab may have read it meanwhile.
    const { uncovered } = packs.coverage();
    /** @type {PackEntry[]} */
    let batch = [];
    let sizeBytes = 0;
    for (const [number, kept] of uncovered.entries()) {
      tell(number, uncovered.length);
      const entry = await read(packs, kept);
      if (entry === null) continue;
      batch.push(entry);
      sizeBytes += sizeOf(entry);
      if (sizeBytes < BATCH_BYTES) continue;
      await write(packs, batch);
      await packs.agree();
      [batch, sizeBytes] = [[], 0];
    }
    await write(packs, batch);
    await clear(packs, packs.coverage().untidy);
    await forgetLies(packs);
    await packs.learn();
    await packs.agree();
  });
}

/**
 * Take the words of recordings that the appliance does not keep any more out of their packs.
 * @param {Vault} vault
 */
export async function clearPacks(vault) {
  const packs = Packs.of(vault);
  await packs.alone(async () => {
    await packs.look();
    await clear(packs, packsToClear(packs.index.memory, packs.index.kept));
    if (packs.opened.size > 0) await packs.agree();
  });
}

/**
 * @param {Packs} packs
 * @param {import("../pure/memory.js").Kept} kept
 * @returns {Promise<PackEntry | null>} Null where it does not open, or not as the vault remembers.
 */
async function read(packs, { recording, document, version, created_ms }) {
  try {
    const source = await PrivateTranscript.open(packs.vault, recording, packs.index);
    const title = await titleOf(packs, recording);
    packs.index.noteKept(document, source.version); // Its first opening stores the next version.
    return entryOf(source.transcript, { recording, document, version: source.version, created_ms, title });
  } catch (error) {
    if (!(error instanceof Refusal || error instanceof NotAsRemembered || error instanceof Problem)) throw error;
    packs.unreadable.set(document, version);
    return null;
  }
}

/**
 * @param {Packs} packs
 * @param {string} recording
 * @returns {Promise<string>} Empty where it does not open: what was said can be found all the same.
 */
async function titleOf({ vault, index }, recording) {
  try {
    const { memory } = index;
    const remembering = { memory, save: async (/** @type {import("./index.js").Change} */ change) => index.saveLater(change) };
    return await openTitle(vault, recording, await ask("GET", `/recordings/${recording}/title`), remembering);
  } catch (error) {
    if (error instanceof Refusal || error instanceof Problem || error instanceof TitleExchanged) return "";
    throw error;
  }
}
