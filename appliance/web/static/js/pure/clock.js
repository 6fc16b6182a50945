// @ts-check
/** Moments of a recording, written and read. */

/**
 * A moment as m:ss or h:mm:ss, in the digits of a language.
 * @param {number} seconds
 * @param {string} [language]
 * @returns {string}
 */
export function clock(seconds, language = "en") {
  const whole = Math.max(0, Math.floor(seconds));
  const two = new Intl.NumberFormat(language, { minimumIntegerDigits: 2, useGrouping: false });
  const one = new Intl.NumberFormat(language, { useGrouping: false });
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const rest = two.format(whole % 60);
  return hours > 0 ? `${one.format(hours)}:${two.format(minutes)}:${rest}` : `${one.format(minutes)}:${rest}`;
}

/**
 * The fragment of a link to a moment.
 * @param {number} seconds
 * @returns {string}
 */
export function momentFragment(seconds) {
  return `#t=${Math.round(seconds * 10) / 10}`;
}

/**
 * The moment that a fragment names, or null.
 * @param {string} fragment
 * @returns {number | null}
 */
export function readMoment(fragment) {
  const found = /^#t=(\d{1,6}(?:\.\d{1,3})?)$/.exec(fragment);
  return found ? Number(found[1]) : null;
}
