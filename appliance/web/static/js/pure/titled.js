// @ts-check
/**
 * Which title a recording has, as a person's browser remembers it in the sealed index. A title says nothing of its
 * recording, so that any true title of the person could be served for any recording. No document, no network.
 */

/** @typedef {import("./memory.js").Memory} Memory */

/**
 * What a served title is beside the remembered one. A title never changes, so its bytes name it.
 *
 * - `exchanged`: the recording has another title, or the title belongs to another recording.
 * @param {Memory} memory
 * @param {string} recording
 * @param {string} sha256 - Of the sealed bytes, as hex digits.
 * @returns {"first" | "same" | "exchanged"}
 */
export function judgeTitle({ titles = {} }, recording, sha256) {
  const known = titles[recording];
  if (known !== undefined) return known === sha256 ? "same" : "exchanged";
  return Object.values(titles).includes(sha256) ? "exchanged" : "first";
}

/**
 * Remember the title of a recording; where another browser was quicker, the first stays.
 * @param {Memory} memory
 * @param {string} recording
 * @param {string} sha256
 * @returns {Memory}
 */
export function rememberTitle(memory, recording, sha256) {
  if (judgeTitle(memory, recording, sha256) !== "first") return memory;
  return { ...memory, titles: { ...memory.titles, [recording]: sha256 } };
}

/**
 * @param {Memory} memory
 * @param {(recording: string) => boolean} isGone
 * @returns {Memory}
 */
export function forgetTitles(memory, isGone) {
  if (memory.titles === undefined) return memory;
  const kept = Object.entries(memory.titles).filter(([recording]) => !isGone(recording));
  return { ...memory, titles: Object.fromEntries(kept) };
}
