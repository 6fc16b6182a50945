/** Titles of private recordings, before an appliance that may serve one in the place of another. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { emptyMemory, forget, remember } from "../../appliance/web/static/js/pure/memory.js";
import { forgetWorkspaces } from "../../appliance/web/static/js/pure/pinned.js";
import { judgeTitle, rememberTitle } from "../../appliance/web/static/js/pure/titled.js";
import { Appliance, Person, pretendPage } from "./lying_appliance.mjs";

pretendPage();
const { SealedIndex } = await import("../../appliance/web/static/js/private/index.js");
const { keysAt } = await import("../../appliance/web/static/js/private/keys.js");
const { TitleExchanged, TitlesOfPage, noteOwnTitle } = await import("../../appliance/web/static/js/private/title_memory.js");
const { openTitle, sealTitle } = await import("../../appliance/web/static/js/private/titles.js");

let appliance, person, page;

beforeEach(async () => {
  localStorage.clear();
  appliance = new Appliance();
  person = await Person.fresh();
  page = person.page();
});

async function sealed(title) {
  return sealTitle(await keysAt(page, ""), title);
}

async function written(onPage) {
  await (await TitlesOfPage.of(onPage)).saving;
  return (await SealedIndex.load(person.page())).memory;
}

test("the title of another recording, and a title that came later, are refused on every page from then on", async () => {
  const [one, two] = [await sealed("Ward 4"), await sealed("Ward 5")];
  assert.equal(await openTitle(page, "a", one), "Ward 4");
  assert.equal(await openTitle(page, "b", two), "Ward 5");
  await written(page);
  for (const each of [page, person.page()]) {
    assert.equal(await openTitle(each, "a", one), "Ward 4");
    await assert.rejects(openTitle(each, "a", two), TitleExchanged);
    await assert.rejects(openTitle(each, "c", two), TitleExchanged);
    await assert.rejects(openTitle(each, "b", await sealed("Ward 6")), TitleExchanged);
  }
});

test("a page that opens many titles saves them once", async () => {
  const titles = await Promise.all(["one", "two", "three", "four"].map(sealed));
  await Promise.all(titles.map((title, number) => openTitle(page, `r${number}`, title)));
  assert.equal(Object.keys((await written(page)).titles).length, 4);
  assert.equal(appliance.index.version, 1);
});

test("the title of an upload is remembered before anybody opens it", async () => {
  const [mine, other] = [await sealed("Ward 4"), await sealed("Ward 5")];
  await noteOwnTitle(page, "a", Buffer.from(mine.sealed, "base64"));
  await assert.rejects(openTitle(page, "a", other), TitleExchanged);
});

test("what another browser remembered first is kept, and what is deleted or left is forgotten", () => {
  const first = rememberTitle(emptyMemory(), "r1", "aa");
  assert.equal(rememberTitle(first, "r1", "bb"), first);
  assert.equal(judgeTitle(forget(first, ["r1"]), "r1", "bb"), "first");
  const seen = { recording: "r1", version: 2, sha256: "cc", workspace: "w1", epoch: 1 };
  assert.equal(judgeTitle(forgetWorkspaces(remember(first, "d1", seen), ["w1"]), "r1", "bb"), "first");
});
