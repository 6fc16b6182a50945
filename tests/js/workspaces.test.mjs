// @ts-check
/** The rules by which a browser opens and changes a workspace, before an appliance that may lie. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { fromBase64, fromHex, same, toBase64, toHex, utf8 } from "../../appliance/web/static/js/crypto/bytes.js";
import { newDocumentId, newFileKey } from "../../appliance/web/static/js/crypto/envelope.js";
import { sealKey, SealedKeyPurpose, xPublicOf } from "../../appliance/web/static/js/crypto/hpke.js";
import { fingerprint, Identity } from "../../appliance/web/static/js/crypto/identity.js";
import { keyId, readLabel, wrap, WrapKind } from "../../appliance/web/static/js/crypto/keywrap.js";
import { inboxPrivate, MemberList, Role, signList } from "../../appliance/web/static/js/crypto/members.js";
import { emptyMemory, isOlderKey, missing, remember } from "../../appliance/web/static/js/pure/memory.js";
import { acquaintance, forgetWorkspaces, missingWorkspaces, rememberList, rememberPerson, seenList } from "../../appliance/web/static/js/pure/pinned.js";
import { addMember, changeRole, makeWorkspace, removeMember, rename } from "../../appliance/web/static/js/workspaces/changes.js";
import { NotAMember, OpenedWorkspace } from "../../appliance/web/static/js/workspaces/opened.js";

const RESULT = 0x101;

/** An appliance that stores what it gets and answers with it, unless a test makes it lie. */
class Appliance {
  constructor() {
    this.lists = [];
    this.keys = new Map();
    this.earlier = [];
    this.gone = new Set();
  }

  take({ body, signature, keys, earlier }) {
    this.lists.push({ body, signature, created_at: "2026-11-25T09:00:00Z" });
    for (const { account, sealed } of keys) this.keys.set(account, sealed);
    const { epoch } = MemberList.decode(fromBase64(body));
    if (earlier !== null) this.earlier.unshift({ epoch, wrapped: earlier });
  }

  serve(account) {
    const named = this.lists.flatMap(({ body }) => MemberList.decode(fromBase64(body)).members);
    const people = [...new Set(named.map((member) => toHex(member.account)))];
    return {
      lists: [...this.lists],
      key: this.keys.get(account),
      earlier: [...this.earlier],
      people: people.map((id) => ({ account: id, name: id.slice(0, 4), is_let_in: !this.gone.has(id) })),
    };
  }
}

async function person() {
  const identity = Identity.fresh();
  const [ed, x] = [await identity.edPublic(), await identity.xPublic()];
  const accountId = toHex(newDocumentId());
  return { accountId, xPrivate: identity.xPrivate, edSeed: identity.edSeed, ed, x };
}

const memberOf = ({ accountId, ed, x }, role = Role.EDITOR) => ({ account: fromHex(accountId), ed, x, role });
const seenOf = async ({ list }) => ({ version: list.version, sha256: toHex(await list.digest()), epoch: list.epoch });
const refuses = (promise, code) => assert.rejects(promise, (error) => error.code === code);

let anna, ben, cleo, appliance, id;
const open = (who, seen = null, served = appliance.serve(who.accountId)) => OpenedWorkspace.open(who, id, served, seen);

beforeEach(async () => {
  [anna, ben, cleo] = await Promise.all([person(), person(), person()]);
  appliance = new Appliance();
  const made = await makeWorkspace(anna, "Ward 7");
  id = made.id;
  appliance.take(made.sent);
  appliance.take(await addMember(await open(anna), memberOf(ben)));
});

test("whoever is taken in opens the key, the name and the members", async () => {
  const opened = await open(ben);
  assert.equal(opened.name, "Ward 7");
  assert.deepEqual(opened.list.members.map(({ role }) => role), ["owner", "editor"]);
  assert.ok(same(opened.key, (await open(anna)).key));
  assert.ok(opened.mayWrite && !opened.isOwner);
});

test("taking somebody in is one sealed key, however many there are", async () => {
  const sent = await addMember(await open(anna), memberOf(cleo, Role.VIEWER));
  assert.deepEqual(sent.keys.map(({ account }) => account), [cleo.accountId]);
  assert.equal(sent.earlier, null);
});

