// @ts-check
/**
 * A private transcript: fetched sealed, opened here, adopted, remembered, and sealed here again when it is changed.
 *
 * The engine seals its result under a key that it made, to the person's public key: whoever was there knows that key, and
 * anybody can seal to a public key. So the first opening seals the very same words anew, as the next version under a key
 * made here. From then on what comes with a key that was sealed to the public key, or under a key of before, is refused.
 */

import { fromBase64, sha256, toBase64, toHex, utf8 } from "../crypto/bytes.js";
import { DocumentType, newFileKey, openDocument, sealDocument } from "../crypto/envelope.js";
import { keyId } from "../crypto/keywrap.js";
import { encoded } from "../export/json.js";
import { emptyMemory, isOlderKey, isRetiredKey, judge, judgePlace, remember } from "../pure/memory.js";
import { Problem, ask } from "../request.js";
import { OpenedWorkspace } from "../workspaces/opened.js";
import { SealedIndex } from "./index.js";
import { keysAt } from "./keys.js";

/**
 * @typedef {import("../vault.js").Vault} Vault
 * @typedef {import("../pure/memory.js").Verdict} Verdict
 * @typedef {Verdict | "moved" | "misplaced"} Difference
 * @typedef {import("./keys.js").Keys} Keys
 * @typedef {{kind: number, holder: string, wrapped: Uint8Array}} Wrap - The holder as hex digits.
 */

const RESULT_VERSION = 1; // What the engine seals is the first version; every later one was sealed by a browser.
const TAKEN = 409;
const ATTEMPTS = 5;

/**
 * What this page has opened. Whoever shares or moves what is shown here asks for it once more, and gets the key of this
 * very document or none, even where the appliance serves an index that does not know it.
 * @type {WeakMap<Vault, import("../pure/memory.js").Memory>}
 */
const openedHere = new WeakMap();

/** The appliance serves something else than this vault remembers. */
export class NotAsRemembered extends Error {
  /**
   * @param {Difference} verdict
   * @param {{document: string, workspace: string} | null} [place] - Where it is served instead.
   */
  constructor(verdict, place = null) {
    super(verdict);
    this.verdict = verdict;
    this.place = place;
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
    /** @type {string} As the appliance keeps it, in base64. */
    this.sealed = "";
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
    try {
      await source.read(served, index);
    } catch (error) {
      if (!(error instanceof NotAsRemembered)) throw error;
      // Another tab may have stored and remembered the next version after this one was served. What is a lie stays one.
      await source.read(await ask("GET", `/recordings/${recordingId}/sealed`), index);
    }
    return source;
  }

  /**
   * @param {any} served
   * @param {Pick<SealedIndex, "memory" | "save">} index
   */
  async read(served, index) {
    this.index = index;
    for (let attempt = 1; ; attempt += 1) {
      const { text, digest, isAdopted, isToRemember } = await this.openServed(served);
      this.transcript = JSON.parse(new TextDecoder().decode(text));
      this.noteHere(digest);
      try {
        // Only now: what does not open is nothing to keep.
        if (!isAdopted && /** @type {Keys} */ (this.keys).mayWrite) await this.store(text, newFileKey());
        else if (isToRemember) await this.remember(digest);
        return;
      } catch (error) {
        if (!(error instanceof Problem && error.status === TAKEN) || attempt === ATTEMPTS) throw error;
      }
      served = await ask("GET", `/recordings/${this.recordingId}/sealed`); // Another tab or member was quicker.
    }
  }

  /** @param {any} served */
  async openServed(served) {
    const sealed = fromBase64(served.sealed);
    const digest = toHex(await sha256(sealed));
    this.sealed = served.sealed;
    this.version = served.version;
    this.documentId = fromBase64(served.document_id);
    this.wraps = served.wraps.map((/** @type {any} */ wrap) => ({
      kind: wrap.kind,
      holder: toHex(fromBase64(wrap.holder)),
      wrapped: fromBase64(wrap.wrapped),
    }));
    this.workspace = served.workspace;
    this.isRecoverable = served.organisation;
    const verdict = this.judge(digest);
    const isArrived = this.judgePlace() === "arrived";
    this.keys = await keysAt(this.vault, this.workspace);
    const isAdopted = await this.findKey();
    await this.refuseForged(verdict, isAdopted);
    const text = await openDocument(this.fileKey, sealed, DocumentType.TRANSCRIPT, this.documentId, this.version);
    return { text, digest, isAdopted, isToRemember: verdict !== "same" || isArrived };
  }

