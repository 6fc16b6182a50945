// @ts-check
/** Who somebody is, before an appliance that puts names beside keys as it likes. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { toBase64, toHex } from "../../appliance/web/static/js/crypto/bytes.js";
import { fingerprint } from "../../appliance/web/static/js/crypto/identity.js";
import { emptyMemory } from "../../appliance/web/static/js/pure/memory.js";
import { acquaintance, isSameName, knownName, naming, rememberList, rememberPerson } from "../../appliance/web/static/js/pure/pinned.js";
import { beforeImporting, LyingAppliance, memberOf, person } from "./lying.mjs";

beforeImporting();
const { findPerson, judgePerson } = await import("../../appliance/web/static/js/workspaces/people.js");
const { describeMember } = await import("../../appliance/web/static/js/workspaces/members_list.js");
const { addMember } = await import("../../appliance/web/static/js/workspaces/changes.js");
const { OpenedWorkspace } = await import("../../appliance/web/static/js/workspaces/opened.js");

let anna, bob, eve, appliance, id;
const printOf = async ({ ed, x }) => toHex(await fingerprint(ed, x));
const compared = async (memory, who, name = who.name) => {
  return rememberPerson(memory, who.accountId, { fingerprint: await printOf(who), compared: true, name });
};
const asServed = async (memory, who, name = who.name) => {
  return judgePerson(memory, { account: who.accountId, name }, await printOf(who));
};

beforeEach(async () => {
  [anna, bob, eve] = await Promise.all([person("Anna"), person("Bob"), person("Eve")]);
  appliance = new LyingAppliance(anna, bob, eve);
  id = await appliance.make(anna, "Ward 7");
  for (const who of [bob, eve]) appliance.store(id, await addMember(await opened(), memberOf(who)));
});

const opened = () => OpenedWorkspace.open(anna, id, appliance.serve(id), null);

test("somebody who was compared comes in as compared under their own name", async () => {
  const memory = await compared(emptyMemory(), eve);
  const { isCompared, mustCompare, warning } = await asServed(memory, eve);
  assert.deepEqual({ isCompared, mustCompare, warning }, { isCompared: true, mustCompare: false, warning: "" });
  assert.equal((await asServed(memory, eve, " eve ")).isCompared, true);
});

test("Eve who was compared is not taken in as Bob", async () => {
  const memory = await compared(emptyMemory(), eve);
  const { isCompared, mustCompare, hasOtherKeys, warning } = await asServed(memory, eve, "Bob");
  assert.deepEqual([isCompared, mustCompare, hasOtherKeys, warning], [false, true, false, "other_name"]);
});

test("an unknown account under the name of somebody known is not taken in unseen", async () => {
  const memory = await compared(emptyMemory(), bob);
  const { isCompared, mustCompare, warning } = await asServed(memory, eve, "ＢＯＢ\u200b");
  assert.deepEqual([isCompared, mustCompare, warning], [false, true, "name_taken"]);
});

test("who was taken in without a comparison keeps the name too", async () => {
  const memory = rememberPerson(emptyMemory(), eve.accountId, { fingerprint: await printOf(eve), compared: false, name: "Eve" });
  assert.equal((await asServed(memory, eve, "Bob")).warning, "other_name");
  assert.equal((await asServed(memory, bob, "Eve")).warning, "name_taken");
  assert.deepEqual(await asServed(memory, eve), { isCompared: false, mustCompare: false, hasOtherKeys: false, warning: "" });
});

test("a comparison of which no name is remembered counts as none", async () => {
  const print = await printOf(eve);
  const memory = rememberPerson(emptyMemory(), eve.accountId, { fingerprint: print, compared: true });
  assert.equal(acquaintance(memory, eve.accountId, print), "seen");
  assert.equal((await asServed(memory, eve, "Bob")).isCompared, false);
});

test("two accounts of one name are told apart once both were compared", async () => {
  const memory = await compared(await compared(emptyMemory(), bob), eve, "Bob");
  assert.equal(naming(memory, bob.accountId, "Bob"), "same");
  assert.equal(naming(memory, eve.accountId, "Bob"), "same");
  assert.equal(naming(memory, anna.accountId, "Bob"), "taken");
});

test("a list names nobody and forgets no name", async () => {
  const memory = rememberList(await compared(emptyMemory(), bob), "w1", { version: 1, sha256: "aa", epoch: 1 }, { [bob.accountId]: "f0", [eve.accountId]: "f1" });
  assert.deepEqual([knownName(memory, bob.accountId), knownName(memory, eve.accountId)], ["Bob", null]);
});

test("names are the same where the appliance takes them for one", () => {
  for (const [one, other] of [["Straße", "STRASSE"], ["Zoe\u0301", "Zoé"], ["Anna  Lee", "anna lee"], ["B\u202eob", "Bob"]]) {
    assert.ok(isSameName(one, other), one);
  }
  assert.ok(!isSameName("Zoe", "Zoé"));
  assert.ok(!isSameName("Anna Lee", "Annalee"));
});

test("an answer with another name than was asked for is refused", async () => {
  const { accountId: account, ed, x } = eve;
  appliance.find = () => ({ account, name: "Eve", ed: toBase64(ed), x: toBase64(x) });
  await assert.rejects(findPerson("Bob"), { message: "somebody_else" });
  assert.equal((await findPerson("eve")).account, account);
});

test("members are called by the remembered names, and other names are shown as the appliance's", async () => {
  const memory = await compared(emptyMemory(), bob);
  appliance.names.set(bob.accountId, "Eve").set(eve.accountId, "Bob");
  const there = await opened();
  const [asBob, asEve] = await Promise.all(there.list.members.slice(1).map((member) => describeMember(there, memory, member)));
  assert.deepEqual([asBob.name, asBob.known, asBob.troubles], ["Bob", "compared", ["called_otherwise"]]);
  assert.deepEqual([asEve.name, asEve.known, asEve.troubles], ["Bob", "unknown", ["known_elsewhere"]]);
  assert.equal(toHex(asBob.print), await printOf(bob));
});

test("an account that is gone keeps the name that is remembered", async () => {
  appliance.names.delete(bob.accountId);
  const there = await opened();
  const bobs = there.list.members[1];
  const known = await describeMember(there, await compared(emptyMemory(), bob), bobs);
  const unknown = await describeMember(there, emptyMemory(), bobs);
  assert.deepEqual([known.name, known.isNamed, known.troubles], ["Bob", true, ["not_let_in"]]);
  assert.deepEqual([unknown.name, unknown.isNamed], ["gone", false]);
});