test("what one member wraps the other unwraps, and nobody moves it to another document", async () => {
  const [document, key] = [newDocumentId(), newFileKey()];
  const wrapped = await (await open(anna)).wrapFileKey(document, key);
  const wraps = [{ kind: WrapKind.FILE_KEY_UNDER_WORKSPACE_KEY, holder: id, wrapped }];
  const found = await (await open(ben)).fileKey(document, wraps);
  assert.ok(same(found.key, key) && found.isAdopted && found.epoch === 1);
  await refuses((await open(ben)).fileKey(newDocumentId(), wraps), "crypto.wrong_context");
  await refuses((await open(ben)).fileKey(document, [{ ...wraps[0], holder: cleo.accountId }]), "crypto.wrong_key");
});

test("after a removal the others read on with another key, and what was wrapped before", async () => {
  const [document, key] = [newDocumentId(), newFileKey()];
  const before = await open(ben);
  const old = [{ kind: WrapKind.FILE_KEY_UNDER_WORKSPACE_KEY, holder: id, wrapped: await before.wrapFileKey(document, key) }];
  appliance.take(await addMember(await open(anna), memberOf(cleo)));
  appliance.take(await removeMember(await open(anna), ben.accountId));
  const after = await open(cleo);
  assert.ok(same((await after.fileKey(document, old)).key, key));
  assert.equal(after.list.epoch, 2);
  const next = await after.wrapFileKey(document, newFileKey());
  assert.equal(readLabel(next).epoch, 2);
  const later = [{ ...old[0], wrapped: next }];
  await refuses(before.fileKey(document, later), "crypto.wrong_key");
  await assert.rejects(open(ben), NotAMember);
});

test("keys of many epochs are found one below the other", async () => {
  const [document, key] = [newDocumentId(), newFileKey()];
  const old = [{ kind: WrapKind.FILE_KEY_UNDER_WORKSPACE_KEY, holder: id, wrapped: await (await open(anna)).wrapFileKey(document, key) }];
  for (let round = 0; round < 4; round += 1) {
    appliance.take(await addMember(await open(anna), memberOf(cleo)));
    appliance.take(await removeMember(await open(anna), cleo.accountId));
  }
  const opened = await open(ben);
  assert.equal(opened.list.epoch, 5);
  assert.ok(same((await opened.fileKey(document, old)).key, key));
});

test("a result is opened by the inbox of the epoch to which it was sealed", async () => {
  const [document, key] = [newDocumentId(), newFileKey()];
  const label = { purpose: SealedKeyPurpose.RESULT, recipient: fromHex(id), subject: document };
  const wrapped = await sealKey((await open(anna)).list.inbox, key, label);
  appliance.take(await addMember(await open(anna), memberOf(cleo)));
  appliance.take(await removeMember(await open(anna), cleo.accountId));
  const found = await (await open(ben)).fileKey(document, [{ kind: RESULT, holder: id, wrapped }]);
  assert.ok(same(found.key, key) && !found.isAdopted && found.epoch === 1);
});

test("swapped public key of a person: the words differ from theirs, and a vault that knows them says so", async () => {
  const swapped = await person();
  const [theirs, served] = [await fingerprint(ben.ed, ben.x), await fingerprint(swapped.ed, swapped.x)];
  const memory = rememberPerson(emptyMemory(), ben.accountId, { fingerprint: toHex(theirs), compared: true, name: "Ben" });
  assert.equal(acquaintance(memory, ben.accountId, toHex(theirs)), "compared");
  assert.equal(acquaintance(memory, ben.accountId, toHex(served)), "other");
  assert.equal(acquaintance(memory, cleo.accountId, toHex(served)), "unknown");
});

test("swapped public key of a person: whose name it is refuses the list", async () => {
  const swapped = { ...(await person()), accountId: cleo.accountId };
  appliance.take(await addMember(await open(anna), memberOf(swapped)));
  await refuses(open(cleo), "crypto.wrong_context");
});

test("forged member list: a signature by a key that no list names is refused", async () => {
  const mallory = { ...(await person()), accountId: anna.accountId };
  const opened = await open(anna);
  const sent = await addMember(Object.assign(opened, { own: mallory }), memberOf(cleo));
  appliance.take(sent);
  await refuses(open(ben), "crypto.member_list.signer");
});

test("list signed by a non-owner: an editor who makes themselves an owner is refused", async () => {
  const opened = await open(anna);
  Object.assign(opened, { own: ben }); // Signs as ben, whose list claims to be an owner's.
  Object.defineProperty(opened, "isOwner", { value: true });
  appliance.take(await changeRole(opened, ben.accountId, Role.OWNER));
  await refuses(open(anna), "crypto.member_list.signer");
});

