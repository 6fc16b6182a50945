// @ts-check
/** The sealed index: what this person's browsers remember, kept by the appliance under a key that it does not have. */

import { fromBase64, fromHex, sha256, toBase64, toHex, utf8 } from "../crypto/bytes.js";
import { DocumentType, openDocument, sealDocument } from "../crypto/envelope.js";
import { keyId } from "../crypto/keywrap.js";
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

const NOTHING_SEEN = { version: 0, sha256: "" };
const TAKEN = 409;
const ATTEMPTS = 5;

/** The appliance serves an older state of the whole index than this browser has seen. */
export class IndexRolledBack extends InWords {
  /** @param {string} [sentence] - By its name. */
  constructor(sentence = "index_rolled_back") {
    super(say(sentence));
  }
}

/** The appliance serves another index than this browser has seen under the same version. */
export class IndexForked extends IndexRolledBack {
  constructor() {
    super("index_forked");
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
    this.place = "";
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
    await this.findPlace();
    const { version: seen } = this.seen(); // As of now: what is saved while the answer is on its way is later than it.
    const served = await ask("GET", this.isBrief ? "/vault/index?brief=true" : "/vault/index");
    if (served.version < seen) throw new IndexRolledBack();
    const digest = await digestOf(served.sealed);
    this.refuseFork(served.version, digest);
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
    this.note(digest);
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
        const digest = toHex(await sha256(sealed));
        this.refuseFork(next, digest);
        this.note(digest);
        return;
      } catch (error) {
        if (!(error instanceof Problem && error.status === TAKEN) || attempt === ATTEMPTS) throw error;
        await this.read();
      }
    }
  }

  /**
   * A document was stored in another version since the appliance said what it keeps.
   * @param {string} document
   * @param {number} version
   */
  noteKept(document, version) {
    this.kept = this.kept.map((each) => (each.document === document ? { ...each, version } : each));
  }

  /** @param {{version: number, sealed: string}} served */
  async open({ version, sealed }) {
    const { indexKey, accountId } = this.vault;
    const text = await openDocument(indexKey, fromBase64(sealed), DocumentType.INDEX, fromHex(accountId), version);
    return new TextDecoder().decode(text);
  }

  /**
   * The highest version that this browser has seen, and of which bytes. Neither is a key, so they may lie in the
   * browser's storage. An answer of the appliance can empty that storage as a whole (Clear-Site-Data), and cannot write
   * into it: this notices an appliance whose data was put back, and not one that also lies here.
   * @returns {{version: number, sha256: string}}
   */
  seen() {
    return JSON.parse(localStorage.getItem(this.place) ?? "null") ?? NOTHING_SEEN;
  }

  /**
   * @param {number} version
   * @param {string} digest
   * @throws {IndexForked}
   */
  refuseFork(version, digest) {
    const seen = this.seen();
    if (seen.version > 0 && version === seen.version && digest !== seen.sha256) throw new IndexForked();
  }

  /** @param {string} digest - Of the index as it is now. */
  note(digest) {
    if (this.version <= this.seen().version) return;
    localStorage.setItem(this.place, JSON.stringify({ version: this.version, sha256: digest }));
  }

  /** By its key: who enrols afresh has another one, and their index begins anew. */
  async findPlace() {
    this.place ||= `cloister-index-${toHex(await keyId(this.vault.indexKey))}`;
  }
}

/** @param {string} sealed - In base64. */
async function digestOf(sealed) {
  return toHex(await sha256(fromBase64(sealed)));
}

/**
 * @param {Change[]} changes
 * @param {Memory} memory
 * @returns {Memory}
 */
function made(changes, memory) {
  return changes.reduce((before, change) => change(before), memory);
}
