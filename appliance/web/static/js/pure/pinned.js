// @ts-check
/**
 * What a person's browser remembers of people and workspaces: whose keys it has seen, and the newest member list. It is
 * a part of the sealed index, so that the appliance can neither read nor change it. No document, no network.
 */

import { forgetTitles } from "./titled.js";

/**
 * @typedef {import("./memory.js").Memory} Memory
 * @typedef {{fingerprint: string, compared: boolean}} KnownPerson - SHA-256 of both public keys as hex digits, and whether
 *   somebody compared it by another way than through the appliance.
 * @typedef {{version: number, sha256: string, epoch: number}} SeenList
 * @typedef {"unknown" | "seen" | "compared" | "other"} Acquaintance
 */

/**
 * @param {Memory} memory
 * @param {string} workspace
 * @returns {SeenList | null} Null where this vault never saw the workspace.
 */
export function seenList(memory, workspace) {
  return memory.workspaces?.[workspace] ?? null;
}

/**
 * Remember the newest list of a workspace, and everybody in it whom this vault did not know. A person whose keys are
 * remembered keeps them here, whatever the list says: other keys have to be compared first.
 * @param {Memory} memory
 * @param {string} workspace
 * @param {SeenList} seen
 * @param {Record<string, string>} people - Fingerprints by account.
 * @returns {Memory}
 */
export function rememberList(memory, workspace, seen, people) {
  const known = { ...memory.people };
  for (const [account, fingerprint] of Object.entries(people)) known[account] ??= { fingerprint, compared: false };
  return { ...memory, people: known, workspaces: { ...memory.workspaces, [workspace]: seen } };
}

/**
 * @param {Memory} memory
 * @param {string} account
 * @param {KnownPerson} person
 * @returns {Memory}
 */
export function rememberPerson(memory, account, person) {
  return { ...memory, people: { ...memory.people, [account]: person } };
}

/**
 * How well this vault knows the keys that somebody is said to have.
 *
 * - `seen`: it has seen them before, and nobody compared them.
 * - `other`: it has seen other keys of this person.
 * @param {Memory} memory
 * @param {string} account
 * @param {string} fingerprint
 * @returns {Acquaintance}
 */
export function acquaintance(memory, account, fingerprint) {
  const known = memory.people?.[account];
  if (known === undefined) return "unknown";
  if (known.fingerprint !== fingerprint) return "other";
  return known.compared ? "compared" : "seen";
}

/**
 * The workspaces that this vault remembers and the appliance does not show any more.
 * @param {Memory} memory
 * @param {string[]} shown
 * @returns {string[]}
 */
export function missingWorkspaces(memory, shown) {
  return Object.keys(memory.workspaces ?? {}).filter((workspace) => !shown.includes(workspace));
}

/**
 * Forget workspaces and what was in them, because the person knows that they are no longer in them.
 * @param {Memory} memory
 * @param {string[]} gone
 * @returns {Memory}
 */
export function forgetWorkspaces(memory, gone) {
  const workspaces = Object.entries(memory.workspaces ?? {}).filter(([id]) => !gone.includes(id));
  const isGone = (/** @type {import("./memory.js").Remembered} */ { workspace }) => gone.includes(workspace ?? "");
  const documents = Object.entries(memory.documents).filter(([, seen]) => !isGone(seen));
  const recordings = new Set(Object.values(memory.documents).filter(isGone).map(({ recording }) => recording));
  const rest = { ...memory, documents: Object.fromEntries(documents), workspaces: Object.fromEntries(workspaces) };
  return forgetTitles(rest, (recording) => recordings.has(recording));
}