  /**
   * @param {string} sha256
   * @returns {Verdict} By the vault's memory.
   * @throws {NotAsRemembered}
   */
  judge(sha256) {
    const document = toHex(this.documentId);
    const served = { recording: this.recordingId, document, version: this.version, sha256 };
    const { memory } = /** @type {SealedIndex} */ (this.index);
    const verdict = judge(memory, served);
    for (const each of [verdict, judge(openedHere.get(this.vault) ?? emptyMemory(), served)]) {
      if (each === "older" || each === "exchanged") throw new NotAsRemembered(each);
    }
    return verdict;
  }

  judgePlace() {
    const { memory } = /** @type {SealedIndex} */ (this.index);
    const place = { document: toHex(this.documentId), workspace: this.workspace };
    const found = judgePlace(memory, place.document, place.workspace);
    if (found === "moved" || found === "misplaced") throw new NotAsRemembered(found, place);
    return found;
  }

  /** @returns {Promise<boolean>} Whether there is a wrap that only those could make who may read it. */
  async findKey() {
    const { key, isAdopted, epoch } = await /** @type {Keys} */ (this.keys).fileKey(this.documentId, this.wraps);
    this.fileKey = key;
    this.epoch = epoch;
    return isAdopted;
  }

  /**
   * Anybody who knows a public key can seal something to it. What was opened before has a key that was made by a reader:
   * one that comes with a sealed key again was made anew. In a workspace the first who open it may be viewers, who leave
   * the sealed key where it is; then only the bytes that they saw are still believed.
   * @param {Verdict} verdict
   * @param {boolean} isAdopted
   */
  async refuseForged(verdict, isAdopted) {
    const isResult = verdict === "first" && this.version === RESULT_VERSION;
    const isSeen = verdict === "same" && this.workspace !== "";
    if (!isAdopted && !isResult && !isSeen) throw new NotAsRemembered("exchanged");
    const { memory } = /** @type {SealedIndex} */ (this.index);
    const document = toHex(this.documentId);
    const isOlder = isOlderKey(memory, document, { id: this.workspace, epoch: this.epoch ?? 0 });
    if (isAdopted && isOlder) throw new NotAsRemembered("older");
    if (isRetiredKey(memory, document, toHex(await keyId(this.fileKey)))) throw new NotAsRemembered("older");
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
    const fileKey = this.isUnderNewestKey() && !withFreshKey ? this.fileKey : newFileKey();
    await this.store(utf8(encoded(transcript)), fileKey);
    this.transcript = transcript;
  }

  /**
   * @param {Uint8Array} text
   * @param {Uint8Array} fileKey - Where it is another one than before, all ways to that one end.
   */
  async store(text, fileKey) {
    const wrap = fileKey === this.fileKey ? null : await this.wrapOf(fileKey);
    const next = this.version + 1;
    const sealed = await sealDocument(fileKey, DocumentType.TRANSCRIPT, this.documentId, next, text);
    const content = { from_version: this.version, sealed: toBase64(sealed), wrapped: wrap && toBase64(wrap.wrapped) };
    await ask("PUT", `/recordings/${this.recordingId}/sealed`, content);
    const retired = wrap === null ? [] : [toHex(await keyId(this.fileKey))];
    this.version = next;
    this.sealed = content.sealed;
    this.fileKey = fileKey;
    if (wrap !== null) this.takeOver(wrap);
    const digest = toHex(await sha256(sealed));
    this.noteHere(digest);
    await this.remember(digest, retired);
  }

  /**
   * @param {Uint8Array} fileKey
   * @returns {Promise<Wrap>}
   */
  async wrapOf(fileKey) {
    const keys = /** @type {Keys} */ (this.keys);
    const wrap = { kind: keys.kind, holder: keys.holder, wrapped: await keys.wrapFileKey(this.documentId, fileKey) };
    await keys.fileKey(this.documentId, [wrap]); // Every other way to the words is about to be erased: look before.
    return wrap;
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
  noteHere(digest) {
    const seen = { recording: this.recordingId, version: this.version, sha256: digest };
    const before = openedHere.get(this.vault) ?? emptyMemory();
    openedHere.set(this.vault, remember(before, toHex(this.documentId), seen));
  }

  /**
   * @param {string} digest
   * @param {string[]} [retired] - Ids of file keys that sealed it before and will not again.
   */
  async remember(digest, retired = []) {
    const place = this.workspace === "" ? {} : { workspace: this.workspace, epoch: this.epoch };
    const key = toHex(await keyId(this.fileKey));
    const seen = { recording: this.recordingId, version: this.version, sha256: digest, key, retired, ...place };
    const change = (/** @type {import("../pure/memory.js").Memory} */ memory) =>
      remember(memory, toHex(this.documentId), seen);
    if (this.savesLater) this.index?.saveLater(change);
    else await this.index?.save(change);
  }
}
