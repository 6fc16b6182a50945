// @ts-check
/** Who can open a document, read off the ways to its key that the appliance keeps. No document, no network. */

/**
 * @typedef {{kind: number, holder: string}} Wrap - The holder as hex digits.
 * @typedef {"you" | "organisation" | "appliance" | "workspace" | "link" | "other"} Who
 */

const RESULT = 0x101; // Sealed to a public key, until its holder has opened it once.
const UNDER_USER_KEY = 4;
const UNDER_WORKSPACE_KEY = 5;
const UNDER_LINK = 6;
const UNDER_KEK = 8;

/** @type {Who[]} */
const ORDER = ["you", "workspace", "organisation", "link", "other", "appliance"];

/**
 * Return who can open a document, each once, the person first. What the appliance does not say, nobody can see: a key
 * that it kept besides would not be in this list.
 * @param {Wrap[]} wraps
 * @param {string} accountId
 * @param {string} [workspace] - Id of the one in which the document is, or empty.
 * @param {boolean} [isRecoverable] - Whether somebody who holds it consented that the organisation opens their keys.
 * @returns {Who[]}
 */
export function holdersOf(wraps, accountId, workspace = "", isRecoverable = false) {
  const found = new Set(wraps.map((wrap) => whoHolds(wrap, accountId, workspace)));
  if (isRecoverable) found.add("organisation");
  return ORDER.filter((who) => found.has(who));
}

/**
 * @param {Wrap} wrap
 * @param {string} accountId
 * @param {string} workspace
 * @returns {Who}
 */
function whoHolds({ kind, holder }, accountId, workspace) {
  if (kind === UNDER_KEK) return "appliance";
  if (kind === UNDER_LINK) return "link";
  const isForMembers = kind === UNDER_WORKSPACE_KEY || kind === RESULT;
  if (isForMembers && workspace !== "" && holder === workspace) return "workspace";
  if (kind === UNDER_USER_KEY || kind === RESULT) return holder === accountId ? "you" : "other";
  return "other";
}
