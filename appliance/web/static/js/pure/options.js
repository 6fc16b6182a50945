// @ts-check
/** What the person chose, in the form the appliance reads. */

/**
 * @typedef {{language: string | null, diarize: boolean, speakers: number | null, min_speakers: number | null,
 *   max_speakers: number | null, model: string | null}} Options - The model by the name that it has in its set; null for
 *   the default.
 */

/**
 * @param {{language: string, voices: string, speakers?: string, min_speakers?: string, max_speakers?: string, model?: string}}
 *   chosen
 * @returns {Options}
 */
export function readOptions(chosen) {
  const isRange = chosen.voices === "range";
  return {
    language: chosen.language || null,
    diarize: chosen.voices !== "none",
    speakers: chosen.voices === "exact" ? whole(chosen.speakers) : null,
    min_speakers: isRange ? whole(chosen.min_speakers) : null,
    max_speakers: isRange ? whole(chosen.max_speakers) : null,
    model: chosen.model || null,
  };
}

/**
 * Tell whether a model transcribes a language. One that is recognised is one that the model knows.
 * @param {string} languages - Codes, divided by blanks; empty where nobody knows.
 * @param {string} code - Empty to recognise it.
 */
export function knowsLanguage(languages, code) {
  return code === "" || languages === "" || languages.split(" ").includes(code);
}

/**
 * @param {string} [text]
 * @returns {number | null}
 */
function whole(text = "") {
  const number = Number.parseInt(text, 10);
  return Number.isNaN(number) ? null : number;
}
