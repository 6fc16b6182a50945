// @ts-check
/**
 * Who is in a workspace: a list that its owners sign, each chained to the one before. Rules only; loading the lists and
 * remembering the newest one is the caller's.
 *
 * appliance/crypto/FORMAT.md section 9 is the specification. The server stores lists and decides nothing.
 */

import { expectSize, fromBase64, fromHex, join, same, sha256, toBase64, toHex, utf8 } from "./bytes.js";
import { xPublicOf } from "./hpke.js";
import { sign, verify } from "./identity.js";
import { hkdf256 } from "./kdf.js";
import { keyId } from "./keywrap.js";
import { Refusal } from "./refusal.js";

const LABEL = utf8("cloister/members/v1\0");
const MAX_LIST_BYTES = 2 ** 20; // A list comes from the server and is read before its signature is checked, so cap it.
const MAX_EPOCH = 0xffff;
const NO_LIST = new Uint8Array(32);

export const Role = Object.freeze({ OWNER: "owner", EDITOR: "editor", VIEWER: "viewer" });

const ROLES = /** @type {string[]} */ (Object.values(Role));

/**
 * @typedef {{account: Uint8Array, ed: Uint8Array, x: Uint8Array, role: string}} Member Ids and public keys.
 * @typedef {{encoded: Uint8Array, signature: Uint8Array}} SignedList As it is stored.
 * @typedef {{version: number, digest: Uint8Array}} Seen What a reader remembers: the newest list it saw.
 * @typedef {object} Listed
 * @property {Uint8Array} workspace Id.
 * @property {number} version 1, 2, …
 * @property {Uint8Array} prev SHA-256 of the list before, or zeros.
 * @property {number} epoch Generation of the workspace key.
 * @property {Uint8Array} key Id of that key.
 * @property {Uint8Array} inbox X25519 public key to which results are sealed.
 * @property {Uint8Array} name CB1 of type 7 under that key.
 * @property {Member[]} members
 * @property {Uint8Array} signer Account of the owner who signed.
 */

/** One version of a workspace's members. Nothing of it is authentic before one of the functions below verified it. */
export class MemberList {
  /**
   * @param {Listed} listed
   * @throws {Refusal} Unknown format: it breaks a rule that every list keeps.
   */
  constructor(listed) {
    this.workspace = listed.workspace;
    this.version = listed.version;
    this.prev = listed.prev;
    this.epoch = listed.epoch;
    this.key = listed.key;
    this.inbox = listed.inbox;
    this.name = listed.name;
    this.members = listed.members;
    this.signer = listed.signer;
    Object.freeze(this);
    if (!isCounted(this) || this.owners.length === 0 || !hasNobodyTwice(this)) throw new Refusal("unknown_format");
  }

  /**
   * @param {Uint8Array} encoded
   * @throws {Refusal} Unknown format.
   */
  static decode(encoded) {
    if (encoded.length > MAX_LIST_BYTES) throw new Refusal("unknown_format");
    const read = new MemberList(listedOf(parsed(encoded)));
    // The bytes are signed as they stand. Were a second spelling taken (a key twice, white space, an escape), two
    // parsers could read two lists out of one signature.
    if (!same(read.encode(), encoded)) throw new Refusal("unknown_format");
    return read;
  }

  /** @returns {Uint8Array} The bytes that are signed and hashed. */
  encode() {
    const { version, epoch } = this;
    const members = this.members.map(({ account, ed, x, role }) => {
      return { account: toHex(account), ed: toHex(ed), x: toHex(x), role };
    });
    const [workspace, prev, key, inbox] = [this.workspace, this.prev, this.key, this.inbox].map(toHex);
    const [name, signer] = [toBase64(this.name), toHex(this.signer)];
    return utf8(JSON.stringify({ workspace, version, prev, epoch, key, inbox, name, members, signer }));
  }

  /** @returns {Promise<Uint8Array>} What the next list names, and what a reader remembers. */
  digest() {
    return sha256(this.encode());
  }

  /** The members whose signature the next list may have. */
  get owners() {
    return this.members.filter(({ role }) => role === Role.OWNER);
  }

  /**
   * Check that a workspace key is the one that this list names, whoever sealed it: HPKE does not say who did.
   * @param {Uint8Array} workspaceKey
   * @throws {Refusal} Wrong context: it is another key, such as one that the server made.
   */
  async requireKey(workspaceKey) {
    const inbox = await xPublicOf(await inboxPrivate(workspaceKey));
    if (!same(await keyId(workspaceKey), this.key) || !same(inbox, this.inbox)) throw new Refusal("wrong_context");
  }
}

/**
 * Return the first list of a workspace. It vouches for itself: fingerprints tell people whose key signed it.
 * @param {SignedList} signed
 * @param {Uint8Array} workspace Id of the workspace that the reader asked for.
 * @throws {Refusal} Unknown format, wrong context; order: no first list; signer: several owners, or not the owner's.
 */
export async function verifyFirst(signed, workspace) {
  const read = MemberList.decode(signed.encoded);
  if (!same(read.workspace, workspace)) throw new Refusal("wrong_context");
  if (read.version !== 1 || read.epoch !== 1 || !same(read.prev, NO_LIST)) throw new Refusal("member_list.order");
  if (read.owners.length !== 1) throw new Refusal("member_list.signer");
  await verifySigner(signed, read.signer, read.owners);
  return read;
}

/**
 * Return the list that follows a verified one.
 * @param {MemberList} previous
 * @param {SignedList} signed
 * @throws {Refusal} Unknown format, wrong context; order: older, a fork, or one was left out; signer: no owner of the
 *     list before; key: somebody is gone and the key stayed, or the key changed without another epoch.
 */
