// @ts-check
/** Length, language and speakers of a private transcript, which only this browser knows; and what made a transcript. */

import { clock } from "../pure/clock.js";
import { language, say } from "../words.js";

/** @param {import("../pure/transcript.js").Transcript} transcript */
export function showFacts(transcript) {
  const names = new Intl.DisplayNames([language], { type: "language", fallback: "code" });
  const facts = [clock(transcript.duration_s, language), names.of(transcript.language) ?? transcript.language];
  const speakers = transcript.speakers.length;
  if (speakers > 0) {
    const number = new Intl.NumberFormat(language).format(speakers);
    facts.push(say(speakers === 1 ? "one_speaker" : "speakers", { number }));
  }
  document.querySelector("[data-facts]")?.append(...facts.map(fact));
}

/**
 * Which speech model made a transcript, of which set, and with how many terms: it says so itself, in both modes; an old
 * one does not.
 * @param {import("../pure/transcript.js").Transcript} transcript
 */
export function showMaking({ model_set: models = "", models: { asr: model = "?" }, terms_given = 0, terms_used = 0 }) {
  const { format } = new Intl.NumberFormat(language);
  const facts = models === "" ? [] : [say("made_with", { model, models })];
  if (terms_given > 0) facts.push(say("terms_used", { used: format(terms_used), given: format(terms_given) }));
  document.querySelector("[data-facts]")?.append(...facts.map(fact));
}

/** @param {string} text */
function fact(text) {
  const span = document.createElement("span");
  span.textContent = text;
  return span;
}
