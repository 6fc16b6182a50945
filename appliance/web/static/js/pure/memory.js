// @ts-check
/**
 * What a person's browser remembers of their private documents, and what the appliance's answer means beside it.
 * No document, no network.
 *
 * Whoever seals to a public key is not known by it. So a browser writes down, under a key of its own, which document it
 * opened in which version and of which bytes: later it sees an exchanged, an older and a missing document.
 */

import { forgetTitles } from "./titled.js";

/**
 * @typedef {{recording: string, version: number, sha256: string, workspace?: string, epoch?: number, key?: string,
 *   retired?: string[], moving?: string}} Remembered - By recording id, version, and SHA-256 of the sealed bytes as hex
 *   digits; in a workspace with its id, and with the epoch of the key that opened it; with the id of its file key, and of
 *   those that it had before; and with the workspace to which the person moves it, or empty for their own.
 * @typedef {{version: number, sha256: string, bytes: number, covers: Record<string, number>}} RememberedPack - Of a
 *   search pack: version, SHA-256 of the sealed bytes, bytes of its text, and which transcript is in it in which version.
 * @typedef {{schema: 1, documents: Record<string, Remembered>, packs: Record<string, RememberedPack>,
 *   titles?: Record<string, string>, people?: Record<string, import("./pinned.js").KnownPerson>,
 *   workspaces?: Record<string, import("./pinned.js").SeenList>,
 *   vocabularies?: Record<string, import("./pinned.js").SeenVocabulary>}} Memory - By id as hex digits; of the title of
 *   a recording, SHA-256 of its sealed bytes.
 * @typedef {{recording: string, document: string, version: number, created_ms: number, workspace: string}} Kept - What
 *   the appliance says that it keeps, and in which workspace, if in any.
 * @typedef {{recording: string, document: string, version: number, sha256: string}} Served
 * @typedef {"first" | "same" | "newer" | "older" | "exchanged"} Verdict
 */

/** @returns {Memory} */
export function emptyMemory() {
  return { schema: 1, documents: {}, packs: {} };
}

/**
 * Read a memory that was opened; it is authentic, so what does not fit was written by a later version of Cloister.
 * @param {string} text
 * @returns {Memory}
 * @throws {RangeError} It is of another schema.
 */
export function readMemory(text) {
  const memory = JSON.parse(text);
  if (memory?.schema !== 1) throw new RangeError("memory of another schema");
  return { ...emptyMemory(), ...memory };
}

/**
 * What a served document is beside the remembered one.
 *
 * - `first`: nobody has opened it in this vault, nor another document for its recording.
 * - `newer`: another browser of this person changed it.
 * - `older`: an older version is served than was seen before.
 * - `exchanged`: the version is the same and the bytes are others; or it belongs to another recording, or the recording
 *   to another document. A recording has one document as long as it is there, and a document never changes its recording.
 * @param {Memory} memory
 * @param {Served} served
 * @returns {Verdict}
 */
export function judge(memory, { recording, document, version, sha256 }) {
  if (isBoundOtherwise(memory, document, recording)) return "exchanged";
  return held(memory.documents[document], version, sha256);
}

/**
 * Tell whether another recording is remembered for a document, or another document for a recording.
 * @param {Memory} memory
 * @param {string} document
 * @param {string} recording
 */
function isBoundOtherwise({ documents }, document, recording) {
  for (const [id, known] of Object.entries(documents)) {
    if ((id === document) !== (known.recording === recording)) return true;
  }
  return false;
}

/**
 * What a served search pack is beside the remembered one.
 * @param {Memory} memory
 * @param {string} pack
 * @param {number} version
 * @param {string} sha256
 * @returns {Verdict}
 */
export function judgePack(memory, pack, version, sha256) {
  return held(memory.packs[pack], version, sha256);
}

/**
 * @param {{version: number, sha256: string} | undefined} known
 * @param {number} version
 * @param {string} sha256
 * @returns {Verdict}
 */
function held(known, version, sha256) {
  if (known === undefined) return "first";
  if (version !== known.version) return version > known.version ? "newer" : "older";
  return sha256 === known.sha256 ? "same" : "exchanged";
}

/**
 * What the place is at which a document is served, beside the remembered one.
 *
 * - `there`: it is the same, or nobody has opened the document in this vault.
 * - `arrived`: it is where this person moves it.
 * - `moved`: it is another workspace. An owner of both could move it.
 * - `misplaced`: what only this person has is in a workspace, or the other way round. Nobody else could do that.
 * @param {Memory} memory
 * @param {string} document
 * @param {string} workspace - Id, or empty for this person's own.
 * @returns {"there" | "arrived" | "moved" | "misplaced"}
 */
export function judgePlace(memory, document, workspace) {
  const known = memory.documents[document];
  if (known === undefined || workspace === (known.workspace ?? "")) return "there";
  if (workspace === known.moving) return "arrived";
  return workspace !== "" && known.workspace !== undefined ? "moved" : "misplaced";
}

/**
 * Expect a document at another place, because this person moves it there or knows that somebody did. Until it is seen
 * there it may be at either: a move may be cut off.
 * @param {Memory} memory
 * @param {string} document
 * @param {string} workspace - Id, or empty for this person's own.
 * @returns {Memory}
 */
