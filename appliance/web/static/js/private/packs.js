// @ts-check
/** A person's search packs: fetched, held against what the vault remembers, opened in the search's thread. */

import { fromHex, sha256, toHex } from "../crypto/bytes.js";
import { WrapKind } from "../crypto/keywrap.js";
import { Refusal } from "../crypto/refusal.js";
import { judgePack, rememberPack } from "../pure/memory.js";
import { coverage } from "../pure/packs.js";
import { Problem, askForBytes } from "../request.js";
import { SealedIndex } from "./index.js";
import { SearchThread } from "./search_thread.js";

/**
 * @typedef {import("../vault.js").Vault} Vault
 * @typedef {import("../pure/memory.js").Kept} Kept
 * @typedef {import("../pure/packs.js").Covers} Covers
 * @typedef {import("./index.js").KeptPack} KeptPack
 * @typedef {{version: number, bytes: number, covers: Covers}} Opened
 */

const NOT_FOUND = 404;
const LEFT_OUT = 0;
// Another browser of this person may be between storing a pack and writing it into the index. What is a lie stays one.
const LOOKS = 3;

/** @type {Packs | null} */
let ofThisPage = null;

export class Packs {
  /** @param {Vault} vault */
  constructor(vault) {
    this.vault = vault;
    /** @type {SearchThread | null} */
    this.started = null;
    this.index = new SealedIndex(vault);
    /** @type {Map<string, KeptPack>} */
    this.listed = new Map();
    /** @type {Map<string, Opened>} */
    this.opened = new Map();
    /** @type {Map<string, number>} By id, the version in which something else was served than the vault remembers. */
    this.lies = new Map();
    /** @type {Map<string, number>} By document, the version that did not open. */
    this.unreadable = new Map();
  }

  /**
   * The packs as this page knows them: opened once, however many parts of it ask.
   * @param {Vault} vault
   * @returns {Packs}
   */
  static of(vault) {
    if (ofThisPage?.vault !== vault) ofThisPage = new Packs(vault);
    return ofThisPage;
  }

  /** Ask which packs are there, and read what the vault remembers of them. */
  async look() {
    await this.index.read();
    this.listed = new Map(this.index.packs.map((kept) => [kept.pack, kept]));
    for (const pack of this.opened.keys()) if (!this.listed.has(pack)) this.drop(pack);
  }

  /**
   * Open the packs, as far as they are what the vault remembers.
   * @param {string[]} [only] - These; otherwise all.
   */
  async bring(only) {
    for (let number = 1; ; number += 1) {
      await this.look();
      const lies = await this.openListed(only);
      if (lies.length === 0) return;
      if (number < LOOKS) continue;
      for (const [pack, version] of lies) {
        this.lies.set(pack, version);
        this.drop(pack);
      }
      return;
    }
  }

  /**
   * @param {string[]} [only]
   * @returns {Promise<[string, number][]>} What is not as remembered, and in which version it is served.
   */
  async openListed(only) {
    const wanted = [...this.listed].filter(([pack]) => only === undefined || only.includes(pack));
    const due = wanted.filter(([pack, { version }]) => this.opened.get(pack)?.version !== version);
    const unknown = due.filter(([pack, { version }]) => this.lies.get(pack) !== version);
    const outcomes = await Promise.all(unknown.map(([, listed]) => this.open(listed)));
    const lies = unknown.filter((_, number) => !outcomes[number]);
    const isLeftOut = (/** @type {string} */ pack) => !this.listed.has(pack) && this.lies.get(pack) !== LEFT_OUT;
    const leftOut = Object.keys(this.index.memory.packs).filter(isLeftOut);
    return [
      ...lies.map(([pack, { version }]) => /** @type {[string, number]} */ ([pack, version])),
      ...leftOut.map((pack) => /** @type {[string, number]} */ ([pack, LEFT_OUT])),
    ];
  }

  /**
   * @param {KeptPack} kept
   * @returns {Promise<boolean>} Whether it is what the vault remembers, or newer, and opens. What is newer is learned.
   */
  async open({ pack, version, wrapped }) {
    const { memory } = this.index;
    if (version < (memory.packs[pack]?.version ?? 0)) return false;
    try {
      const sealed = await askForBytes(`/vault/packs/${pack}/${version}`);
      const digest = toHex(await sha256(sealed));
      const verdict = judgePack(memory, pack, version, digest);
      if (verdict === "exchanged") return false;
      // A pack of another person comes with a wrap under another key, and a wrap of another pack names that one.
      const wraps = [{ kind: WrapKind.FILE_KEY_UNDER_USER_KEY, wrapped }];
      const { key } = await this.vault.fileKey(fromHex(pack), wraps);
      const opened = await this.thread.ask("open", { pack, version, key, sealed }, [sealed.buffer]);
      this.opened.set(pack, opened);
      if (verdict !== "same") this.index.saveLater((before) => rememberPack(before, pack, { ...opened, sha256: digest }));
      return true;
    } catch (error) {
      if (error instanceof Refusal || (error instanceof Problem && error.status === NOT_FOUND)) return false;
      throw error;
    }
  }

  /** Write down what was found newer than the vault remembers, so that nobody can go back behind it. */
  async learn() {
    if (this.index.later.length > 0) await this.index.save((memory) => memory);
  }

  /** @param {string} pack */
  drop(pack) {
    this.opened.delete(pack);
    this.started?.ask("drop", { pack });
  }

  get thread() {
    this.started ??= new SearchThread(); // Most pages open no pack.
    return this.started;
  }

  /** What of the opened packs is as the vault remembers, and what is left to read. */
  coverage() {
    const opened = new Map([...this.opened].map(([pack, { covers }]) => [pack, covers]));
    const found = coverage(this.index.memory, this.index.kept, opened);
    const isReadable = (/** @type {Kept} */ { document, version }) => this.unreadable.get(document) !== version;
    const uncovered = found.uncovered.filter(isReadable);
    return { ...found, uncovered, unreadable: found.refused.length + found.uncovered.length - uncovered.length };
  }

  /** Let the search look into what is as the vault remembers, and into nothing else. */
  async agree() {
    await this.thread.ask("agree", { fresh: this.coverage().fresh });
  }

  /**
   * Change packs while no other tab of this browser does. Other browsers are held off by versions.
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  alone(work) {
    return navigator.locks.request(`cloister-packs-${this.vault.accountId}`, work);
  }
}
