// @ts-check
/**
 * What a person's browser remembers of people and workspaces: whose keys it has seen, and the newest member list. It is
 * a part of the sealed index, so that the appliance can neither read nor change it. No document, no network.
 */

import { forgetTitles } from "./titled.js";

/**
 * @typedef {import("./memory.js").Memory} Memory
 * @typedef {{fingerprint: string, compared: boolean, name?: string}} KnownPerson - SHA-256 of both public keys as hex
 *   digits; whether somebody compared it by another way than through the appliance; and the name under which they did, or
 *   took this person in. An account keeps its name, so another one is the appliance's invention.
 * @typedef {{version: number, sha256: string, epoch: number}} SeenList
 * @typedef {{version: number, sha256: string, epoch: number}} SeenVocabulary - Version 0 where there is none.
 * @typedef {"unknown" | "seen" | "compared" | "other"} Acquaintance
 * @typedef {"unknown" | "same" | "other" | "taken"} Naming
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
 * @param {string} workspace
 * @returns {SeenVocabulary | null} Null where this vault never saw one.
 */
export function seenVocabulary(memory, workspace) {
  return memory.vocabularies?.[workspace] ?? null;
}

/**
 * What a served vocabulary is beside the one that this vault saw last. One under an earlier key counts as older: somebody
 * who was removed has that key, and could seal a later version with it.
 * @param {Memory} memory
 * @param {string} workspace
 * @param {SeenVocabulary} served
 * @returns {"first" | "same" | "newer" | "older" | "exchanged"}
 */
export function judgeVocabulary(memory, workspace, { version, sha256, epoch }) {
  const known = seenVocabulary(memory, workspace);
  if (known === null) return "first";
  if (version < known.version || epoch < known.epoch) return "older";
  if (version > known.version) return "newer";
  return sha256 === known.sha256 && epoch === known.epoch ? "same" : "exchanged";
}

/**
 * @param {Memory} memory
 * @param {string} workspace
 * @param {SeenVocabulary} seen
 * @returns {Memory}
 */
export function rememberVocabulary(memory, workspace, seen) {
  const known = seenVocabulary(memory, workspace);
  // Another tab may have seen a later one meanwhile, or one under a later key.
  if (known !== null && (known.version >= seen.version || known.epoch > seen.epoch)) return memory;
  return { ...memory, vocabularies: { ...memory.vocabularies, [workspace]: seen } };
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
 * - `seen`: it has seen them before, and nobody compared them. Of a comparison without a name nobody can say any more
 *   whose words they were, so it counts as none.
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
  return known.compared && known.name !== undefined ? "compared" : "seen";
}

/**
 * Whether an account is the one that this vault knows by a name.
 *
 * - `other`: it knows the account by another name.
 * - `taken`: it knows another account by this name, and this one's words were not compared under it.
 * @param {Memory} memory
 * @param {string} account
 * @param {string} name - What the appliance says.
 * @returns {Naming}
 */
export function naming(memory, account, name) {
  const known = memory.people?.[account];
  if (known?.name !== undefined && !isSameName(known.name, name)) return "other";
  if (known?.name !== undefined && known.compared) return "same";
  const others = Object.entries(memory.people ?? {}).filter(([id]) => id !== account);
  if (others.some(([, other]) => other.name !== undefined && isSameName(other.name, name))) return "taken";
  return known?.name === undefined ? "unknown" : "same";
}

/**
 * @param {Memory} memory
 * @param {string} account
 * @returns {string | null} The name under which this person compared the account's words or took it in.
 */
export function knownName(memory, account) {
  return memory.people?.[account]?.name ?? null;
}

/**
 * Tell whether people would take two names for the same one, as the appliance does; and what nobody sees is not another.
 * @param {string} one
 * @param {string} other
 */
export function isSameName(one, other) {
  return nameKey(one) === nameKey(other);
}

/** @param {string} name */
function nameKey(name) {
  const plain = name.replace(/[\p{Cc}\p{Cf}]/gu, "").normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC");
  return plain.split(/\s+/u).filter(Boolean).join(" ");
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
  const vocabularies = Object.entries(memory.vocabularies ?? {}).filter(([id]) => !gone.includes(id));
  const rest = {
    ...memory,
    documents: Object.fromEntries(documents),
    workspaces: Object.fromEntries(workspaces),
    ...(memory.vocabularies === undefined ? {} : { vocabularies: Object.fromEntries(vocabularies) }),
  };
  return forgetTitles(rest, (recording) => recordings.has(recording));
}
