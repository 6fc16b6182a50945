// @ts-check
/**
 * Search through plain transcripts, in the browser: the same question and the same answer as appliance/search/found.py.
 *
 * A document is prepared once. Its passages stand folded in one long string, a line each, with a blank before and after
 * every word, so that to look for words is to look for a string, which engines do faster than anything written here.
 * Ranges are made only for the few passages that are shown.
 */

import { foldedLines, plain, tokens, words } from "./fold.js";
import { marks, matches } from "./query.js";

/**
 * @typedef {import("./query.js").Query} Query
 * @typedef {import("./query.js").Term} Term
 * @typedef {import("./query.js").Mark} Mark
 * @typedef {{start: number, speaker: string | null, text: string}} Passage
 * @typedef {{recording: string, created_ms: number, title: string, language: string,
 *   speakers: {id: string, name: string}[], passages: Passage[]}} Entry
 * @typedef {Entry & {folded: string, starts: Uint32Array}} Prepared - Where each passage's line starts in `folded`.
 * @typedef {{since_ms?: number | null, until_ms?: number | null, before_ms?: number | null, recording?: string | null,
 *   after?: number}} Scope
 * @typedef {{position: number, start: number, speaker: string | null, voice: number | null, text: string,
 *   marks: Mark[]}} Place
 * @typedef {{recording: string, created_ms: number, title: string, language: string, marks: Mark[], count: number,
 *   places: Place[], is_private?: boolean, workspace?: string}} Group - Private: only this browser can open it, and those
 *   of others in its workspace, if it is in one.
 * @typedef {{groups: Group[], recordings: number, places: number, is_counted: boolean, has_more: boolean}} Found
 */

export const GROUPS = 10;
export const PLACES_EACH = 3;
export const PLACES_OF_ONE = 50;

/**
 * Fold the passages of a recording, once.
 * @template {Entry} E
 * @param {E} entry
 * @returns {E & Prepared}
 */
export function prepare(entry) {
  const passages = entry.passages.map(({ start, speaker, text }) => ({ start, speaker, text: plain(text) }));
  const starts = new Uint32Array(passages.length);
  const lines = foldedLines(passages.map(({ text }) => text));
  let at = 0;
  lines.forEach((line, number) => {
    starts[number] = at;
    at += line.length + 1;
  });
  lines.push(""); // Joined, not added to: engines keep a sum of strings in parts, and the first search would pay.
  return { ...entry, title: plain(entry.title), passages, folded: lines.join("\n"), starts };
}

/**
 * Search.
 * @param {Query} query
 * @param {Prepared[]} documents - Of one person.
 * @param {Scope} [scope]
 * @returns {Found} Newest recordings first.
 */
export function scan(query, documents, scope = {}) {
  /** @type {Found} */
  const found = { groups: [], recordings: 0, places: 0, is_counted: true, has_more: false };
  if (query.isEmpty || query.isTooLong) return found;
  const needles = query.terms.map(needle).sort((one, other) => other.length - one.length);
  const wanted = documents.filter((prepared) => isWithin(prepared, scope));
  for (const prepared of wanted.sort((one, other) => other.created_ms - one.created_ms)) {
    const titleMarks = scope.recording || query.speakers.length > 0 ? null : marks(query.terms, tokens(prepared.title));
    const after = scope.recording ? (scope.after ?? -1) : -1;
    const positions = positionsOf(prepared, query, needles).filter((position) => position > after);
    if (titleMarks === null && positions.length === 0) continue;
    found.recordings += 1;
    found.places += positions.length + (titleMarks === null ? 0 : 1);
    if (found.groups.length === GROUPS) found.has_more = true;
    else found.groups.push(group(prepared, query, titleMarks ?? [], positions, scope));
  }
  return scope.recording ? cut(found) : found;
}

/**
 * As with the index, an answer about one recording looks one place further than it shows, and counts no more.
 * @param {Found} found
 * @returns {Found}
 */
function cut(found) {
  const places = Math.min(found.places, PLACES_OF_ONE + 1);
  const groups = found.groups.map((group) => ({ ...group, count: places }));
  return { ...found, groups, places, has_more: places > PLACES_OF_ONE };
}

/**
 * @param {Prepared} prepared
 * @param {Scope} scope
 */
function isWithin({ recording, created_ms: created }, scope) {
  if (scope.recording) return recording === scope.recording;
  const end = Math.min(scope.until_ms ?? Infinity, scope.before_ms ?? Infinity);
  return created >= (scope.since_ms ?? -Infinity) && created < end;
}

/**
 * The numbers of the passages in which everything occurs, ascending.
 * @param {Prepared} prepared
 * @param {Query} query
 * @param {string[]} needles - Longest first: it is likely the rarest.
 * @returns {number[]}
 */
function positionsOf(prepared, query, needles) {
  const speaking = voices(prepared, query.speakers);
  if (speaking?.size === 0) return [];
  const isSpoken = (/** @type {number} */ position) => speaking?.has(prepared.passages[position].speaker ?? "") ?? true;
  if (needles.length === 0) return [...prepared.passages.keys()].filter(isSpoken);
  const { folded, starts } = prepared;
  const [first, ...others] = needles;
  const found = [];
  let position = 0;
  let at = folded.indexOf(first);
  while (at >= 0) {
    while (position + 1 < starts.length && starts[position + 1] <= at) position += 1;
    const end = position + 1 < starts.length ? starts[position + 1] : folded.length;
    const line = others.length > 0 ? folded.slice(starts[position], end) : "";
    if (isSpoken(position) && others.every((other) => line.includes(other))) found.push(position);
    position += 1;
    at = position < starts.length ? folded.indexOf(first, end) : -1;
  }
  return found;
}

/**
 * Who among a recording's speakers is asked for, or null where anybody is.
 * @param {Prepared} prepared
 * @param {Term[]} asked
 * @returns {Set<string> | null}
 */
function voices({ speakers }, asked) {
  if (asked.length === 0) return null;
  return new Set(speakers.filter(({ name }) => matches(asked, words(name))).map(({ id }) => id));
}

/**
 * The string that stands in a folded line where a term occurs.
 * @param {Term} term
 * @returns {string}
 */
function needle(term) {
  return ` ${term.words.join(" ")}${term.isPrefix ? "" : " "}`;
}

/**
 * @param {Prepared} prepared
 * @param {Query} query
 * @param {Mark[]} titleMarks
 * @param {number[]} positions
 * @param {Scope} scope
 * @returns {Group}
 */
function group(prepared, query, titleMarks, positions, scope) {
  const { recording, created_ms, title, language } = prepared;
  const shown = positions.slice(0, scope.recording ? PLACES_OF_ONE : PLACES_EACH);
  const places = shown.map((position) => place(prepared, query, position));
  return { recording, created_ms, title, language, marks: titleMarks, count: positions.length, places };
}

/**
 * @param {Prepared} prepared
 * @param {Query} query
 * @param {number} position
 * @returns {Place}
 */
function place({ passages, speakers }, query, position) {
  const { start, speaker, text } = passages[position];
  const voice = speakers.findIndex(({ id }) => id === speaker);
  const name = voice < 0 ? null : speakers[voice].name;
  const found = marks(query.terms, tokens(text)) ?? [];
  return { position, start, speaker: name, voice: voice < 0 ? null : voice, text, marks: found };
}
