/** A private transcript as a page opens it, before an appliance that may lie. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { fromBase64, same, toBase64 } from "../../appliance/web/static/js/crypto/bytes.js";
import { WrapKind } from "../../appliance/web/static/js/crypto/keywrap.js";
import { Appliance, CONFLICT, Person, pretendPage, result, served } from "./lying_appliance.mjs";

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

test("the first opening seals the same words anew, under a key that the engine never had", async () => {
  const { key } = await put("a", "lunch menu");
  const opened = await PrivateTranscript.open(page, "a");
  const kept = appliance.serving.get("a");
  assert.deepEqual([kept.version, opened.version, kept.wraps.length], [2, 2, 1]);
  assert.equal(kept.wraps[0].kind, WrapKind.FILE_KEY_UNDER_USER_KEY);
  assert.equal(kept.sealed, opened.sealed);
  assert.ok(!same(opened.fileKey, key));
  const again = await PrivateTranscript.open(person.page(), "a");
  assert.deepEqual([again.version, spoken(again)], [2, "lunch menu"]);
});

test("a later version under the engine's key is refused, with its sealed key and with any wrap of it", async () => {
  const { key, served: engine } = await put("a", "lunch menu");
  const sealedKey = engine.wraps;
  await PrivateTranscript.open(page, "a");
  const id = fromBase64(engine.document_id);
  const wrapped = toBase64(await page.wrapFileKey(id, key));
  const own = [{ kind: WrapKind.FILE_KEY_UNDER_USER_KEY, holder: engine.wraps[0].holder, wrapped }];
  for (const [wraps, verdict] of [[sealedKey, "exchanged"], [own, "older"]]) {
    appliance.serving.set("a", await served(id, 3, key, "forged", wraps));
    await assert.rejects(PrivateTranscript.open(person.page(), "a"), isRefusedAs(verdict));
  }
});

test("a result that is served as a later version than the first is forged", async () => {
  appliance.serving.set("a", (await result(person, "forged", { version: 2 })).served);
  await assert.rejects(PrivateTranscript.open(page, "a"), isRefusedAs("exchanged"));
});

test("two tabs that open a result at the same moment both show it, and its key is that of the quicker one", async () => {
  await put("a", "lunch menu");
  const pages = [person.page(), person.page(), person.page()];
  const opened = await Promise.all(pages.map((each) => PrivateTranscript.open(each, "a")));
  assert.deepEqual(opened.map(({ version }) => version), [2, 2, 2]);
  assert.deepEqual(opened.map(spoken), ["lunch menu", "lunch menu", "lunch menu"]);
  assert.ok(opened.every(({ fileKey }) => same(fileKey, opened[0].fileKey)));
  assert.equal(appliance.serving.get("a").version, 2);
});

test("an appliance that refuses to store and then serves a forged result is seen through", async () => {
  const { served: engine } = await put("a", "lunch menu");
  const documentId = fromBase64(engine.document_id);
  const forged = await result(person, "forged", { documentId, version: 2 });
  appliance.answers["PUT /recordings/a/sealed"] = () => {
    appliance.serving.set("a", forged.served);
    return CONFLICT;
  };
  await assert.rejects(PrivateTranscript.open(page, "a"), isRefusedAs("exchanged"));
});

test("an appliance that says it has stored and goes on serving the result is seen through", async () => {
  await put("a", "lunch menu");
  appliance.answers["PUT /recordings/a/sealed"] = () => [200, { version: 1 }];
  await PrivateTranscript.open(page, "a");
  await assert.rejects(PrivateTranscript.open(person.page(), "a"), isRefusedAs("older"));
});
