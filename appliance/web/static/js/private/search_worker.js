// @ts-check
/**
 * Opens search packs and searches them, in a thread of its own, so that a page stays quick beside a thousand hours.
 *
 * It is handed the file keys of search packs, each once, and never the user key. That is no wider than the page, which
 * has the user key and could open all of this itself; and it is narrower than the page, because a worker has the policy
 * of its own answer, and this one may load scripts of the appliance and nothing else (SEARCH_WORKER_POLICY in
 * appliance/web/security.py). So what holds every private word at once cannot make a request, and has no document and
 * no storage of a page. It ends with the page, and with it everything that was opened.
 */

import { fromHex, utf8 } from "../crypto/bytes.js";
import { DocumentType, openDocument, sealDocument } from "../crypto/envelope.js";
import { Refusal } from "../crypto/refusal.js";
import { changed, coversOf, readPack, writePack } from "../pure/packs.js";
import { parse } from "../pure/query.js";
import { prepare, scan } from "../pure/scan.js";

/**
 * @typedef {import("../pure/packs.js").PackEntry} PackEntry
 * @typedef {PackEntry & import("../pure/scan.js").Prepared} Ready
 * @typedef {{version: number, key: Uint8Array, entries: Ready[], bytes: number}} Pack
 */

/** @type {Map<string, Pack>} */
const packs = new Map();

/** @type {Ready[]} */
let searched = [];

const acts = {
  /**
   * Open a pack, in the place of an earlier version of it.
   * @param {{pack: string, version: number, key: Uint8Array, sealed: Uint8Array}} given
   */
  async open({ pack, version, key, sealed }) {
    const text = await openDocument(key, sealed, DocumentType.SEARCH_PACK, fromHex(pack), version);
    const entries = readPack(new TextDecoder().decode(text)).map(prepare);
    packs.set(pack, { version, key, entries, bytes: text.length });
    return { version, bytes: text.length, covers: coversOf(entries) };
  },

  /**
   * Change a pack, or begin it, and seal it as its next version.
   * @param {{pack: string, key: Uint8Array, put: PackEntry[], keep: Set<string>}} given
   */
  async change({ pack, key, put, keep }) {
    const before = packs.get(pack) ?? { version: 0, key, entries: [], bytes: 0 };
    const entries = changed(before.entries, put.map(prepare), keep);
    if (entries.length === 0) return null;
    const text = utf8(writePack(entries));
    const version = before.version + 1;
    const sealed = await sealDocument(before.key, DocumentType.SEARCH_PACK, fromHex(pack), version, text);
    packs.set(pack, { ...before, version, entries, bytes: text.length });
    return { version, sealed, bytes: text.length, covers: coversOf(entries) };
  },

  /** @param {{pack: string}} given */
  async drop({ pack }) {
    packs.delete(pack);
  },

  /**
   * Learn what of the packs is searched: of each, the documents that are as the vault remembers them.
   * @param {{fresh: Map<string, Set<string>>}} given
   */
  async agree({ fresh }) {
    searched = [...packs].flatMap(([pack, { entries }]) =>
      entries.filter(({ document }) => fresh.get(pack)?.has(document)),
    );
  },

  /** @param {{query: string, speaker: string, scope: import("../pure/scan.js").Scope}} given */
  async search({ query, speaker, scope }) {
    return scan(parse(query, speaker), searched, scope);
  },
};

self.addEventListener("message", async ({ data: { number, act, given } }) => {
  try {
    const run = /** @type {(given: any) => Promise<unknown>} */ (acts[/** @type {keyof typeof acts} */ (act)]);
    self.postMessage({ number, answer: await run(given) });
  } catch (error) {
    // Only the code is told: the message of any other error could quote what it was given.
    self.postMessage({ number, refused: error instanceof Refusal ? error.code : "unexpected" });
  }
});
