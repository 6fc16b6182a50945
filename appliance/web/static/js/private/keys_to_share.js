// @ts-check
/** The keys of a private recording, for its owner to wrap them once more for a link. */

import { fromBase64 } from "../crypto/bytes.js";
import { InWords } from "../request.js";
import { requireVault } from "../vault.js";
import { say } from "../words.js";
import { toWords } from "./page.js";
import { PrivateTranscript } from "./source.js";
import { titleKey } from "./titles.js";

/**
 * The transcript is opened before it is shared, as it is before it is shown: what the appliance exchanged is not passed
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
    const key = await titleKey(vault, title);
    const { documentId, fileKey } = await PrivateTranscript.open(vault, recordingId);
    return { title: { documentId: titleId, key }, transcript: { documentId, key: fileKey } };
  } catch (error) {
    throw toWords(error);
  }
}
