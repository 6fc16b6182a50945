// @ts-check
/** The sealed index: what this person's browsers remember, kept by the appliance under a key that it does not have. */

import { fromBase64, fromHex, toBase64, toHex, utf8 } from "../crypto/bytes.js";
import { DocumentType, openDocument, sealDocument } from "../crypto/envelope.js";
import { emptyMemory, readMemory } from "../pure/memory.js";
import { InWords, Problem, ask } from "../request.js";
import { say } from "../words.js";

/**
 * @typedef {import("../pure/memory.js").Memory} Memory
 * @typedef {import("../pure/memory.js").Kept} Kept
 * @typedef {import("../vault.js").Vault} Vault
 * @typedef {(memory: Memory) => Memory} Change
 * @typedef {{pack: string, version: number, wrapped: Uint8Array}} KeptPack - A search pack that the appliance keeps, and
 *   its key under the user key.
 */

const TAKEN = 409;
const ATTEMPTS = 5;

/** The appliance serves an older state of the whole index than this browser has seen. */
export class IndexRolledBack extends InWords {
  constructor() {
    super(say("index_rolled_back"));
  }
}

export class SealedIndex {
  /**
   * @param {Vault} vault
   * @param {boolean} isBrief - Without what the appliance keeps: that grows with every document.
   */
  constructor(vault, isBrief) {
    this.vault = vault;
    this.isBrief = isBrief;
    this.version = 0;
    /** @type {Memory} */
    this.memory = emptyMemory();
    /** @type {Kept[]} */
    this.kept = [];
    /** @type {string[]} Ids of the workspaces in which the appliance lets this person. */
    this.workspaces = [];
    /** @type {KeptPack[]} */
    this.packs = [];
    /** @type {Change[]} */
    this.later = [];
  }

  /**
   * @param {Vault} vault
   * @returns {Promise<SealedIndex>}
   * @throws {IndexRolledBack}
   * @throws {import("../crypto/refusal.js").Refusal} It was changed.
   */
  static async load(vault) {
    const index = new SealedIndex(vault, false);
    await index.read();
    return index;
  }

  /**
   * Load what is remembered, and nothing to hold against it.
   * @param {Vault} vault
   * @returns {Promise<SealedIndex>}
   * @throws {IndexRolledBack}
   * @throws {import("../crypto/refusal.js").Refusal} It was changed.
   */
  static async loadMemory(vault) {
    const index = new SealedIndex(vault, true);
    await index.read();
    return index;
  }

  async read() {
    const seen = this.seenVersion(); // As of now: what is saved while the answer is on its way is later than it.
    const served = await ask("GET", this.isBrief ? "/vault/index?brief=true" : "/vault/index");
    if (served.version < seen) throw new IndexRolledBack();
    const memory = served.version === 0 ? emptyMemory() : readMemory(await this.open(served));
    this.version = served.version;
    this.memory = made(this.later, memory);
    this.kept = served.documents.map((/** @type {any} */ each) => ({
      recording: each.recording_id,
      document: toHex(fromBase64(each.document_id)),
      version: each.version,
      created_ms: each.created_ms,
      workspace: each.workspace,
    }));
    this.packs = served.packs.map((/** @type {any} */ each) => ({
      pack: toHex(fromBase64(each.document_id)),
      version: each.version,
      wrapped: fromBase64(each.wrapped),
    }));
    this.workspaces = served.workspaces;
    this.noteVersion();
  }

  /**
   * Change what is remembered, with the next saving: of many documents that are read one after the other.
   * @param {Change} change - May be made twice.
   */
  saveLater(change) {
    this.later.push(change);
    this.memory = change(this.memory);
  }

  /**
   * Change what is remembered. Where another browser was quicker, its state is read and the change made on that.
   * @param {Change} change
   */
  async save(change) {
    for (let attempt = 1; ; attempt += 1) {
      const due = this.later.length;
      const memory = made([...this.later, change], this.memory);
      const next = this.version + 1;
      const text = utf8(JSON.stringify(memory));
      const { indexKey, accountId } = this.vault;
      const sealed = await sealDocument(indexKey, DocumentType.INDEX, fromHex(accountId), next, text);
      try {
        await ask("PUT", "/vault/index", { from_version: this.version, sealed: toBase64(sealed) });
        this.version = next;
        this.later = this.later.slice(due);
        this.memory = made(this.later, memory);
        this.noteVersion();
        return;
      } catch (error) {
        if (!(error instanceof Problem && error.status === TAKEN) || attempt === ATTEMPTS) throw error;
        await this.read();
      }
    }
  }

  /** @param {{version: number, sealed: string}} served */
  async open({ version, sealed }) {
    const { indexKey, accountId } = this.vault;
    const text = await openDocument(indexKey, fromBase64(sealed), DocumentType.INDEX, fromHex(accountId), version);
    return new TextDecoder().decode(text);
  }

  /**
   * The highest version that this browser has seen. It is a number and no key, so it may lie in the browser's storage,
   * where the appliance cannot set it back.
   */
  seenVersion() {
    return Number(localStorage.getItem(this.place) ?? 0);
  }

  noteVersion() {
    localStorage.setItem(this.place, String(Math.max(this.version, this.seenVersion())));
  }

  get place() {
    return `cloister-index-${this.vault.accountId}`;
  }
}

/**
 * @param {Change[]} changes
 * @param {Memory} memory
 * @returns {Memory}
 */
function made(changes, memory) {
  return changes.reduce((before, change) => change(before), memory);
}
