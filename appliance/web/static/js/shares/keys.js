// @ts-check
/** The keys that the owner of a transcript wraps once more for a link, in either mode. */

import { fromBase64 } from "../crypto/bytes.js";
import { WrapKind } from "../crypto/keywrap.js";
import { ask } from "../request.js";

/**
 * @param {string} recordingId
 * @param {string} privateTitle - The sealed title as JSON; empty in standard mode.
 * @returns {Promise<import("./sealing.js").FileKeys>}
 */
export async function fileKeysOf(recordingId, privateTitle) {
  return privateTitle === "" ? standardKeys(recordingId) : privateKeys(recordingId, JSON.parse(privateTitle));
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

/**
 * In privacy mode this vault has them. It opens the transcript before it shares it, as it does before it shows it: what
 * the appliance exchanged is not passed on. A page in standard mode loads nothing of this.
 * @param {string} recordingId
 * @param {import("../private/titles.js").SealedTitle} title
 */
async function privateKeys(recordingId, title) {
  const [{ requireVault }, { PrivateTranscript }] = await Promise.all([
    import("../vault.js"),
    import("../private/source.js"),
  ]);
  const vault = await requireVault();
  const titleId = fromBase64(title.document_id);
  const wrap = { kind: WrapKind.FILE_KEY_UNDER_USER_KEY, wrapped: fromBase64(title.wrapped) };
  const [{ key }, source] = await Promise.all([
    vault.fileKey(titleId, [wrap]),
    PrivateTranscript.open(vault, recordingId),
  ]);
  return {
    title: { documentId: titleId, key },
    transcript: { documentId: source.documentId, key: source.fileKey },
  };
}
