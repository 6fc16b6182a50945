// @ts-check
/** The keys of a private recording, for its owner to wrap them once more for a link. */

import { fromBase64 } from "../crypto/bytes.js";
import { InWords } from "../request.js";
import { requireVault } from "../vault.js";
import { say } from "../words.js";
import { toWords } from "./page.js";
import { PrivateTranscript } from "./source.js";
import { openTitle, titleKey } from "./titles.js";

/**
 * Both are opened before they are shared, as they are before they are shown: what the appliance exchanged is not passed
 * on under this person's name.
 * @param {string} recordingId
 * @param {import("./titles.js").SealedTitle} title
 * @returns {Promise<import("../shares/sealing.js").FileKeys>}
 * @throws {InWords} Locked, damaged, or not what this vault has seen before.
 */
export async function privateKeys(recordingId, title) {
  const vault = await requireVault();
  if (vault === null) throw new InWords(say("share_locked"));
  const titleId = fromBase64(title.document_id);
  try {
    await openTitle(vault, recordingId, title);
    const key = await titleKey(vault, title);
    const { documentId, fileKey } = await PrivateTranscript.open(vault, recordingId);
    return { title: { documentId: titleId, key }, transcript: { documentId, key: fileKey } };
  } catch (error) {
    throw toWords(error);
  }
}
