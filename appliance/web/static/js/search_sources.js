// @ts-check
/** What a search asks: the appliance, and whatever else a page adds, such as what only this browser can open. */

import { merge } from "./pure/merge.js";
import { ask } from "./request.js";

/**
 * @typedef {import("./pure/scan.js").Found} Found
 * @typedef {import("./pure/scan.js").Group} Group
 * @typedef {import("./pure/scan.js").Scope} Scope
 * @typedef {{query: string, speaker: string, scope: Scope}} Question
 * @typedef {{done: number, whole: number, unreadable: number, is_ready: boolean}} Progress
 * @typedef {{found: Found, progress: Progress, again?: boolean}} Answer - Again: more comes in, look in a moment.
 * @typedef {(question: Question, signal: AbortSignal) => Promise<Answer>} Source
 */

const READY = Object.freeze({ done: 0, whole: 0, unreadable: 0, is_ready: true });

/** @type {Answer} */
export const NOTHING = Object.freeze({ found: merge([]), progress: READY });

/** @type {{ask: Source, isPrivate: boolean}[]} */
const sources = [{ ask: (question, signal) => ask("POST", "/search", question, signal), isPrivate: false }];

/**
 * Let something else be searched too.
 * @param {Source} source
 * @param {boolean} [isPrivate] - It answers in this browser, and its questions are nobody else's business.
 */
export function addSource(source, isPrivate = false) {
  sources.push({ ask: source, isPrivate });
}

/**
 * Ask every source, or only those in this browser.
 * @param {Question} question
 * @param {AbortSignal} signal
 * @param {boolean} onlyPrivate
 * @returns {Promise<{answers: Answer[], refusals: unknown[]}>} What one of them refuses does not hide what others found.
 */
export async function askSources(question, signal, onlyPrivate) {
  const asked = sources.filter(({ isPrivate }) => isPrivate || !onlyPrivate);
  const outcomes = await Promise.allSettled(asked.map((source) => source.ask(question, signal)));
  const answers = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  return { answers, refusals: outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : [])) };
}

/**
 * @param {Answer[]} answers
 * @returns {Answer}
 */
export function together(answers) {
  const progress = answers.map((answer) => answer.progress).reduce((one, other) => ({
    done: one.done + other.done,
    whole: one.whole + other.whole,
    unreadable: one.unreadable + other.unreadable,
    is_ready: one.is_ready && other.is_ready,
  }));
  return { found: merge(answers.map(({ found }) => found)), progress, again: answers.some(({ again }) => again) };
}
