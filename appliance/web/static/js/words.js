// @ts-check
/** What scripts say, in the language of the page: the page brings the sentences. */

import { Refusal } from "./crypto/refusal.js";
import { InWords, Problem, Unreachable } from "./request.js";

const sentences = { ...brought("vault-words"), ...brought("search-words"), ...brought("words") };

/**
 * @param {string} name
 * @param {Record<string, string>} [facts] - For the `{places}` in the sentence.
 * @returns {string}
 */
export function say(name, facts = {}) {
  return sentences[name].replace(/\{(\w+)\}/g, (/** @type {string} */ _, /** @type {string} */ fact) => facts[fact]);
}

/**
 * What went wrong, for the person.
 * @param {unknown} error
 * @returns {string}
 */
export function tell(error) {
  if (error instanceof Problem || error instanceof InWords) return error.message;
  if (error instanceof Refusal) return say(error.code);
  return say(error instanceof Unreachable ? "unreachable" : "unexpected");
}

/**
 * @param {string} id
 * @returns {Record<string, string>}
 */
function brought(id) {
  return JSON.parse(document.getElementById(id)?.textContent ?? "{}");
}

export const language = document.documentElement.lang;

/**
 * @param {number} whole
 * @returns {string}
 */
export function number(whole) {
  return new Intl.NumberFormat(language).format(whole);
}

/**
 * @param {number} fraction
 * @returns {string}
 */
export function percent(fraction) {
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 }).format(fraction);
}

/**
 * @param {number} sizeBytes
 * @returns {string}
 */
export function size(sizeBytes) {
  const [unit, bytes] = sizeBytes < 1e9 ? ["megabyte", 1e6] : ["gigabyte", 1e9];
  const amount = sizeBytes === 0 ? 0 : Math.max(0.1, sizeBytes / bytes);
  const maximumFractionDigits = amount < 10 ? 1 : 0;
  const format = { style: "unit", unit, unitDisplay: "short", maximumFractionDigits };
  return new Intl.NumberFormat(language, /** @type {Intl.NumberFormatOptions} */ (format)).format(amount);
}