export function expectAt(memory, document, workspace) {
  const known = memory.documents[document];
  if (known === undefined) return memory;
  return { ...memory, documents: { ...memory.documents, [document]: { ...known, moving: workspace } } };
}

/**
 * Tell whether the key of a document is of an older epoch of its workspace than was seen before. Somebody who was
 * removed has such a key, and could seal a later version with it that the appliance then serves.
 * @param {Memory} memory
 * @param {string} document
 * @param {{id: string, epoch: number}} workspace
 */
export function isOlderKey(memory, document, { id, epoch }) {
  const known = memory.documents[document];
  return known?.workspace === id && epoch < (known.epoch ?? 0);
}

/**
 * Tell whether a file key is one that the document had before it got another. Others knew it: the engine, or the members
 * of a workspace that it has left; and the appliance may have kept a wrap of it.
 * @param {Memory} memory
 * @param {string} document
 * @param {string} key - Id of the key.
 */
export function isRetiredKey(memory, document, key) {
  return memory.documents[document]?.retired?.includes(key) ?? false;
}

/**
 * Remember what was seen, unless another browser has seen a later version meanwhile, or another document in its place:
 * then the first stays, and this one is refused from now on.
 * @param {Memory} memory
 * @param {string} document
 * @param {Remembered} seen
 * @returns {Memory}
 */
export function remember(memory, document, seen) {
  const known = memory.documents[document];
  if ((known?.version ?? 0) > seen.version || isBoundOtherwise(memory, document, seen.recording)) return memory;
  const { recording, version, sha256, key } = seen;
  const keys = { ...(key === undefined ? {} : { key }), ...retiredBy(known, seen) };
  const next = { recording, version, sha256, ...keys, ...placeOf(known, seen) };
  return { ...memory, documents: { ...memory.documents, [document]: next } };
}

/**
 * @param {Remembered | undefined} known
 * @param {Remembered} seen
 */
function retiredBy(known, seen) {
  const keys = new Set([...(known?.retired ?? []), known?.key, ...(seen.retired ?? [])]);
  const retired = [...keys].filter((key) => key !== undefined && key !== seen.key);
  return retired.length > 0 ? { retired } : {};
}

/**
 * A tab that was opened before a move does not take it back: the place changes only to where it is expected.
 * @param {Remembered | undefined} known
 * @param {Remembered} seen
 */
function placeOf(known, seen) {
  const isArrived = (seen.workspace ?? "") === known?.moving;
  const { workspace, epoch } = known === undefined || isArrived || seen.workspace === known.workspace ? seen : known;
  const moving = known?.moving === undefined || isArrived ? {} : { moving: known.moving };
  return workspace === undefined ? moving : { workspace, epoch, ...moving };
}

/**
 * Forget everything that belongs to some recordings, because the person deleted them.
 * @param {Memory} memory
 * @param {string[]} recordings
 * @returns {Memory}
 */
export function forget(memory, recordings) {
  const gone = new Set(recordings);
  const kept = Object.entries(memory.documents).filter(([, { recording }]) => !gone.has(recording));
  return forgetTitles({ ...memory, documents: Object.fromEntries(kept) }, (recording) => gone.has(recording));
}

/**
 * The recordings of which a document is remembered that the appliance does not keep any more. What was in a workspace
 * that is not shown any more is missing with it.
 * @param {Memory} memory
 * @param {Kept[]} kept
 * @param {string[]} [workspaces] - Ids of those that the appliance shows.
 * @returns {string[]} Each once.
 */
export function missing(memory, kept, workspaces = []) {
  const there = new Set(kept.map(({ document }) => document));
  const isExpected = (/** @type {Remembered} */ { workspace }) => workspace === undefined || workspaces.includes(workspace);
  const gone = Object.entries(memory.documents).filter(([document, seen]) => !there.has(document) && isExpected(seen));
  return [...new Set(gone.map(([, { recording }]) => recording))];
}

/**
 * The recordings of which an older version is kept than was seen before.
 * @param {Memory} memory
 * @param {Kept[]} kept
 * @returns {string[]}
 */
export function rolledBack(memory, kept) {
  return kept
    .filter(({ document, version }) => version < (memory.documents[document]?.version ?? 0))
    .map(({ recording }) => recording);
}

/**
 * @param {Memory} memory
 * @param {string} pack
 * @param {RememberedPack} seen
 * @returns {Memory}
 */
export function rememberPack(memory, pack, seen) {
  if ((memory.packs[pack]?.version ?? 0) > seen.version) return memory;
  return { ...memory, packs: { ...memory.packs, [pack]: seen } };
}

/**
 * @param {Memory} memory
 * @param {string[]} packs
 * @returns {Memory}
 */
export function forgetPacks(memory, packs) {
  const gone = new Set(packs);
  return { ...memory, packs: Object.fromEntries(Object.entries(memory.packs).filter(([pack]) => !gone.has(pack))) };
}

/**
 * The packs in which words of a transcript stand that the appliance does not keep any more.
 * @param {Memory} memory
 * @param {Kept[]} kept
 * @returns {string[]}
 */
export function packsToClear(memory, kept) {
  const there = new Set(kept.map(({ document }) => document));
  const isToClear = (/** @type {[string, RememberedPack]} */ [, { covers }]) => Object.keys(covers).some((document) => !there.has(document));
  return Object.entries(memory.packs).filter(isToClear).map(([pack]) => pack);
}
