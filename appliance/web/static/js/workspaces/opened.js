// @ts-check
/**
 * A workspace that was verified and opened: its members as its owners signed them, and the keys of its epochs. Nothing
 * that the appliance says about it is believed. No document, no network.
 */

import { fromBase64, fromHex, same, toHex } from "../crypto/bytes.js";
import { DocumentType, openDocument } from "../crypto/envelope.js";
import { openKey, SealedKeyPurpose, xPublicOf } from "../crypto/hpke.js";
import { publicOfSeed } from "../crypto/identity.js";
import { keyId, readLabel, unwrap, wrap, WrapKind } from "../crypto/keywrap.js";
import { inboxPrivate, MemberList, Role, verifyChain } from "../crypto/members.js";
import { Refusal } from "../crypto/refusal.js";

/**
 * @typedef {{accountId: string, xPrivate: Uint8Array, edSeed: Uint8Array}} OwnKeys - Of the vault.
 * @typedef {{kind: number, holder: string, wrapped: Uint8Array}} Wrap - The holder as hex digits.
 * @typedef {{account: string, name: string, is_let_in: boolean}} Named - What the appliance says about somebody.
 * @typedef {object} Served
 * @property {{body: string, signature: string, created_at: string}[]} lists
 * @property {string} key
 * @property {{epoch: number, wrapped: string}[]} earlier
 * @property {Named[]} people
 */

const RESULT = 0x100 | SealedKeyPurpose.RESULT;

/** The newest list does not name this person: they were removed, and the appliance still shows the workspace. */
export class NotAMember extends Error {}

export class OpenedWorkspace {
  /**
   * @param {string} id
   * @param {OwnKeys} own
   * @param {Served} served
   * @param {MemberList[]} lists - Verified, the newest last.
   */
  constructor(id, own, served, lists) {
    this.id = id;
    this.own = own;
    this.served = served;
    this.lists = lists;
    this.list = lists[lists.length - 1];
    this.name = "";
    /** @type {Map<number, Uint8Array>} Workspace keys by epoch, each held against the list that names it. */
    this.keys = new Map();
  }

  /**
   * @param {OwnKeys} own
   * @param {string} id
   * @param {Served} served
   * @param {import("../pure/pinned.js").SeenList | null} seen - What this vault remembers; null only where it never saw it.
   * @returns {Promise<OpenedWorkspace>}
   * @throws {Refusal} A list is forged, older, forked or left out; the key is another one than the list names; or other
   *   keys than one's own stand beside one's name.
   * @throws {NotAMember}
   */
  static async open(own, id, served, seen) {
    const chain = served.lists.map(({ body, signature }) => {
      return { encoded: fromBase64(body), signature: fromBase64(signature) };
    });
    const remembered = seen && { version: seen.version, digest: fromHex(seen.sha256) };
    await verifyChain(chain, fromHex(id), remembered);
    const opened = new OpenedWorkspace(id, own, served, chain.map(({ encoded }) => MemberList.decode(encoded)));
    await opened.requireOwnKeys();
    await opened.openNewestKey();
    const { name, version } = opened.list;
    const text = await openDocument(opened.key, name, DocumentType.NAME, fromHex(id), version);
    opened.name = new TextDecoder().decode(text);
    return opened;
  }

  /** This person's line in the newest list. */
  get me() {
    return this.list.members.find(({ account }) => toHex(account) === this.own.accountId);
  }

  get mayWrite() {
    return this.me?.role !== Role.VIEWER;
  }

  get isOwner() {
    return this.me?.role === Role.OWNER;
  }

  /** The workspace key of the newest epoch. */
  get key() {
    return /** @type {Uint8Array} */ (this.keys.get(this.list.epoch));
  }

  /** Who holds a wrap for its members, and of which kind it is. */
  get holder() {
    return this.id;
  }

  get kind() {
    return WrapKind.FILE_KEY_UNDER_WORKSPACE_KEY;
  }

  /**
   * What the appliance says about somebody in a list; their name is its word alone.
   * @param {string} account
   * @returns {Named}
   */
  person(account) {
    return this.served.people.find((person) => person.account === account) ?? { account, name: "", is_let_in: false };
  }

