// @ts-check
/**
 * A private transcript: fetched sealed, opened here, adopted, remembered, and sealed here again when it is changed.
 *
 * The first opening replaces the key that the engine sealed to the person's public key by one under their own key: from
 * then on a result that somebody else seals to that public key is noticed, because it does not fit the wrap.
 */

import { fromBase64, sha256, toBase64, toHex, utf8 } from "../crypto/bytes.js";
import { DocumentType, openDocument, sealDocument } from "../crypto/envelope.js";
import { SealedKeyPurpose } from "../crypto/hpke.js";
import { WrapKind } from "../crypto/keywrap.js";
import { encoded } from "../export/json.js";
import { judge, remember } from "../pure/memory.js";
import { ask } from "../request.js";
import { SEALED } from "../vault.js";
import { SealedIndex } from "./index.js";

/**
 * @typedef {import("../vault.js").Vault} Vault
 * @typedef {import("../pure/memory.js").Verdict} Verdict
 * @typedef {{kind: number, holder: string, wrapped: Uint8Array}} Wrap - The holder as hex digits.
 */

const RESULT = SEALED | SealedKeyPurpose.RESULT;

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
  }

  /**
   * @param {Vault} vault
   * @param {string} recordingId
   * @returns {Promise<PrivateTranscript>}
   * @throws {NotAsRemembered} It is older than, or another one than, what this vault has seen.
   * @throws {import("../crypto/refusal.js").Refusal} It does not open.
   */
  static async open(vault, recordingId) {
    const source = new PrivateTranscript(vault, recordingId);
    const [served, index] = await Promise.all([ask("GET", `/recordings/${recordingId}/sealed`), SealedIndex.load(vault)]);
    await source.read(served, index);
    return source;
  }

  /**
   * @param {any} served
   * @param {SealedIndex} index
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
    const verdict = judge(index.memory, toHex(this.documentId), this.version, digest);
    if (verdict === "older" || verdict === "exchanged") throw new NotAsRemembered(verdict);
    const isAdopted = await this.findKey();
    // Anybody who knows the public key can seal something to it. What this vault has opened before has a wrap of its
    // own: one that comes with a sealed key again was made anew.
    if (!isAdopted && verdict !== "first") throw new NotAsRemembered("exchanged");
    const text = await openDocument(this.fileKey, sealed, DocumentType.TRANSCRIPT, this.documentId, this.version);
    this.transcript = JSON.parse(new TextDecoder().decode(text));
    if (!isAdopted) await this.adopt(); // Only now: a key that opens nothing is no key to keep.
    if (verdict !== "same") await this.remember(digest);
  }

  /** @returns {Promise<boolean>} Whether this vault has a wrap of its own. */
  async findKey() {
    const mine = this.wraps.filter(({ holder }) => holder === this.vault.accountId);
    const { key, isAdopted } = await this.vault.fileKey(this.documentId, mine);
    this.fileKey = key;
    return isAdopted;
  }

  async adopt() {
    const wrapped = await this.vault.wrapFileKey(this.documentId, this.fileKey);
    const wrap = { kind: WrapKind.FILE_KEY_UNDER_USER_KEY, holder: this.vault.accountId, wrapped };
    await this.vault.fileKey(this.documentId, [wrap]); // The sealed key is about to be erased: look before.
    await ask("POST", `/recordings/${this.recordingId}/adopted`, { wrapped: toBase64(wrapped) });
    const isResultOfMine = (/** @type {Wrap} */ each) => each.kind === RESULT && each.holder === this.vault.accountId;
    this.wraps = [...this.wraps.filter((each) => !isResultOfMine(each)), wrap];
  }

  /**
   * Seal a changed transcript as the next version and store it.
   * @param {any} transcript
   * @returns {Promise<void>}
   * @throws {import("../request.js").Problem} Another tab or browser saved one meanwhile.
   */
  async save(transcript) {
    const text = utf8(encoded(transcript));
    const next = this.version + 1;
    const sealed = await sealDocument(this.fileKey, DocumentType.TRANSCRIPT, this.documentId, next, text);
    const content = { from_version: this.version, sealed: toBase64(sealed) };
    const saved = await ask("PUT", `/recordings/${this.recordingId}/sealed`, content);
    this.version = saved.version;
    this.transcript = transcript;
    await this.remember(toHex(await sha256(sealed)));
  }

  /** @param {string} digest */
  async remember(digest) {
    const seen = { recording: this.recordingId, version: this.version, sha256: digest };
    await this.index?.save((memory) => remember(memory, toHex(this.documentId), seen));
  }
}
