// @ts-check
/** The keys that the owner of a transcript wraps once more for a link, in either mode. */

import { fromBase64 } from "../crypto/bytes.js";
import { ask } from "../request.js";

/**
 * @param {string} recordingId
 * @param {string} privateTitle - The sealed title as JSON; empty in standard mode.
 * @returns {Promise<import("./sealing.js").FileKeys>}
 * @throws {import("../request.js").Problem} The appliance refused.
 * @throws {import("../request.js").InWords} The vault is locked, or what it was given must not be passed on.
 */
export async function fileKeysOf(recordingId, privateTitle) {
  if (privateTitle === "") return standardKeys(recordingId);
  // A page in standard mode loads nothing of the vault.
  const { privateKeys } = await import("../private/keys_to_share.js");
  return privateKeys(recordingId, JSON.parse(privateTitle));
}

/**
 * In standard mode the appliance has the keys, and hands them to the owner.
 * @param {string} recordingId
 */
async function standardKeys(recordingId) {
  const { title, transcript } = await ask("GET", `/recordings/${recordingId}/file-keys`);
  return { title: read(title), transcript: read(transcript) };
}

/** @param {{document_id: string, key: string}} fileKey */
function read({ document_id: documentId, key }) {
  return { documentId: fromBase64(documentId), key: fromBase64(key) };
}
