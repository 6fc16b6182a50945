// @ts-check
/** What a person deletes, their browser does not miss afterwards. */

import { forget } from "../pure/memory.js";
import { openVault } from "../vault.js";
import { SealedIndex } from "./index.js";

/**
 * Forget a recording that was just deleted. Where the vault is locked this comes later: the library then asks.
 * @param {string} recordingId
 */
export async function forgetRecording(recordingId) {
  const vault = await openVault();
  if (vault === null) return;
  const index = await SealedIndex.load(vault);
  const isKnown = Object.values(index.memory.documents).some(({ recording }) => recording === recordingId);
  if (isKnown) await index.save((memory) => forget(memory, [recordingId]));
}
