/** A private transcript as a page opens it, before an appliance that may lie. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { same } from "../../appliance/web/static/js/crypto/bytes.js";
import { Appliance, Person, pretendPage, result } from "./lying_appliance.mjs";

pretendPage();
const { NotAsRemembered, PrivateTranscript } = await import("../../appliance/web/static/js/private/source.js");

let appliance, person, page;

beforeEach(async () => {
  localStorage.clear();
  appliance = new Appliance();
  person = await Person.fresh();
  page = person.page();
});

async function put(recording, text) {
  const made = await result(person, text);
  appliance.serving.set(recording, made.served);
  return made;
}

function spoken(source) {
  return source.transcript.segments[0].text;
}

function isRefusedAs(verdict) {
  return (error) => error instanceof NotAsRemembered && error.verdict === verdict;
}

for (const [where, next] of [["this page", () => page], ["another page of the same person", () => person.page()]]) {
  test(`another document that is served for an opened recording is refused in ${where}`, async () => {
    await put("a", "lunch menu");
    await PrivateTranscript.open(page, "a");
    await put("a", "a forged result");
    await assert.rejects(PrivateTranscript.open(next(), "a"), isRefusedAs("exchanged"));
  });

  test(`the document of another recording is refused in ${where}, and its key is not handed on`, async () => {
    await put("a", "lunch menu");
    await put("b", "the merger");
    await PrivateTranscript.open(page, "a");
    await PrivateTranscript.open(page, "b");
    appliance.serving.set("a", appliance.serving.get("b"));
    await assert.rejects(PrivateTranscript.open(next(), "a"), isRefusedAs("exchanged"));
  });
}

test("what a page shows stays the document of its recording, even where the appliance serves another index", async () => {
  await put("a", "lunch menu");
  const shown = await PrivateTranscript.open(page, "a");
  localStorage.clear();
  appliance.index = { version: 0, sealed: "" };
  await put("a", "the merger");
  await assert.rejects(PrivateTranscript.open(page, "a"), isRefusedAs("exchanged"));
  assert.equal(spoken(shown), "lunch menu");
});

test("asked for once more, the key is that of the very document that was shown", async () => {
  await put("a", "lunch menu");
  const shown = await PrivateTranscript.open(page, "a");
  const again = await PrivateTranscript.open(page, "a");
  assert.ok(same(again.fileKey, shown.fileKey) && same(again.documentId, shown.documentId));
});

test("a version that another tab stored while this one was being served is no lie", async () => {
  await put("a", "lunch menu");
  const first = await PrivateTranscript.open(page, "a");
  const before = structuredClone(appliance.serving.get("a"));
  await first.save(first.transcript);
  const answers = [before];
  appliance.answers["GET /recordings/a/sealed"] = () => [200, answers.pop() ?? appliance.serving.get("a")];
  assert.equal((await PrivateTranscript.open(person.page(), "a")).version, first.version);
});