  async requireOwnKeys() {
    const { me } = this;
    if (me === undefined) throw new NotAMember();
    const isMine = same(me.ed, await publicOfSeed(this.own.edSeed)) && same(me.x, await xPublicOf(this.own.xPrivate));
    if (!isMine) throw new Refusal("wrong_context");
  }

  async openNewestKey() {
    const label = {
      purpose: SealedKeyPurpose.WORKSPACE_KEY,
      recipient: fromHex(this.own.accountId),
      subject: fromHex(this.id),
    };
    const key = await openKey(this.own.xPrivate, fromBase64(this.served.key), label);
    await this.list.requireKey(key); // Anybody could have sealed one: only the list says which is the right one.
    this.keys.set(this.list.epoch, key);
  }

  /**
   * Wrap the key of a document for the members, under the newest workspace key.
   * @param {Uint8Array} documentId
   * @param {Uint8Array} key
   */
  async wrapFileKey(documentId, key) {
    return wrap(this.key, key, await this.place(this.list.epoch, documentId));
  }

  /**
   * Find the key of a document among its wraps.
   * @param {Uint8Array} documentId
   * @param {Wrap[]} wraps
   * @returns {Promise<{key: Uint8Array, isAdopted: boolean, epoch: number}>} Adopted: a member has wrapped it before.
   * @throws {Refusal} No wrap is for this workspace, or one does not open.
   */
  async fileKey(documentId, wraps) {
    const here = wraps.filter(({ holder }) => holder === this.id);
    const own = here.find(({ kind }) => kind === WrapKind.FILE_KEY_UNDER_WORKSPACE_KEY);
    if (own) {
      const { epoch } = readLabel(own.wrapped);
      const key = await unwrap(await this.keyOf(epoch), own.wrapped, await this.place(epoch, documentId));
      return { key, isAdopted: true, epoch };
    }
    const sealed = here.find(({ kind }) => kind === RESULT);
    if (!sealed) throw new Refusal("wrong_key");
    return { ...(await this.openResult(documentId, sealed.wrapped)), isAdopted: false };
  }

  /**
   * A result does not say to the inbox of which epoch it was sealed: members may have changed while it was made.
   * @param {Uint8Array} documentId
   * @param {Uint8Array} sealed
   */
  async openResult(documentId, sealed) {
    const label = { purpose: SealedKeyPurpose.RESULT, recipient: fromHex(this.id), subject: documentId };
    for (let { epoch } = this.list; epoch > 1; epoch -= 1) {
      try {
        return { key: await openKey(await inboxPrivate(await this.keyOf(epoch)), sealed, label), epoch };
      } catch (error) {
        if (!(error instanceof Refusal) || error.code !== "crypto.wrong_key") throw error;
      }
    }
    return { key: await openKey(await inboxPrivate(await this.keyOf(1)), sealed, label), epoch: 1 };
  }

  /**
   * The workspace key of an epoch: each one is wrapped under the one after it.
   * @param {number} epoch
   * @returns {Promise<Uint8Array>}
   * @throws {Refusal} There is none, or it is another one than the list of that epoch names.
   */
  async keyOf(epoch) {
    const known = this.keys.get(epoch);
    if (known !== undefined) return known;
    const named = this.lists.findLast((list) => list.epoch === epoch);
    if (named === undefined) throw new Refusal("wrong_key");
    const next = await this.keyOf(epoch + 1);
    const found = this.served.earlier.find((earlier) => earlier.epoch === epoch + 1);
    if (found === undefined) throw new Refusal("wrong_key");
    const place = {
      kind: WrapKind.WORKSPACE_KEY_UNDER_NEXT,
      epoch: epoch + 1,
      wrappingKeyId: await keyId(next),
      subject: fromHex(this.id),
    };
    const key = await unwrap(next, fromBase64(found.wrapped), place);
    await named.requireKey(key);
    this.keys.set(epoch, key);
    return key;
  }

  /**
   * @param {number} epoch
   * @param {Uint8Array} documentId
   */
  async place(epoch, documentId) {
    const wrappingKeyId = await keyId(await this.keyOf(epoch));
    return { kind: WrapKind.FILE_KEY_UNDER_WORKSPACE_KEY, epoch, wrappingKeyId, subject: documentId };
  }
}
