// @ts-check
/** Why a workspace stays closed or a change of it was not made, in words. */

import { Refusal } from "../crypto/refusal.js";
import { TermsRefused } from "../pure/vocabulary.js";
import { number, say, tell } from "../words.js";
import { NotPossible } from "./changes.js";
import { NotStored } from "./loading.js";
import { NotAMember } from "./opened.js";
import { NotThisVocabulary } from "./vocabulary.js";

const LISTS = "crypto.member_list.";
const OTHER_KEY = "crypto.wrong_context";

/**
 * Tell whether an error is about a workspace alone, wherever it came up.
 * @param {unknown} error
 */
export function isOfWorkspace(error) {
  return error instanceof NotAMember || (error instanceof Refusal && error.code.startsWith(LISTS));
}

/**
 * @param {unknown} error
 * @returns {string}
 */
export function inWords(error) {
  if (error instanceof NotPossible || error instanceof NotStored) return say(error.reason);
  if (error instanceof NotThisVocabulary) return say(`vocabulary_${error.verdict}`, { code: error.code });
  if (error instanceof TermsRefused) return say(`terms_${error.reason}`, inDigits(error.facts));
  if (error instanceof NotAMember) return say("not_member");
  if (!(error instanceof Refusal)) return tell(error);
  if (error.code.startsWith(LISTS)) return say(`list_${error.code.slice(LISTS.length)}`);
  return error.code === OTHER_KEY ? say("other_key") : say("damaged", { code: error.code });
}

/** @param {Record<string, number>} facts */
function inDigits(facts) {
  return Object.fromEntries(Object.entries(facts).map(([name, fact]) => [name, number(fact)]));
}
