// @ts-check
/**
 * Search packs: the words of many private transcripts in one document. So a browser opens twenty documents to search a
 * thousand hours, and not a document for each recording with the time of every word in it. No document, no network.
 *
 * Texts stand in a pack as they are shown, in form NFC, and are folded when it is opened: another way of folding, in
 * another version of Cloister, finds something in the packs of today.
 */

import { plain } from "./fold.js";

/**
 * @typedef {import("./scan.js").Entry} Entry
 * @typedef {import("./memory.js").Memory} Memory
 * @typedef {import("./memory.js").Kept} Kept
 * @typedef {Entry & {document: string, version: number}} PackEntry - With the id of the transcript as hex digits, and
 *   its version.
 * @typedef {Record<string, number>} Covers - Document ids, and the version of each.
 * @typedef {{fresh: Map<string, Set<string>>, untidy: string[], uncovered: Kept[], refused: Kept[]}} Coverage - By id of
 *   the pack, which of its documents are as they should be; packs with anything else in them; transcripts that are in no
 *   pack; and those of which the appliance has only an older version.
 */

const SCHEMA = 1;

/** The text of a pack, in bytes. Each change seals a pack anew, so it is not larger; fewer are opened, so not smaller. */
export const PACK_BYTES = 4 * 2 ** 20;

/**
 * What is searched of a transcript; words and their times are left behind.
 * @param {import("./transcript.js").Transcript} transcript
 * @param {{recording: string, document: string, version: number, created_ms: number, title: string}} place
 * @returns {PackEntry}
 */
export function entryOf({ language, speakers, segments }, { title, ...place }) {
  const passages = segments.map(({ start, speaker, text }) => ({ start, speaker, text: plain(text) }));
  const named = speakers.map(({ id, name }) => ({ id, name }));
  return { ...place, title: plain(title), language, speakers: named, passages };
}

/**
 * @param {PackEntry[]} entries
 * @returns {string}
 */
export function writePack(entries) {
  return JSON.stringify({ schema: SCHEMA, entries: entries.map(columns) });
}

/**
 * Read a pack that was opened; it is authentic, so what does not fit was written by a later version of Cloister.
 * @param {string} text
 * @returns {PackEntry[]}
 * @throws {RangeError} It is of another schema.
 */
export function readPack(text) {
  const { schema, entries } = JSON.parse(text);
  if (schema !== SCHEMA) throw new RangeError("pack of another schema");
  return entries.map(passagesOf);
}

/**
 * How many bytes of a pack's text an entry takes.
 * @param {PackEntry} entry
 */
export function sizeOf(entry) {
  return new TextEncoder().encode(JSON.stringify(columns(entry))).length + 1;
}

/**
 * A pack's entries after a change. What is put takes the place of the same transcript in another version.
 * @template {PackEntry} E
 * @param {E[]} entries
 * @param {E[]} put
 * @param {Set<string>} keep - Documents that may stay.
 * @returns {E[]}
 */
export function changed(entries, put, keep) {
  const replaced = new Set(put.map(({ document }) => document));
  return [...entries.filter(({ document }) => keep.has(document) && !replaced.has(document)), ...put];
}

/**
 * @param {PackEntry[]} entries
 * @returns {Covers}
 */
export function coversOf(entries) {
  return Object.fromEntries(entries.map(({ document, version }) => [document, version]));
}

/**
 * Choose the pack for an entry: where an older version of it stands, else the fullest that has room.
 * @param {Map<string, {bytes: number, covers: Covers}>} packs
 * @param {string} document
 * @param {number} sizeBytes
 * @returns {string | null} Null where a pack has to be begun.
 */
export function choosePack(packs, document, sizeBytes) {
  const all = [...packs];
  const own = all.find(([, { covers }]) => document in covers);
  if (own) return own[0];
  const roomy = all.filter(([, { bytes }]) => bytes + sizeBytes <= PACK_BYTES);
  return roomy.sort(([, one], [, other]) => other.bytes - one.bytes)[0]?.[0] ?? null;
}

/**
 * Which entries of opened packs are searched: those that the vault remembers in just this version, and that the
 * appliance still keeps. Whatever the appliance puts back, what a pack says counts only where the vault agrees.
 * @param {Memory} memory
 * @param {Kept[]} kept
 * @param {Map<string, Covers>} opened
 * @returns {Coverage}
 */
export function coverage(memory, kept, opened) {
  const wanted = new Map(kept.flatMap((each) => wantedOf(memory, each)));
  const covered = new Set();
  const fresh = new Map();
  const untidy = [];
  for (const [pack, covers] of opened) {
    const there = Object.entries(covers);
    const good = there.filter(([document, version]) => wanted.get(document) === version && !covered.has(document));
    good.forEach(([document]) => covered.add(document));
    fresh.set(pack, new Set(good.map(([document]) => document)));
    if (good.length < there.length || there.length === 0) untidy.push(pack);
  }
  const left = kept.filter(({ document }) => !covered.has(document));
  const isOlder = (/** @type {Kept} */ { document, version }) => version < (memory.documents[document]?.version ?? 0);
  return { fresh, untidy, uncovered: left.filter((each) => !isOlder(each)), refused: left.filter(isOlder) };
}

/**
 * The version that a pack should have of a transcript, or nothing where it has to be read first.
 * @param {Memory} memory
 * @param {Kept} kept
 * @returns {[string, number][]}
 */
function wantedOf(memory, { recording, document, version }) {
  const known = memory.documents[document];
  return known !== undefined && known.recording === recording && known.version >= version ? [[document, known.version]] : [];
}

/**
 * Columns, because a thousand hours are a million passages: the names of three properties would outweigh what was said.
 * @param {PackEntry} entry
 */
function columns({ recording, document, version, created_ms, title, language, speakers, passages }) {
  const numbers = new Map(speakers.map(({ id }, number) => [id, number]));
  const starts = passages.map(({ start }) => start);
  const voices = passages.map(({ speaker }) => numbers.get(speaker ?? "") ?? -1);
  const texts = passages.map(({ text }) => text);
  return { recording, document, version, created_ms, title, language, speakers, starts, voices, texts };
}

/**
 * @param {ReturnType<typeof columns>} entry
 * @returns {PackEntry}
 */
function passagesOf({ starts, voices, texts, ...entry }) {
  const ids = entry.speakers.map(({ id }) => id);
  const passages = texts.map((text, number) => ({ start: starts[number], speaker: ids[voices[number]] ?? null, text }));
  return { ...entry, passages };
}