test("dropped removal: the list before it is refused by who saw the removal", async () => {
  const before = appliance.serve(anna.accountId);
  appliance.take(await removeMember(await open(anna), ben.accountId));
  const seen = await seenOf(await open(anna));
  await refuses(open(anna, seen, before), "crypto.member_list.order");
});

test("dropped removal in the middle: a chain with a hole is refused by everybody", async () => {
  appliance.take(await removeMember(await open(anna), ben.accountId));
  appliance.take(await addMember(await open(anna), memberOf(cleo)));
  appliance.lists.splice(2, 1);
  await refuses(open(cleo), "crypto.member_list.order");
});

test("forked list: who has seen one branch refuses the other, even with the owner's signature", async () => {
  const opened = await open(anna);
  const [one, other] = [await rename(opened, "Ward 8"), await rename(opened, "Ward 9")];
  appliance.take(one);
  const seen = await seenOf(await open(ben));
  appliance.lists.pop();
  appliance.take(other);
  await refuses(open(ben, seen), "crypto.member_list.order");
  assert.equal((await open(ben)).name, "Ward 9");
});

test("a workspace key that does not match the signed key id is not used", async () => {
  const label = { purpose: SealedKeyPurpose.WORKSPACE_KEY, recipient: fromHex(ben.accountId), subject: fromHex(id) };
  appliance.keys.set(ben.accountId, toBase64(await sealKey(ben.x, newFileKey(), label)));
  await refuses(open(ben), "crypto.wrong_context");
});

test("a workspace key that was sealed to somebody else does not open", async () => {
  appliance.keys.set(ben.accountId, appliance.keys.get(anna.accountId));
  await refuses(open(ben), "crypto.wrong_context");
});

test("swapped inbox key: the signature breaks", async () => {
  const list = MemberList.decode(fromBase64(appliance.lists[1].body));
  const inbox = await xPublicOf(await inboxPrivate(newFileKey()));
  appliance.lists[1].body = toBase64(new MemberList({ ...list, inbox }).encode());
  await refuses(open(ben), "crypto.member_list.signer");
});

test("swapped inbox key: one that an owner signed without its key is refused too", async () => {
  const opened = await open(anna);
  const inbox = await xPublicOf(await inboxPrivate(newFileKey()));
  const key = newFileKey();
  const list = new MemberList({
    ...opened.list, version: 3, prev: await opened.list.digest(), epoch: 2, key: await keyId(key), inbox,
  });
  const { encoded, signature } = await signList(anna.edSeed, list);
  const label = { purpose: SealedKeyPurpose.WORKSPACE_KEY, recipient: fromHex(ben.accountId), subject: fromHex(id) };
  const keys = [{ account: ben.accountId, sealed: toBase64(await sealKey(ben.x, key, label)) }];
  appliance.take({ body: toBase64(encoded), signature: toBase64(signature), keys, earlier: null });
  await refuses(open(ben), "crypto.wrong_context");
});

test("a key of an earlier epoch that is another one than its list names is not used", async () => {
  appliance.take(await removeMember(await open(anna), ben.accountId));
  const { key } = await open(anna);
  const place = { kind: WrapKind.WORKSPACE_KEY_UNDER_NEXT, epoch: 2, wrappingKeyId: await keyId(key), subject: fromHex(id) };
  appliance.earlier = [{ epoch: 2, wrapped: toBase64(await wrap(key, newFileKey(), place)) }];
  await refuses((await open(anna)).keyOf(1), "crypto.wrong_context");
  appliance.earlier = [];
  await refuses((await open(anna)).keyOf(1), "crypto.wrong_key");
});

test("a result sealed to the inbox by somebody who only has the public key is not adopted by anybody's wrap", async () => {
  const [document, key] = [newDocumentId(), newFileKey()];
  const label = { purpose: SealedKeyPurpose.RESULT, recipient: fromHex(id), subject: document };
  const opened = await open(ben);
  const wrapped = await sealKey(opened.list.inbox, key, label);
  assert.equal((await opened.fileKey(document, [{ kind: RESULT, holder: id, wrapped }])).isAdopted, false);
});

test("a key of an older epoch than was seen is noticed", () => {
  const memory = remember(emptyMemory(), "d1", { recording: "r1", version: 2, sha256: "aa", workspace: "w1", epoch: 2 });
  assert.equal(isOlderKey(memory, "d1", { id: "w1", epoch: 1 }), true);
  assert.equal(isOlderKey(memory, "d1", { id: "w1", epoch: 2 }), false);
  assert.equal(isOlderKey(memory, "d1", { id: "w2", epoch: 1 }), false);
  assert.equal(isOlderKey(memory, "d2", { id: "w1", epoch: 1 }), false);
});

