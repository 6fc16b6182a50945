// @ts-check
/**
 * The next member list of a workspace, signed, with the keys that go with it. Rules and keys only: sending it is the
 * caller's, and so is asking whether the person knows whose keys they take in. No document, no network.
 */

import { fromHex, same, toBase64, toHex, utf8 } from "../crypto/bytes.js";
import { DocumentType, newDocumentId, newFileKey, sealDocument } from "../crypto/envelope.js";
import { sealKey, SealedKeyPurpose, xPublicOf } from "../crypto/hpke.js";
import { publicOfSeed } from "../crypto/identity.js";
import { keyId, wrap, WrapKind } from "../crypto/keywrap.js";
import { inboxPrivate, MemberList, Role, signList } from "../crypto/members.js";

/**
 * @typedef {import("./opened.js").OpenedWorkspace} OpenedWorkspace
 * @typedef {import("./opened.js").OwnKeys} OwnKeys
 * @typedef {import("../crypto/members.js").Member} Member
 * @typedef {{body: string, signature: string, keys: {account: string, sealed: string}[], earlier: string | null}} Sent
 * @typedef {{workspace: Uint8Array, version: number, prev: Uint8Array, epoch: number, key: Uint8Array, name: string,
 *   members: Member[]}} Draft - The key itself, where a list has its id.
 */

const NO_LIST = new Uint8Array(32);

/** The change makes no sense as the members are now; `reason` is a word of the page. */
export class NotPossible extends Error {
  /** @param {"not_owner" | "last_owner" | "member_already" | "no_member"} reason */
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

/**
 * A workspace with one owner.
 * @param {OwnKeys} own
 * @param {string} name
 * @returns {Promise<{id: string, sent: Sent}>}
 */
export async function makeWorkspace(own, name) {
  const workspace = newDocumentId();
  const owner = {
    account: fromHex(own.accountId),
    ed: await publicOfSeed(own.edSeed),
    x: await xPublicOf(own.xPrivate),
    role: Role.OWNER,
  };
  const draft = { workspace, version: 1, prev: NO_LIST, epoch: 1, key: newFileKey(), name, members: [owner] };
  const signed = await sign(own, draft);
  return { id: toHex(workspace), sent: { ...signed, keys: await sealTo([owner], draft), earlier: null } };
}

/**
 * One more member. The work does not depend on what is in the workspace: one key is sealed to one person.
 * @param {OpenedWorkspace} opened
 * @param {Member} person
 * @returns {Promise<Sent>}
 * @throws {NotPossible}
 */
export async function addMember(opened, person) {
  const isThere = opened.list.members.some(({ account }) => same(account, person.account));
  if (isThere) throw new NotPossible("member_already");
  const draft = await following(opened, [...opened.list.members, person]);
  return { ...(await sign(opened.own, draft)), keys: await sealTo([person], draft), earlier: null };
}

/**
 * @param {OpenedWorkspace} opened
 * @param {string} account
 * @param {string} role
 * @returns {Promise<Sent>}
 * @throws {NotPossible}
 */
export async function changeRole(opened, account, role) {
  requireMember(opened, account);
  const members = opened.list.members.map((member) => (toHex(member.account) === account ? { ...member, role } : member));
  const draft = await following(opened, members);
  return { ...(await sign(opened.own, draft)), keys: [], earlier: null };
}

/**
 * @param {OpenedWorkspace} opened
 * @param {string} name
 * @returns {Promise<Sent>}
 * @throws {NotPossible}
 */
export async function rename(opened, name) {
  const draft = await following(opened, opened.list.members);
  return { ...(await sign(opened.own, { ...draft, name })), keys: [], earlier: null };
}

/**
 * One member less, and another key for those who stay. What is in the workspace keeps its keys until it is next saved.
 * @param {OpenedWorkspace} opened
 * @param {string} account
 * @returns {Promise<Sent>}
 * @throws {NotPossible}
 */
export async function removeMember(opened, account) {
  requireMember(opened, account);
  const members = opened.list.members.filter((member) => toHex(member.account) !== account);
  const draft = { ...(await following(opened, members)), epoch: opened.list.epoch + 1, key: newFileKey() };
  const place = {
    kind: WrapKind.WORKSPACE_KEY_UNDER_NEXT,
    epoch: draft.epoch,
    wrappingKeyId: await keyId(draft.key),
    subject: draft.workspace,
  };
  const earlier = toBase64(await wrap(draft.key, opened.key, place));
  return { ...(await sign(opened.own, draft)), keys: await sealTo(members, draft), earlier };
}

/**
 * @param {OpenedWorkspace} opened
 * @param {Member[]} members
 * @returns {Promise<Draft>}
 */
async function following(opened, members) {
  if (!opened.isOwner) throw new NotPossible("not_owner");
  if (!members.some(({ account, role }) => role === Role.OWNER && opened.person(toHex(account)).is_let_in)) {
    throw new NotPossible("last_owner");
  }
  const { list, key, name } = opened;
  return { workspace: list.workspace, version: list.version + 1, prev: await list.digest(), epoch: list.epoch, key, name, members };
}

/**
 * @param {OpenedWorkspace} opened
 * @param {string} account
 */
function requireMember(opened, account) {
  if (!opened.list.members.some((member) => toHex(member.account) === account)) throw new NotPossible("no_member");
}

/**
 * @param {OwnKeys} own
 * @param {Draft} draft
 */
async function sign(own, { key, name, ...draft }) {
  const list = new MemberList({
    ...draft,
    key: await keyId(key),
    inbox: await xPublicOf(await inboxPrivate(key)),
    name: await sealDocument(key, DocumentType.NAME, draft.workspace, draft.version, utf8(name)),
    signer: fromHex(own.accountId),
  });
  const { encoded, signature } = await signList(own.edSeed, list);
  return { body: toBase64(encoded), signature: toBase64(signature) };
}

/**
 * @param {Member[]} people
 * @param {Draft} draft
 */
async function sealTo(people, { workspace, key }) {
  return Promise.all(
    people.map(async ({ account, x }) => {
      const label = { purpose: SealedKeyPurpose.WORKSPACE_KEY, recipient: account, subject: workspace };
      return { account: toHex(account), sealed: toBase64(await sealKey(x, key, label)) };
    }),
  );
}
