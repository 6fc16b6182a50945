// @ts-check
/** JSON: the transcript in its contract form, byte for byte as appliance/transcript.py writes it. */

/** @typedef {import("../pure/transcript.js").Transcript} Transcript */

const LONE_SURROGATE = /[\ud800-\udfff]/gu; // With the u flag, whole pairs do not match.

/**
 * The transcript as JSON of schema 1, UTF-8, ended by a line feed.
 * @param {Transcript} transcript
 * @returns {Uint8Array}
 */
export function render(transcript) {
  return new TextEncoder().encode(`${encoded(transcript)}\n`);
}

/**
 * Compact JSON, keys in the contract's order. JSON.stringify would write 1.0 as 1, and large numbers otherwise.
 * @param {Transcript} transcript
 * @returns {string}
 */
export function encoded({ schema, language, duration_s, models, speakers, segments, turns, ...made }) {
  const { model_set = "", terms_given = 0, terms_used = 0 } = made; // Old transcripts have none of these.
  return object({
    schema: whole(schema),
    language: string(language),
    duration_s: real(duration_s),
    models: sorted(models),
    model_set: string(model_set),
    terms_given: whole(terms_given),
    terms_used: whole(terms_used),
    speakers: list(speakers, ({ id, name }) => object({ id: string(id), name: string(name) })),
    segments: list(segments, segment),
    turns: list(turns, ({ start, end, speaker }) =>
      object({ start: real(start), end: real(end), speaker: string(speaker) }),
    ),
  });
}

/** @param {import("../pure/transcript.js").Segment} segment */
function segment({ id, start, end, speaker, text, words }) {
  return object({
    id: whole(id),
    start: real(start),
    end: real(end),
    speaker: speaker === null ? "null" : string(speaker),
    text: string(text),
    words: list(words, word),
  });
}

/** @param {import("../pure/transcript.js").Word} word */
function word({ start, end, text, score, timed_by }) {
  return object({
    start: real(start),
    end: real(end),
    text: string(text),
    score: real(score),
    timed_by: string(timed_by),
  });
}

/**
 * @template Item
 * @param {Item[]} items
 * @param {(item: Item) => string} encode
 */
function list(items, encode) {
  return `[${items.map(encode).join(",")}]`;
}

/** @param {Record<string, string>} fields - By key, encoded already. */
function object(fields) {
  return `{${Object.keys(fields).map((key) => `"${key}":${fields[key]}`).join(",")}}`;
}

/**
 * An object whose keys are in the order of their characters: JavaScript moves keys that look like numbers to the front.
 * @param {Record<string, string>} texts
 */
function sorted(texts) {
  const keys = Object.keys(texts).sort(byCharacters);
  return `{${keys.map((key) => `${string(key)}:${string(texts[key])}`).join(",")}}`;
}

/**
 * @param {string} one
 * @param {string} other
 */
function byCharacters(one, other) {
  const [left, right] = [one, other].map((text) => [...text].map((character) => character.codePointAt(0) ?? 0));
  const at = left.findIndex((point, index) => point !== right[index]);
  return at < 0 ? left.length - right.length : left[at] - (right[at] ?? -1);
}

/** @param {string} text */
function string(text) {
  return JSON.stringify(text.replace(LONE_SURROGATE, "\ufffd")); // Half a pair has no UTF-8.
}

/**
 * All digits of a whole number. What is none is written as 0: a member seals a transcript as they like, and text in the
 * place of a number would stand here unquoted, with whatever fields it brings. One such transcript must not keep
 * somebody from taking out all the others either, so it is not refused.
 * @param {number} value
 */
function whole(value) {
  return Number.isInteger(value) ? String(BigInt(value)) : "0";
}

/**
 * The fewest digits that mean this number, always recognisable as no integer; 0.0 for what is no number, as above.
 * @param {number} value
 */
function real(value) {
  if (!Number.isFinite(value)) return "0.0";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-5 || size >= 1e16)) return value.toExponential().replace("+", "");
  const digits = Object.is(value, -0) ? "-0" : String(value);
  return digits.includes(".") ? digits : `${digits}.0`;
}
