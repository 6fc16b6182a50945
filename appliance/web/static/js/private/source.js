// @ts-check
/**
 * A private transcript: fetched sealed, opened here, adopted, remembered, and sealed here again when it is changed.
 *
 * The first opening replaces the key that the engine sealed to the person's public key by one under their own key: from
 * then on a result that somebody else seals to that public key is noticed, because it does not fit the wrap.
 */

import { fromBase64, sha256, toBase64, toHex, utf8 } from "../crypto/bytes.js";
import { DocumentType, newFileKey, openDocument, sealDocument } from "../crypto/envelope.js";
import { encoded } from "../export/json.js";
import { isOlderKey, judge, remember } from "../pure/memory.js";
import { ask } from "../request.js";
import { OpenedWorkspace } from "../workspaces/opened.js";
import { SealedIndex } from "./index.js";
import { keysAt } from "./keys.js";

/**
 * @typedef {import("../vault.js").Vault} Vault
 * @typedef {import("../pure/memory.js").Verdict} Verdict
 * @typedef {import("./keys.js").Keys} Keys
 * @typedef {{kind: number, holder: string, wrapped: Uint8Array}} Wrap - The holder as hex digits.
 */

/** The appliance serves something else than this vault remembers. */
export class NotAsRemembered extends Error {
  /** @param {Verdict} verdict */
  constructor(verdict) {
    super(verdict);
    this.verdict = verdict;
  }
}

export class PrivateTranscript {
  /**
   * @param {Vault} vault
   * @param {string} recordingId
   */
  constructor(vault, recordingId) {
    this.vault = vault;
    this.recordingId = recordingId;
    this.version = 0;
    /** @type {any} */
    this.transcript = null;
    /** @type {Wrap[]} */
    this.wraps = [];
    this.documentId = new Uint8Array();
    this.fileKey = new Uint8Array();
    this.isRecoverable = false;
    this.workspace = "";
    /** @type {Keys | null} */
    this.keys = null;
    /** @type {number | undefined} Of the workspace key that opened it. */
    this.epoch = undefined;
    this.savesLater = false;
  }

  /**
   * @param {Vault} vault
   * @param {string} recordingId
   * @param {SealedIndex} [shared] - What is remembered, where more transcripts are read; whoever gives it saves it.
   * @returns {Promise<PrivateTranscript>}
   * @throws {NotAsRemembered} It is older than, or another one than, what this vault has seen.
   * @throws {import("../crypto/refusal.js").Refusal} It does not open.
   */
  static async open(vault, recordingId, shared) {
    const source = new PrivateTranscript(vault, recordingId);
    source.savesLater = shared !== undefined;
    const serving = ask("GET", `/recordings/${recordingId}/sealed`);
    const [served, index] = await Promise.all([serving, shared ?? SealedIndex.load(vault)]);
    await source.read(served, index);
    return source;
  }

  /**
   * @param {any} served
   * @param {Pick<SealedIndex, "memory" | "save">} index
   */
  async read(served, index) {
    const sealed = fromBase64(served.sealed);
    const digest = toHex(await sha256(sealed));
    this.index = index;
    this.version = served.version;
    this.documentId = fromBase64(served.document_id);
    this.wraps = served.wraps.map((/** @type {any} */ wrap) => ({
      kind: wrap.kind,
      holder: toHex(fromBase64(wrap.holder)),
      wrapped: fromBase64(wrap.wrapped),
    }));
    this.workspace = served.workspace;
    this.isRecoverable = served.organisation;
    this.keys = await keysAt(this.vault, this.workspace);
    const verdict = judge(index.memory, toHex(this.documentId), this.version, digest);
    if (verdict === "older" || verdict === "exchanged") throw new NotAsRemembered(verdict);
    const isAdopted = await this.findKey();
    this.refuseForged(verdict, isAdopted);
    const text = await openDocument(this.fileKey, sealed, DocumentType.TRANSCRIPT, this.documentId, this.version);
    this.transcript = JSON.parse(new TextDecoder().decode(text));
    if (!isAdopted && this.keys.mayWrite) await this.adopt(); // Only now: a key that opens nothing is no key to keep.
    if (verdict !== "same") await this.remember(digest);
  }

