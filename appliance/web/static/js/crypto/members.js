// @ts-check
/**
 * The member list of a workspace: who belongs to it, by which keys, signed by an owner and chained to the list before.
 *
 * The server keeps the lists and decides nothing: whom a workspace key is sealed to follows from a list that was
 * verified here. Rules only; loading lists and remembering the newest one is the caller's.
 */

import { expectSize, fromBase64, fromHex, join, same, sha256, toBase64, toHex, utf8 } from "./bytes.js";
import { sign, verify } from "./identity.js";
import { hkdf256 } from "./kdf.js";
import { Refusal } from "./refusal.js";

const LABEL = utf8("cloister/members/v1\0");
const MAX_LIST_BYTES = 1_000_000; // About 4,000 members. A list is parsed before it is trusted, so cap it.
const MAX_EPOCH = 0xffff;
const NO_LIST = new Uint8Array(32);
const FIELDS = ["workspace", "version", "prev", "epoch", "key", "inbox", "name", "members", "signer"];
const MEMBER_FIELDS = ["account", "ed", "x", "role"];

export const Role = Object.freeze({ OWNER: "owner", EDITOR: "editor", VIEWER: "viewer" });

const ROLES = /** @type {string[]} */ (Object.values(Role));

/**
 * @typedef {{account: Uint8Array, ed: Uint8Array, x: Uint8Array, role: string}} Member
 * @typedef {object} Listed What a list says.
 * @property {Uint8Array} workspace Its id.
 * @property {number} version From 1.
 * @property {Uint8Array} prev SHA-256 of the list before; of the first, zeros.
 * @property {number} epoch Generation of the workspace key.
 * @property {Uint8Array} key Id of that key.
 * @property {Uint8Array} inbox X25519 public key to which results are sealed.
 * @property {Uint8Array} name CB1 of type 7, under that key.
 * @property {Member[]} members
 * @property {Uint8Array} signer Account of the owner who signed.
 */

export class MemberList {
  /**
   * @param {Uint8Array} bytes As they were signed.
   * @param {Listed} listed
   */
  constructor(bytes, listed) {
    this.bytes = bytes;
    this.listed = listed;
    Object.freeze(this);
  }

  /**
   * Write a list, to be signed.
   * @param {Listed} listed
   */
  static write(listed) {
    const written = {
      workspace: toHex(listed.workspace),
      version: listed.version,
      prev: toHex(listed.prev),
      epoch: listed.epoch,
      key: toHex(listed.key),
      inbox: toHex(listed.inbox),
      name: toBase64(listed.name),
      members: listed.members.map(({ account, ed, x, role }) => {
        return { account: toHex(account), ed: toHex(ed), x: toHex(x), role };
      }),
      signer: toHex(listed.signer),
    };
    return MemberList.decode(utf8(JSON.stringify(written)));
  }

  /**
   * Read a list. Nothing of it is authentic before `verify` has succeeded.
   * @param {Uint8Array} bytes
   * @throws {Refusal} Unknown format.
   */
  static decode(bytes) {
    if (bytes.length > MAX_LIST_BYTES) throw new Refusal("unknown_format");
    const found = fieldsOf(parsed(bytes), FIELDS);
    const isCounted = isBetween(found.version, 1, Number.MAX_SAFE_INTEGER) && isBetween(found.epoch, 1, MAX_EPOCH);
    if (!isCounted || !Array.isArray(found.members)) throw new Refusal("unknown_format");
    return new MemberList(bytes.slice(), {
      workspace: id(found.workspace),
      version: found.version,
      prev: sized(found.prev, 32),
      epoch: found.epoch,
      key: id(found.key),
      inbox: sized(found.inbox, 32),
      name: fromBase64(found.name),
      members: membersOf(found.members),
      signer: id(found.signer),
    });
  }

  /**
   * @param {Uint8Array} seed Ed25519, of the signer.
   * @returns {Promise<Uint8Array>} 64 bytes.
   */
  sign(seed) {
    return sign(seed, join(LABEL, this.bytes));
  }

