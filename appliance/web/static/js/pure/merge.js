// @ts-check
/** Answers of several sources as one: what the appliance may read, and what only the browser can open. */

import { GROUPS } from "./scan.js";

/** @typedef {import("./scan.js").Found} Found */

/**
 * Put answers to one question together, newest recordings first.
 * @param {Found[]} answers - Each with the newest recordings of its source.
 * @returns {Found}
 */
export function merge(answers) {
  const all = answers.flatMap(({ groups }) => groups).sort((one, other) => other.created_ms - one.created_ms);
  // The next question asks for older ones than the last; what is exactly as old would be passed over.
  const last = all[GROUPS - 1]?.created_ms ?? -Infinity;
  const groups = all.filter(({ created_ms: created }, number) => number < GROUPS || created === last);
  return {
    groups,
    recordings: sum(answers.map(({ recordings }) => recordings)),
    places: sum(answers.map(({ places }) => places)),
    is_counted: answers.every(({ is_counted: isCounted }) => isCounted),
    has_more: groups.length < all.length || answers.some(({ has_more: hasMore }) => hasMore),
  };
}

/** @param {number[]} numbers */
function sum(numbers) {
  return numbers.reduce((one, other) => one + other, 0);
}
