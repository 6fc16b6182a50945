// @ts-check
/** What a page asks of a passphrase, and how a recovery code that was typed back differs from the one that was shown. */

export const LEAST_CHARACTERS = 12;
const GROUP = 4;

/**
 * Tell whether a passphrase is long enough. There is no other rule: rules make people choose what others can guess.
 * @param {string} passphrase
 * @returns {boolean}
 */
export function isLongEnough(passphrase) {
  return [...passphrase.normalize("NFKC")].length >= LEAST_CHARACTERS;
}

/**
 * The groups of a recovery code.
 * @param {string} code
 * @returns {string[]}
 */
export function groupsOf(code) {
  const letters = plain(code);
  return Array.from({ length: Math.ceil(letters.length / GROUP) }, (_, i) => letters.slice(GROUP * i, GROUP * (i + 1)));
}

/**
 * The first group in which what was typed differs from what was shown, from 1 on; 0 where it does not.
 * @param {string} shown
 * @param {string} typed
 * @returns {number}
 */
export function differingGroup(shown, typed) {
  const [expected, given] = [groupsOf(shown), groupsOf(typed)];
  const longest = Math.max(expected.length, given.length);
  for (let i = 0; i < longest; i++) if (expected[i] !== given[i]) return Math.min(i + 1, expected.length);
  return 0;
}

/** @param {string} code */
function plain(code) {
  const capitals = code.replace(/[\s-]/g, "").toUpperCase();
  return capitals.replaceAll("O", "0").replace(/[IL]/g, "1");
}
