// @ts-check
/** Changes of a workspace, before an appliance that says it stored them, or that somebody was quicker. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { fromBase64, sha256, toHex } from "../../appliance/web/static/js/crypto/bytes.js";
import { MemberList, Role } from "../../appliance/web/static/js/crypto/members.js";
import { seenList } from "../../appliance/web/static/js/pure/pinned.js";
import { beforeImporting, LyingAppliance, memberOf, person } from "./lying.mjs";

beforeImporting();
const { changeWorkspace, loadWorkspace, NotStored } = await import("../../appliance/web/static/js/workspaces/loading.js");
const { addMember, changeRole, makeWorkspace, removeMember, rename } = await import("../../appliance/web/static/js/workspaces/changes.js");
const { inWords } = await import("../../appliance/web/static/js/workspaces/trouble.js");
const { SealedIndex } = await import("../../appliance/web/static/js/private/index.js");
const { OpenedWorkspace } = await import("../../appliance/web/static/js/workspaces/opened.js");

let anna, ben, eve, appliance, id;

beforeEach(async () => {
  [anna, ben, eve] = await Promise.all([person("Anna"), person("Ben"), person("Eve")]);
  appliance = new LyingAppliance(anna, ben, eve);
  id = await appliance.make(anna, "Ward 7");
  for (const who of [ben, eve]) await changeWorkspace(anna, id, (opened) => addMember(opened, memberOf(who)));
  await changeWorkspace(anna, id, (opened) => changeRole(opened, ben.accountId, Role.OWNER));
  appliance.sent = [];
});

const removeEve = () => changeWorkspace(anna, id, (opened) => removeMember(opened, eve.accountId));
const remembered = async () => seenList((await SealedIndex.loadMemory(anna)).memory, id);
const versions = () => appliance.sent.map(({ body }) => MemberList.decode(fromBase64(body)).version);
const isNotStored = (reason) => (error) => error instanceof NotStored && error.reason === reason && inWords(error) === reason;

test("a change that is stored is shown, and its list is the one that is remembered", async () => {
  const after = await removeEve();
  assert.deepEqual([after.list.version, after.list.members.length], [5, 2]);
  const { version, sha256: digest } = await remembered();
  assert.deepEqual([version, digest], [5, toHex(await sha256(fromBase64(appliance.sent[0].body)))]);
});

test("a conflict without a newer list is refused, and the owner signs no second list of the version", async () => {
  appliance.lies = ["conflict", "conflict", "conflict", "dropped"];
  await assert.rejects(removeEve(), isNotStored("not_newer"));
  assert.deepEqual(versions(), [5]);
});

test("a change that the appliance says it stored and does not show is not said to be made", async () => {
  appliance.lies = ["dropped"];
  await assert.rejects(removeEve(), isNotStored("not_kept"));
  assert.equal((await remembered()).version, 4);
});

test("another list in the place of the one that was sent is not taken for it, and is not remembered", async () => {
  const byBen = await rename(await OpenedWorkspace.open(ben, id, appliance.serve(id, ben), null), "Ward 8");
  appliance.lies = [() => appliance.store(id, byBen)];
  await assert.rejects(removeEve(), isNotStored("not_kept"));
  assert.equal((await remembered()).version, 4);
});

test("where another owner was quicker the change is made on their list", async () => {
  const byBen = await rename(await OpenedWorkspace.open(ben, id, appliance.serve(id, ben), null), "Ward 8");
  const answer = appliance.take.bind(appliance);
  appliance.take = (where, sent) => {
    appliance.take = answer;
    appliance.store(where, byBen);
    appliance.lies = ["conflict"];
    return answer(where, sent);
  };
  const after = await removeEve();
  assert.deepEqual([after.name, after.list.version, after.list.members.length], ["Ward 8", 6, 2]);
  assert.deepEqual(versions(), [5, 6]);
});

test("another owner's list on top of the one that was sent is the newest, and the change is made", async () => {
  await removeEve();
  const byBen = await rename(await OpenedWorkspace.open(ben, id, appliance.serve(id, ben), null), "Ward 9");
  const sent = appliance.sent[0];
  appliance.store(id, byBen);
  assert.equal((await loadWorkspace(anna, id, sent)).name, "Ward 9");
  assert.equal((await remembered()).version, 6);
});

test("who makes a workspace holds it against what they sent", async () => {
  const made = await makeWorkspace(anna, "Ward 9");
  appliance.workspaces.set(made.id, { lists: [], keys: new Map(), earlier: [] });
  appliance.store(made.id, made.sent);
  assert.equal((await loadWorkspace(anna, made.id, made.sent)).name, "Ward 9");
  const other = await makeWorkspace(anna, "Ward 9");
  await assert.rejects(loadWorkspace(anna, made.id, other.sent), isNotStored("not_kept"));
});
