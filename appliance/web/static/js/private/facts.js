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
 * Which speech model made a transcript, and of which set: it says so itself, in both modes; an old one does not.
 * @param {import("../pure/transcript.js").Transcript} transcript
 */
export function showModelSet({ model_set: models = "", models: { asr: model = "?" } }) {
  if (models !== "") document.querySelector("[data-facts]")?.append(fact(say("made_with", { model, models })));
}

/** @param {string} text */
function fact(text) {
  const span = document.createElement("span");
  span.textContent = text;
  return span;
}
