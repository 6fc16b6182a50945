// @ts-check
/** Workspaces from the appliance: verified against what this vault remembers, opened once a page, and remembered. */

import { fromBase64, same, sha256, toHex } from "../crypto/bytes.js";
import { fingerprint } from "../crypto/identity.js";
import { SealedIndex } from "../private/index.js";
import { rememberList, seenList } from "../pure/pinned.js";
import { Problem, ask } from "../request.js";
import { OpenedWorkspace } from "./opened.js";

/**
 * @typedef {import("../vault.js").Vault} Vault
 * @typedef {import("./changes.js").Sent} Sent
 */

const CHANGED_MEANWHILE = "access.conflict";
const ATTEMPTS = 4;

/**
 * The appliance does not do what it says with a change.
 *
 * - `not_newer`: it says that another owner was quicker, and shows no list of another owner.
 * - `not_kept`: it says that the change is stored, and shows a chain without it.
 */
export class NotStored extends Error {
  /** @param {"not_newer" | "not_kept"} reason */
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

/** @type {Map<string, Promise<OpenedWorkspace>>} By id. */
const loaded = new Map();

/** @type {Promise<void>} What is remembered is written by one after the other. */
let remembering = Promise.resolve();

/**
 * Return a workspace, loaded once a page.
 * @param {Vault} vault
 * @param {string} id
 * @returns {Promise<OpenedWorkspace>}
 * @throws {import("../crypto/refusal.js").Refusal} It is not what its owners signed, or not what this vault has seen.
 */
export function workspaceOf(vault, id) {
  let loading = loaded.get(id);
  if (loading === undefined) {
    loading = loadWorkspace(vault, id);
    loaded.set(id, loading);
  }
  return loading;
}

/**
 * Load a workspace as it is now.
 * @param {Vault} vault
 * @param {string} id
 * @param {Sent | null} [sent] - What has to be in it, because the appliance said that it stored it.
 * @returns {Promise<OpenedWorkspace>}
 * @throws {NotStored} It is not; and nothing of what is shown instead is remembered.
 */
export async function loadWorkspace(vault, id, sent = null) {
  const [served, index] = await Promise.all([ask("GET", `/workspaces/${id}/sealed`), SealedIndex.loadMemory(vault)]);
  const seen = seenList(index.memory, id);
  const opened = await OpenedWorkspace.open(vault, id, served, seen);
  if (sent !== null) await requireKept(opened, sent);
  if (seen === null || opened.list.version > seen.version) {
    remembering = remembering.catch(() => {}).then(() => remember(vault, opened));
    await remembering;
  }
  return opened;
}

/**
 * Change a workspace. Where another owner was quicker, their list is loaded and verified, and the change made on that.
 * It is done when the chain that the appliance shows has the very list that was sent.
 * @param {Vault} vault
 * @param {string} id
 * @param {(opened: OpenedWorkspace) => Promise<Sent>} change
 * @returns {Promise<OpenedWorkspace>} As it is afterwards.
 * @throws {NotStored} The appliance does not do what it says.
 */
export async function changeWorkspace(vault, id, change) {
  let before = await loadWorkspace(vault, id);
  for (let attempt = 1; ; attempt += 1) {
    const sent = await change(before);
    if (await isTaken(id, sent, attempt)) {
      const after = await loadWorkspace(vault, id, sent);
      loaded.set(id, Promise.resolve(after));
      return after;
    }
    const now = await loadWorkspace(vault, id);
    // Else the next list would be a second one of the same version: an owner who can be made to sign several has signed
    // a fork, of which the appliance keeps the branch that it likes.
    if (now.list.version <= before.list.version) throw new NotStored("not_newer");
    before = now;
  }
}

/**
 * @param {string} id
 * @param {Sent} sent
 * @param {number} attempt
 * @returns {Promise<boolean>} False where the appliance says that another owner was quicker.
 */
async function isTaken(id, sent, attempt) {
  try {
    await ask("POST", `/workspaces/${id}/lists`, sent);
    return true;
  } catch (error) {
    if (!(error instanceof Problem && error.code === CHANGED_MEANWHILE) || attempt === ATTEMPTS) throw error;
    return false;
  }
}

/**
 * @param {OpenedWorkspace} opened
 * @param {Sent} sent
 */
async function requireKept({ lists }, { body }) {
  const digest = await sha256(fromBase64(body));
  const digests = await Promise.all(lists.map((list) => list.digest()));
  if (!digests.some((each) => same(each, digest))) throw new NotStored("not_kept");
}

/**
 * @param {Vault} vault
 * @param {OpenedWorkspace} opened
 */
async function remember(vault, { id, list }) {
  /** @type {Record<string, string>} */
  const people = {};
  for (const { account, ed, x } of list.members) people[toHex(account)] = toHex(await fingerprint(ed, x));
  const seen = { version: list.version, sha256: toHex(await list.digest()), epoch: list.epoch };
  const index = await SealedIndex.loadMemory(vault);
  // Another tab may have seen a later list meanwhile, which must not be forgotten for this one.
  const isLater = () => (seenList(index.memory, id)?.version ?? 0) >= seen.version;
  if (!isLater()) await index.save((memory) => ((seenList(memory, id)?.version ?? 0) >= seen.version ? memory : rememberList(memory, id, seen, people)));
}
