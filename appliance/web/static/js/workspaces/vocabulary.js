// @ts-check
/** Names and terms of a workspace: opened and sealed here, and held against what this vault has seen of them. */

import { fromBase64, fromHex, sha256, toBase64, toHex, utf8 } from "../crypto/bytes.js";
import { DocumentType, openDocument, sealDocument } from "../crypto/envelope.js";
import { SealedIndex } from "../private/index.js";
import { judgeVocabulary, rememberVocabulary } from "../pure/pinned.js";
import { readTerms, termsText } from "../pure/vocabulary.js";
import { ask } from "../request.js";
import { loadWorkspace } from "./loading.js";

/**
 * @typedef {import("../vault.js").Vault} Vault
 * @typedef {{terms: string[], version: number}} Vocabulary - Version 0 before there is one.
 */

/** What the appliance serves is not what this vault has seen. */
export class NotThisVocabulary extends Error {
  /** @param {"older" | "exchanged"} verdict */
  constructor(verdict) {
    super(verdict);
    this.verdict = verdict;
  }
}

/**
 * @param {Vault} vault
 * @param {string} id - Of the workspace.
 * @returns {Promise<Vocabulary>}
 * @throws {NotThisVocabulary} It is older than what was seen, or another one in its place.
 * @throws {import("../crypto/refusal.js").Refusal} It does not open, or the workspace is not what its owners signed.
 * @throws {import("../pure/vocabulary.js").TermsRefused} A member sealed what no list may hold.
 */
export async function loadVocabulary(vault, id) {
  const index = await SealedIndex.loadMemory(vault); // First: what another tab saves after this is newer than it.
  const served = await ask("GET", `/workspaces/${id}/vocabulary`);
  const sealed = fromBase64(served.sealed);
  const seen = { version: served.version, epoch: served.epoch, sha256: toHex(await sha256(sealed)) };
  const verdict = judgeVocabulary(index.memory, id, seen);
  if (verdict === "older" || verdict === "exchanged") throw new NotThisVocabulary(verdict);
  if (seen.version === 0) return { terms: [], version: 0 };
  const opened = await loadWorkspace(vault, id); // As of now: members, and with them the key, may have changed.
  const key = await opened.keyOf(seen.epoch);
  const text = await openDocument(key, sealed, DocumentType.VOCABULARY, fromHex(id), seen.version);
  const terms = readTerms(new TextDecoder().decode(text));
  if (verdict !== "same") await index.save((memory) => rememberVocabulary(memory, id, seen));
  return { terms, version: seen.version };
}

/**
 * Seal another list under the newest workspace key, and remember it.
 * @param {Vault} vault
 * @param {string} id - Of the workspace.
 * @param {string[]} terms - As `readTerms` returned them.
 * @param {number} fromVersion - Of the list from which it was made.
 * @returns {Promise<Vocabulary>}
 * @throws {import("../request.js").Problem} Somebody else was quicker, or this person only reads there.
 */
export async function saveVocabulary(vault, id, terms, fromVersion) {
  const opened = await loadWorkspace(vault, id);
  const version = fromVersion + 1;
  const { epoch } = opened.list;
  const text = utf8(termsText(terms));
  const sealed = await sealDocument(opened.key, DocumentType.VOCABULARY, fromHex(id), version, text);
  await ask("PUT", `/workspaces/${id}/vocabulary`, { from_version: fromVersion, epoch, sealed: toBase64(sealed) });
  const seen = { version, epoch, sha256: toHex(await sha256(sealed)) };
  const index = await SealedIndex.loadMemory(vault);
  await index.save((memory) => rememberVocabulary(memory, id, seen));
  return { terms, version };
}
