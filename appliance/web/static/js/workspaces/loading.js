// @ts-check
/** Workspaces from the appliance: verified against what this vault remembers, opened once a page, and remembered. */

import { toHex } from "../crypto/bytes.js";
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
 * @returns {Promise<OpenedWorkspace>}
 */
export async function loadWorkspace(vault, id) {
  const [served, index] = await Promise.all([ask("GET", `/workspaces/${id}/sealed`), SealedIndex.loadMemory(vault)]);
  const seen = seenList(index.memory, id);
  const opened = await OpenedWorkspace.open(vault, id, served, seen);
  if (seen === null || opened.list.version > seen.version) {
    remembering = remembering.catch(() => {}).then(() => remember(vault, opened));
    await remembering;
  }
  return opened;
}

/**
 * Change a workspace. Where another owner was quicker, their list is loaded and verified, and the change made on that.
 * @param {Vault} vault
 * @param {string} id
 * @param {(opened: OpenedWorkspace) => Promise<Sent>} change
 * @returns {Promise<OpenedWorkspace>} As it is afterwards.
 */
export async function changeWorkspace(vault, id, change) {
  for (let attempt = 1; ; attempt += 1) {
    const sent = await change(await loadWorkspace(vault, id));
    try {
      await ask("POST", `/workspaces/${id}/lists`, sent);
      break;
    } catch (error) {
      if (!(error instanceof Problem && error.code === CHANGED_MEANWHILE) || attempt === ATTEMPTS) throw error;
    }
  }
  loaded.delete(id);
  return workspaceOf(vault, id);
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
