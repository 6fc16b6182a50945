// @ts-check
/** What a person deletes, their browser does not miss afterwards. */

import { forget, packsToClear } from "../pure/memory.js";
import { openVault } from "../vault.js";
import { SealedIndex } from "./index.js";
import { clearPacks } from "./reading.js";

/**
 * Forget a recording that was just deleted, and take its words out of their search pack. Where the vault is locked this
 * comes later: the library then asks about the recording, and the next unlocking clears the packs.
 * @param {string} recordingId
 */
export async function forgetRecording(recordingId) {
  const vault = await openVault();
  if (vault === null) return;
  const index = await SealedIndex.load(vault);
  const { documents, titles = {} } = index.memory;
  const isKnown = recordingId in titles || Object.values(documents).some(({ recording }) => recording === recordingId);
  if (isKnown) await index.save((memory) => forget(memory, [recordingId]));
  await clearWhatIsGone(index);
}

/** The vault was just unlocked: what was deleted while it was locked is still in the packs. */
export async function clearAfterUnlocking() {
  const vault = await openVault();
  if (vault !== null) await clearWhatIsGone(await SealedIndex.load(vault));
}

/**
 * @param {SealedIndex} index - As it is now.
 */
export async function clearWhatIsGone(index) {
  if (packsToClear(index.memory, index.kept).length > 0) await clearPacks(index.vault);
}
