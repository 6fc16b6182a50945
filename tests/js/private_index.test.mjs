/** The sealed index as one browser sees it, before an appliance that may put another one in its place. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { remember } from "../../appliance/web/static/js/pure/memory.js";
import { Appliance, Person, pretendPage } from "./lying_appliance.mjs";

pretendPage();
const { IndexForked, IndexRolledBack, SealedIndex } = await import("../../appliance/web/static/js/private/index.js");

let appliance, person;

beforeEach(async () => {
  localStorage.clear();
  appliance = new Appliance();
  person = await Person.fresh();
});

function noting(document) {
  return (memory) => remember(memory, document, { recording: `of ${document}`, version: 1, sha256: "aa" });
}

/** What the appliance has after one more saving. */
async function saved(document) {
  await (await SealedIndex.load(person.page())).save(noting(document));
  return appliance.index;
}

test("an older index is refused", async () => {
  const first = await saved("d1");
  await saved("d2");
  appliance.index = first;
  await assert.rejects(SealedIndex.load(person.page()), IndexRolledBack);
});

test("another index under the version that was seen is refused", async () => {
  const first = await saved("d1");
  const mine = await saved("d2");
  const [browser, hers] = [globalThis.localStorage, (appliance.index = first)];
  pretendPage();
  const other = await saved("d3");
  globalThis.localStorage = browser;
  assert.deepEqual([hers.version, other.version], [first.version, mine.version]);
  await assert.rejects(SealedIndex.load(person.page()), IndexForked);
  appliance.index = mine;
  assert.deepEqual(Object.keys((await SealedIndex.load(person.page())).memory.documents), ["d1", "d2"]);
});

test("an appliance that takes the same version from two tabs is seen through by the second", async () => {
  const [one, two] = [await SealedIndex.load(person.page()), await SealedIndex.load(person.page())];
  appliance.answers["PUT /vault/index"] = () => [200, {}];
  await one.save(noting("d1"));
  await assert.rejects(two.save(noting("d2")), IndexForked);
});

test("a browser that was slower reads the other's index and makes its change on that", async () => {
  const [one, two] = [await SealedIndex.load(person.page()), await SealedIndex.load(person.page())];
  await one.save(noting("d1"));
  await two.save(noting("d2"));
  assert.deepEqual(Object.keys((await SealedIndex.load(person.page())).memory.documents), ["d1", "d2"]);
});

test("who enrolls afresh begins with an empty index, in the same browser and under the same account", async () => {
  await saved("d1");
  const { accountId } = person;
  person = Object.assign(await Person.fresh(), { accountId });
  appliance.index = { version: 0, sealed: "" };
  assert.deepEqual((await SealedIndex.load(person.page())).memory.documents, {});
  await saved("d2");
  await SealedIndex.load(person.page());
});
