// @ts-check
/** Names and terms of a workspace: opened and sealed here, and held against what this vault has seen of them. */

import { fromBase64, fromHex, sha256, toBase64, toHex, utf8 } from "../crypto/bytes.js";
import { DocumentType, openDocument, sealDocument } from "../crypto/envelope.js";
import { Refusal } from "../crypto/refusal.js";
import { SealedIndex } from "../private/index.js";
import { judgeVocabulary, rememberVocabulary, seenVocabulary } from "../pure/pinned.js";
import { readTerms, TermsRefused, termsText } from "../pure/vocabulary.js";
import { ask } from "../request.js";
import { loadWorkspace } from "./loading.js";

const OF_MEMBERS = "crypto.member_list."; // A key that the owners did not name is a fault of the workspace, not of its list.

/**
 * @typedef {import("../vault.js").Vault} Vault
 * @typedef {import("../pure/pinned.js").SeenVocabulary} SeenVocabulary
 * @typedef {{terms: string[], version: number}} Vocabulary - Version 0 before there is one.
 * @typedef {"older" | "exchanged" | "damaged" | "unfit"} Verdict
 */

/**
 * The list that the appliance serves is not used; another one can be saved in its place.
 *
 * - `older`: this vault has seen a later one, or one under a later key.
 * - `exchanged`: this vault has seen another one in the same version.
 * - `damaged`: it does not open.
 * - `unfit`: it opens, and a member sealed what no list may hold.
 */
export class NotThisVocabulary extends Error {
  /**
   * @param {Verdict} verdict
   * @param {object} facts
   * @param {number} facts.version - That is served: the one to save from.
   * @param {number} facts.seenVersion - That this vault saw last: the one to go beyond.
   * @param {string[]} [facts.terms] - Those of an older list, for somebody to look through.
   * @param {string} [facts.code] - Of the refusal, where it does not open.
   */
  constructor(verdict, { version, seenVersion, terms = [], code = "" }) {
    super(verdict);
    this.verdict = verdict;
    this.version = version;
    this.seenVersion = seenVersion;
    this.terms = terms;
    this.code = code;
  }
}

/**
 * @param {Vault} vault
 * @param {string} id - Of the workspace.
 * @returns {Promise<Vocabulary>}
 * @throws {NotThisVocabulary} It does not open, or is not what was seen.
 * @throws {Refusal} The workspace is not what its owners signed.
 */
export async function loadVocabulary(vault, id) {
  const index = await SealedIndex.loadMemory(vault); // First: what another tab saves after this is newer than it.
  const served = await ask("GET", `/workspaces/${id}/vocabulary`);
  const sealed = fromBase64(served.sealed);
  const seen = { version: served.version, epoch: served.epoch, sha256: toHex(await sha256(sealed)) };
  const known = seenVocabulary(index.memory, id);
  const verdict = judgeVocabulary(index.memory, id, seen);
  const { terms, fault, code } = await opening(vault, id, sealed, seen);
  const standing = { version: seen.version, seenVersion: known?.version ?? 0, code };
  if (verdict === "older") {
    // No backup brings back an earlier key alone. Whoever was removed has that key, and nobody is shown what they wrote.
    throw new NotThisVocabulary(verdict, { ...standing, terms: seen.epoch === known?.epoch ? terms : [] });
  }
  if (fault !== undefined) throw new NotThisVocabulary(fault, standing);
  if (verdict === "exchanged") throw new NotThisVocabulary(verdict, standing);
  if (seen.version > 0 && verdict !== "same") await index.save((memory) => rememberVocabulary(memory, id, seen));
  return { terms, version: seen.version };
}

/**
 * Open a list, or find out why it does not open.
 * @param {Vault} vault
 * @param {string} id - Of the workspace.
 * @param {Uint8Array} sealed
 * @param {SeenVocabulary} seen
 * @returns {Promise<{terms: string[], fault?: Verdict, code?: string}>}
 * @throws {Refusal} The workspace itself stays closed.
 */
async function opening(vault, id, sealed, { version, epoch }) {
  if (version === 0) return { terms: [] };
  const opened = await loadWorkspace(vault, id); // As of now: members, and with them the key, may have changed.
  try {
    const key = await opened.keyOf(epoch);
    const text = await openDocument(key, sealed, DocumentType.VOCABULARY, fromHex(id), version);
    return { terms: readTerms(new TextDecoder().decode(text)) };
  } catch (error) {
    if (error instanceof TermsRefused) return { terms: [], fault: "unfit" };
    if (error instanceof Refusal && !error.code.startsWith(OF_MEMBERS)) return { terms: [], fault: "damaged", code: error.code };
    throw error;
  }
}

/**
 * Seal another list under the newest workspace key, and remember it. What takes the place of a list that is older than
 * the one that was seen is saved version after version, until it is later than that: so every browser that has seen no
 * more than this one takes it, and none has to forget what it has seen.
 * @param {Vault} vault
 * @param {string} id - Of the workspace.
 * @param {string[]} terms - As `readTerms` returned them.
 * @param {number} fromVersion - Of the list from which it was made, or in whose place it comes.
 * @param {number} [beyond] - Version that it has to exceed.
 * @returns {Promise<Vocabulary>}
 * @throws {import("../request.js").Problem} Somebody else was quicker, or this person only reads there.
 */
export async function saveVocabulary(vault, id, terms, fromVersion, beyond = 0) {
  const opened = await loadWorkspace(vault, id);
  const last = Math.max(fromVersion, beyond) + 1;
  let seen = await saveVersion(opened, terms, fromVersion);
  while (seen.version < last) seen = await saveVersion(opened, terms, seen.version);
  const index = await SealedIndex.loadMemory(vault);
  await index.save((memory) => rememberVocabulary(memory, id, seen));
  return { terms, version: seen.version };
}

/**
 * @param {import("./opened.js").OpenedWorkspace} opened
 * @param {string[]} terms
 * @param {number} fromVersion
 * @returns {Promise<SeenVocabulary>}
 */
async function saveVersion({ id, key, list: { epoch } }, terms, fromVersion) {
  const version = fromVersion + 1;
  const sealed = await sealDocument(key, DocumentType.VOCABULARY, fromHex(id), version, utf8(termsText(terms)));
  await ask("PUT", `/workspaces/${id}/vocabulary`, { from_version: fromVersion, epoch, sealed: toBase64(sealed) });
  return { version, epoch, sha256: toHex(await sha256(sealed)) };
}