export async function verifyNext(previous, signed) {
  const read = MemberList.decode(signed.encoded);
  if (!same(read.workspace, previous.workspace)) throw new Refusal("wrong_context");
  const isNext = read.version === previous.version + 1 && same(read.prev, await previous.digest());
  if (!isNext) throw new Refusal("member_list.order");
  // The owners of the list before, not of this one: else whoever adds themselves as an owner could sign it.
  await verifySigner(signed, read.signer, previous.owners);
  checkKey(previous, read);
  return read;
}

/**
 * Return the newest list of a workspace, verified back to the first.
 * @param {SignedList[]} chain Every list from version 1 on.
 * @param {Uint8Array} workspace Id of the workspace that the reader asked for.
 * @param {Seen | null} seen What the reader remembers; null only where it never saw this workspace.
 * @throws {Refusal} Order: there is no list, or what the reader remembers is not in the chain, which was rolled back or
 *     forked; else as in `verifyNext`.
 */
export async function verifyChain(chain, workspace, seen) {
  if (chain.length === 0) throw new Refusal("member_list.order");
  let newest = await verifyFirst(chain[0], workspace);
  let remembers = seen === null || (await isSeen(newest, seen));
  for (const signed of chain.slice(1)) {
    newest = await verifyNext(newest, signed);
    remembers ||= seen === null || (await isSeen(newest, seen));
  }
  if (!remembers) throw new Refusal("member_list.order");
  return newest;
}

/**
 * @param {Uint8Array} edSeed
 * @param {MemberList} list
 * @returns {Promise<SignedList>}
 * @throws {Refusal} Unknown format: nobody would take it.
 */
export async function signList(edSeed, list) {
  const encoded = MemberList.decode(list.encode()).encode();
  return { encoded, signature: await sign(edSeed, join(LABEL, encoded)) };
}

/**
 * The X25519 private key of a workspace's inbox, which everybody derives who has the workspace key.
 * @param {Uint8Array} workspaceKey
 */
export async function inboxPrivate(workspaceKey) {
  expectSize(workspaceKey, 32, "a workspace key");
  return hkdf256(workspaceKey, "cloister/v1/workspace-x25519");
}

/**
 * Check the signature with the key that a list already trusted gives for the signer.
 * @param {SignedList} signed
 * @param {Uint8Array} signer
 * @param {Member[]} owners
 */
async function verifySigner(signed, signer, owners) {
  const owner = owners.find(({ account }) => same(account, signer));
  if (owner === undefined) throw new Refusal("member_list.signer");
  try {
    await verify(owner.ed, join(LABEL, signed.encoded), signed.signature);
  } catch (error) {
    throw error instanceof Refusal ? new Refusal("member_list.signer") : error;
  }
}

/**
 * Check that the key changes when somebody is gone, and only with another epoch.
 * @param {MemberList} previous
 * @param {MemberList} read
 */
function checkKey(previous, read) {
  const [isSameKey, isSameInbox] = [same(read.key, previous.key), same(read.inbox, previous.inbox)];
  // Another key of the same account counts as another person: the one before may be in other hands.
  const people = new Set(read.members.map(personOf));
  const isStill = previous.members.every((member) => people.has(personOf(member)));
  const keeps = read.epoch === previous.epoch && isSameKey && isSameInbox && isStill;
  const replaces = read.epoch === previous.epoch + 1 && !isSameKey && !isSameInbox;
  if (!keeps && !replaces) throw new Refusal("member_list.key");
}

/** @param {Member} member */
function personOf({ account, ed, x }) {
  return toHex(join(account, ed, x));
}

/**
 * @param {MemberList} list
 * @param {Seen} seen
 */
async function isSeen(list, seen) {
  return list.version === seen.version && same(await list.digest(), seen.digest);
}

/** @param {{version: number, epoch: number}} list */
function isCounted({ version, epoch }) {
  const isNumbered = Number.isSafeInteger(version) && version >= 1;
  return isNumbered && Number.isInteger(epoch) && epoch >= 1 && epoch <= MAX_EPOCH;
}

/**
 * Tell whether accounts and keys are all different; else a fingerprint would stand for two people.
 * @param {{members: Member[]}} list
 */
function hasNobodyTwice({ members }) {
  const columns = [members.map(({ account }) => account), members.map(({ ed }) => ed), members.map(({ x }) => x)];
  return columns.every((column) => new Set(column.map(toHex)).size === members.length);
}

/** @param {Uint8Array} encoded */
function parsed(encoded) {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(encoded));
  } catch {
    throw new Refusal("unknown_format");
  }
}

/**
 * What is missing, unknown or twice shows when the list is written again; here only the kinds of the values count.
 * @param {any} found
 * @returns {Listed}
 */
function listedOf(found) {
  if (!Array.isArray(found?.members)) throw new Refusal("unknown_format");
  return {
    workspace: sized(found.workspace, 16),
    version: found.version,
    prev: sized(found.prev, 32),
    epoch: found.epoch,
    key: sized(found.key, 16),
    inbox: sized(found.inbox, 32),
    name: fromBase64(found.name),
    members: found.members.map(memberOf),
    signer: sized(found.signer, 16),
  };
}

/**
 * @param {any} found
 * @returns {Member}
 */
function memberOf(found) {
  if (!ROLES.includes(found?.role)) throw new Refusal("unknown_format");
  return { account: sized(found.account, 16), ed: sized(found.ed, 32), x: sized(found.x, 32), role: found.role };
}

/**
 * @param {any} text
 * @param {number} size
 */
function sized(text, size) {
  const bytes = fromHex(text);
  if (bytes.length !== size) throw new Refusal("unknown_format");
  return bytes;
}