  /**
   * Hold the list against the one before, which was verified in the same way.
   *
   * The first list vouches for itself: that its owner is who the reader believes is for people to compare, by their
   * fingerprints. From there on only an owner of the list before can say who belongs, so a server can neither add
   * somebody nor leave a removal out of the middle; that it holds back the newest list shows to whoever has seen it.
   * @param {Uint8Array} signature
   * @param {MemberList | null} previous Null for the first.
   * @throws {Refusal} Wrong context: it does not follow. Wrong key: the signature is not the signer's.
   */
  async verify(signature, previous) {
    const follows = previous === null ? this.#isFirst() : await this.#follows(previous);
    const signer = memberIn(previous ?? this, this.listed.signer);
    // An owner of the list before, not of this one: nobody makes an owner of themselves.
    if (!follows || signer?.role !== Role.OWNER) throw new Refusal("wrong_context");
    await verify(signer.ed, join(LABEL, this.bytes), signature);
  }

  #isFirst() {
    const { version, epoch, prev, members } = this.listed;
    const owners = members.filter(({ role }) => role === Role.OWNER);
    return version === 1 && epoch === 1 && same(prev, NO_LIST) && owners.length === 1;
  }

  /** @param {MemberList} previous */
  async #follows(previous) {
    const [before, now] = [previous.listed, this.listed];
    return (
      same(now.workspace, before.workspace) &&
      now.version === before.version + 1 &&
      same(now.prev, await sha256(previous.bytes)) &&
      this.#hasDueKey(previous)
    );
  }

  /**
   * Whoever left, or whose keys were replaced, still holds the key of that epoch: so the epoch goes with them. Another
   * key without another epoch would hide which one a transcript is under.
   * @param {MemberList} previous
   */
  #hasDueKey(previous) {
    const [before, now] = [previous.listed, this.listed];
    const hasSameKey = same(now.key, before.key);
    const hasSameInbox = same(now.inbox, before.inbox);
    if (now.epoch === before.epoch + 1) return !hasSameKey && !hasSameInbox;
    const allStayed = before.members.every((member) => {
      const still = memberIn(this, member.account);
      return still !== undefined && same(still.ed, member.ed) && same(still.x, member.x);
    });
    return now.epoch === before.epoch && hasSameKey && hasSameInbox && allStayed;
  }
}

/**
 * The private key of a workspace's inbox, to which results are sealed.
 * @param {Uint8Array} workspaceKey Of an epoch.
 */
export async function inboxPrivate(workspaceKey) {
  expectSize(workspaceKey, 32, "a workspace key");
  return hkdf256(workspaceKey, "cloister/v1/workspace-x25519");
}

/**
 * @param {MemberList} list
 * @param {Uint8Array} account
 */
function memberIn(list, account) {
  return list.listed.members.find((member) => same(member.account, account));
}

/** @param {Uint8Array} bytes */
function parsed(bytes) {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw new Refusal("unknown_format");
  }
}

/**
 * Return an object if it has exactly these fields: what nobody reads must not be signed.
 * @param {any} found
 * @param {string[]} names
 */
function fieldsOf(found, names) {
  const isObject = typeof found === "object" && found !== null && !Array.isArray(found);
  if (!isObject || Object.keys(found).sort().join() !== [...names].sort().join()) throw new Refusal("unknown_format");
  return found;
}

/** @param {any[]} found */
function membersOf(found) {
  const members = found.map((one) => {
    const { account, ed, x, role } = fieldsOf(one, MEMBER_FIELDS);
    if (!ROLES.includes(role)) throw new Refusal("unknown_format");
    return { account: id(account), ed: sized(ed, 32), x: sized(x, 32), role };
  });
  const accounts = new Set(members.map(({ account }) => toHex(account)));
  const hasOwner = members.some(({ role }) => role === Role.OWNER);
  if (accounts.size !== members.length || !hasOwner) throw new Refusal("unknown_format");
  return members;
}

/**
 * @param {string} text
 * @param {number} size
 */
function sized(text, size) {
  const bytes = fromHex(text);
  if (bytes.length !== size) throw new Refusal("unknown_format");
  return bytes;
}

/** @param {string} text */
function id(text) {
  return sized(text, 16);
}

/**
 * @param {any} value
 * @param {number} least
 * @param {number} most
 */
function isBetween(value, least, most) {
  return Number.isSafeInteger(value) && value >= least && value <= most;
}