  /** @returns {Promise<boolean>} Whether there is a wrap that only those could make who may read it. */
  async findKey() {
    const { key, isAdopted, epoch } = await /** @type {Keys} */ (this.keys).fileKey(this.documentId, this.wraps);
    this.fileKey = key;
    this.epoch = epoch;
    return isAdopted;
  }

  /**
   * Anybody who knows a public key can seal something to it. What was opened before has a wrap that nobody else can
   * make: one that comes with a sealed key again was made anew. In a workspace the first who open it may be viewers,
   * who leave the sealed key where it is; then only the bytes that they saw are still believed.
   * @param {Verdict} verdict
   * @param {boolean} isAdopted
   */
  refuseForged(verdict, isAdopted) {
    const isSeen = verdict === "same" && this.workspace !== "";
    if (!isAdopted && verdict !== "first" && !isSeen) throw new NotAsRemembered("exchanged");
    const memory = /** @type {SealedIndex} */ (this.index).memory;
    const place = { id: this.workspace, epoch: this.epoch ?? 0 };
    if (isAdopted && isOlderKey(memory, toHex(this.documentId), place)) throw new NotAsRemembered("older");
  }

  async adopt() {
    const keys = /** @type {Keys} */ (this.keys);
    const wrapped = await keys.wrapFileKey(this.documentId, this.fileKey);
    const wrap = { kind: keys.kind, holder: keys.holder, wrapped };
    await keys.fileKey(this.documentId, [wrap]); // The sealed key is about to be erased: look before.
    await ask("POST", `/recordings/${this.recordingId}/adopted`, { wrapped: toBase64(wrapped) });
    this.takeOver(wrap);
  }

  /**
   * Seal a changed transcript as the next version and store it. Where somebody was removed from the workspace since its
   * key was made, it gets another key, which they do not have.
   * @param {any} transcript
   * @param {{withFreshKey?: boolean}} [manner] - Another key even so.
   * @returns {Promise<void>}
   * @throws {import("../request.js").Problem} Another tab or browser saved one meanwhile.
   */
  async save(transcript, { withFreshKey = false } = {}) {
    const keys = /** @type {Keys} */ (this.keys);
    const fileKey = this.isUnderNewestKey() && !withFreshKey ? this.fileKey : newFileKey();
    const wrapped = fileKey === this.fileKey ? null : await keys.wrapFileKey(this.documentId, fileKey);
    const next = this.version + 1;
    const text = utf8(encoded(transcript));
    const sealed = await sealDocument(fileKey, DocumentType.TRANSCRIPT, this.documentId, next, text);
    const content = { from_version: this.version, sealed: toBase64(sealed), wrapped: wrapped && toBase64(wrapped) };
    const saved = await ask("PUT", `/recordings/${this.recordingId}/sealed`, content);
    this.version = saved.version;
    this.transcript = transcript;
    if (wrapped !== null) {
      this.fileKey = fileKey;
      this.takeOver({ kind: keys.kind, holder: keys.holder, wrapped });
    }
    await this.remember(toHex(await sha256(sealed)));
  }

  /** @returns {boolean} */
  isUnderNewestKey() {
    return !(this.keys instanceof OpenedWorkspace) || this.epoch === this.keys.list.epoch;
  }

  /**
   * A wrap took the place of those for the same holder.
   * @param {Wrap} wrap
   */
  takeOver(wrap) {
    this.wraps = [...this.wraps.filter(({ holder }) => holder !== wrap.holder), wrap];
    if (this.keys instanceof OpenedWorkspace) this.epoch = this.keys.list.epoch;
  }

  /** @param {string} digest */
  async remember(digest) {
    const place = this.workspace === "" ? {} : { workspace: this.workspace, epoch: this.epoch };
    const seen = { recording: this.recordingId, version: this.version, sha256: digest, ...place };
    const change = (/** @type {import("../pure/memory.js").Memory} */ memory) =>
      remember(memory, toHex(this.documentId), seen);
    if (this.savesLater) this.index?.saveLater(change);
    else await this.index?.save(change);
  }
}