test("the last owner is neither removed nor demoted", async () => {
  const opened = await open(anna);
  await assert.rejects(changeRole(opened, anna.accountId, Role.VIEWER), { reason: "last_owner" });
  await assert.rejects(removeMember(opened, anna.accountId), { reason: "last_owner" });
  appliance.take(await changeRole(opened, ben.accountId, Role.OWNER));
  appliance.gone.add(ben.accountId); // He left, and does not count.
  await assert.rejects(changeRole(await open(anna), anna.accountId, Role.EDITOR), { reason: "last_owner" });
});

test("only an owner changes members, nobody twice, and nobody who is not there", async () => {
  await assert.rejects(addMember(await open(ben), memberOf(cleo)), { reason: "not_owner" });
  await assert.rejects(addMember(await open(anna), memberOf(ben)), { reason: "member_already" });
  await assert.rejects(removeMember(await open(anna), cleo.accountId), { reason: "no_member" });
});

test("two owners at once: the second list does not follow the first, and is made again on it", async () => {
  appliance.take(await changeRole(await open(anna), ben.accountId, Role.OWNER));
  const [byAnna, byBen] = [await rename(await open(anna), "Ward 8"), await addMember(await open(ben), memberOf(cleo))];
  appliance.take(byAnna);
  appliance.take(byBen);
  await refuses(open(anna), "crypto.member_list.order");
  appliance.lists.pop();
  appliance.take(await addMember(await open(ben), memberOf(cleo)));
  assert.deepEqual([(await open(cleo)).name, (await open(cleo)).list.version], ["Ward 8", 5]);
});

test("a list of another workspace is refused", async () => {
  const other = await makeWorkspace(anna, "Another");
  await refuses(OpenedWorkspace.open(anna, other.id, appliance.serve(anna.accountId), null), "crypto.wrong_context");
});

test("a name that was exchanged for that of another version does not open", async () => {
  const list = MemberList.decode(fromBase64(appliance.lists[1].body));
  const first = MemberList.decode(fromBase64(appliance.lists[0].body));
  const { encoded, signature } = await signList(anna.edSeed, new MemberList({ ...list, name: first.name }));
  appliance.lists[1] = { body: toBase64(encoded), signature: toBase64(signature), created_at: "" };
  await refuses(open(ben), "crypto.wrong_context");
});

test("whom a vault knows keeps the fingerprint that it has seen, whatever a later list says", () => {
  const first = rememberList(emptyMemory(), "w1", { version: 1, sha256: "aa", epoch: 1 }, { a1: "f1" });
  const second = rememberList(first, "w1", { version: 2, sha256: "bb", epoch: 1 }, { a1: "f2", a2: "f3" });
  assert.equal(acquaintance(second, "a1", "f1"), "seen");
  assert.equal(acquaintance(second, "a1", "f2"), "other");
  assert.equal(acquaintance(second, "a2", "f3"), "seen");
  assert.deepEqual(seenList(second, "w1"), { version: 2, sha256: "bb", epoch: 1 });
  assert.equal(seenList(second, "w2"), null);
});

test("a workspace that is hidden is missed, and its documents are not missed one by one", () => {
  const document = { recording: "r1", version: 1, sha256: "aa", workspace: "w1", epoch: 1 };
  const seen = rememberList(emptyMemory(), "w1", { version: 1, sha256: "aa", epoch: 1 }, {});
  const memory = remember(seen, "d1", document);
  assert.deepEqual(missingWorkspaces(memory, []), ["w1"]);
  assert.deepEqual(missingWorkspaces(memory, ["w1"]), []);
  assert.deepEqual(missing(memory, [], []), []);
  assert.deepEqual(missing(memory, [], ["w1"]), ["r1"]);
  assert.deepEqual(forgetWorkspaces(memory, ["w1"]), { ...memory, documents: {}, workspaces: {} });
});

test("a memory from before there were workspaces is read as one without", () => {
  assert.deepEqual(missingWorkspaces(emptyMemory(), []), []);
  assert.equal(seenList(emptyMemory(), "w1"), null);
  assert.equal(acquaintance(emptyMemory(), "a1", "f1"), "unknown");
});

test("the name stays inside the seal", async () => {
  const { sent } = await makeWorkspace(anna, "Ward 7");
  assert.ok(!new TextDecoder("latin1").decode(fromBase64(sent.body)).includes("Ward 7"));
  assert.ok(utf8(sent.body).length < 2000);
});
