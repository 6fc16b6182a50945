// @ts-check
/** The titles on a page, beside those that the vault remembers; what is new is written down together, with one saving. */

import { sha256, toHex } from "../crypto/bytes.js";
import { judgeTitle, rememberTitle } from "../pure/titled.js";
import { InWords } from "../request.js";
import { say } from "../words.js";
import { SealedIndex } from "./index.js";

/**
 * @typedef {import("../vault.js").Vault} Vault
 * @typedef {Pick<SealedIndex, "memory" | "save">} Remembering
 */

const TOGETHER_MS = 300; // A page opens its titles one after the other, and the index is sealed as a whole.

/** The recording had another title when this vault saw it last. */
export class TitleExchanged extends InWords {
  constructor() {
    super(say("title_exchanged"));
  }
}

/** @type {WeakMap<Vault, Promise<TitlesOfPage>>} */
const ofPages = new WeakMap();

/**
 * Stands in the place of a SealedIndex, and saves a little later.
 * @implements {Remembering}
 */
export class TitlesOfPage {
  /** @param {SealedIndex} index */
  constructor(index) {
    this.index = index;
    /** @type {Promise<void> | null} */
    this.saving = null;
  }

  /**
   * @param {Vault} vault
   * @returns {Promise<TitlesOfPage>} What is remembered, loaded once a page.
   */
  static of(vault) {
    let loading = ofPages.get(vault);
    if (loading === undefined) {
      loading = SealedIndex.loadMemory(vault).then((index) => new TitlesOfPage(index));
      ofPages.set(vault, loading);
      loading.catch(() => ofPages.delete(vault));
    }
    return loading;
  }

  get memory() {
    return this.index.memory;
  }

  /** @param {Parameters<SealedIndex["save"]>[0]} change */
  async save(change) {
    this.index.saveLater(change);
    this.saving ??= this.saveSoon().finally(() => (this.saving = null));
  }

  async saveSoon() {
    try {
      while (this.index.later.length > 0) {
        await new Promise((resolve) => setTimeout(resolve, TOGETHER_MS));
        await this.index.save((memory) => memory);
      }
    } catch {
      this.index.later = []; // What could not be written down is new to the next page once more.
    }
  }
}

/**
 * Hold a title that opened against the one that is remembered for its recording.
 * @param {Remembering} remembering
 * @param {string} recording
 * @param {Uint8Array} sealed
 * @throws {TitleExchanged}
 */
export async function holdTitle(remembering, recording, sealed) {
  const digest = toHex(await sha256(sealed));
  const verdict = judgeTitle(remembering.memory, recording, digest);
  if (verdict === "exchanged") throw new TitleExchanged();
  if (verdict === "first") await remembering.save((memory) => rememberTitle(memory, recording, digest));
}

/**
 * Remember the title with which this person just began an upload. Where the index cannot be read, the library says so,
 * and what goes in is sealed all the same.
 * @param {Vault} vault
 * @param {string} recording
 * @param {Uint8Array} sealed
 * @throws {TitleExchanged} The appliance passes off another recording as the new one.
 */
export async function noteOwnTitle(vault, recording, sealed) {
  try {
    await holdTitle(await TitlesOfPage.of(vault), recording, sealed);
  } catch (error) {
    if (error instanceof TitleExchanged) throw error;
  }
}
