/** Where a private transcript is served, beside where its reader left it. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { fromBase64, fromHex, toBase64 } from "../../appliance/web/static/js/crypto/bytes.js";
import { newDocumentId, newFileKey } from "../../appliance/web/static/js/crypto/envelope.js";
import { WrapKind } from "../../appliance/web/static/js/crypto/keywrap.js";
import { emptyMemory, expectAt, judgePlace, remember } from "../../appliance/web/static/js/pure/memory.js";
import { makeWorkspace } from "../../appliance/web/static/js/workspaces/changes.js";
import { OpenedWorkspace } from "../../appliance/web/static/js/workspaces/opened.js";
import { Appliance, Person, pretendPage, result, served } from "./lying_appliance.mjs";

pretendPage();
const { SealedIndex } = await import("../../appliance/web/static/js/private/index.js");
const { NotAsRemembered, PrivateTranscript } = await import("../../appliance/web/static/js/private/source.js");

let appliance, person;

beforeEach(async () => {
  localStorage.clear();
  appliance = new Appliance();
  person = await Person.fresh();
});

/** A workspace of the person, as the appliance shows it. */
async function workspace() {
  const page = person.page();
  const { id, sent } = await makeWorkspace(page, "Ward 7");
  const lists = [{ ...sent, created_at: "2026-11-25" }];
  const people = [{ account: page.accountId, name: "Anna", is_let_in: true }];
  const shown = { lists, key: sent.keys[0].sealed, earlier: [], people };
  appliance.answers[`GET /workspaces/${id}/sealed`] = () => [200, shown];
  return OpenedWorkspace.open(page, id, shown, null);
}

/** Serve a document in a workspace, as somebody in it would seal it. */
async function serveIn(opened, recording, documentId, version, text) {
  const key = newFileKey();
  const wrapped = toBase64(await opened.wrapFileKey(documentId, key));
  const wraps = [{ kind: WrapKind.FILE_KEY_UNDER_WORKSPACE_KEY, holder: toBase64(fromHex(opened.id)), wrapped }];
  appliance.serving.set(recording, { ...(await served(documentId, version, key, text, wraps)), workspace: opened.id });
}

function isRefusedAs(verdict) {
  return (error) => error instanceof NotAsRemembered && error.verdict === verdict;
}

test("what was this person's alone is refused where it comes in a workspace, and they did not move it", async () => {
  const { served: engine } = await result(person, "the merger");
  appliance.serving.set("a", engine);
  await PrivateTranscript.open(person.page(), "a");
  await serveIn(await workspace(), "a", fromBase64(engine.document_id), 3, "forged by a member");
  await assert.rejects(PrivateTranscript.open(person.page(), "a"), isRefusedAs("misplaced"));
});

test("what was in a workspace is refused in another one until the person knows that it was moved", async () => {
  const [documentId, here, there] = [newDocumentId(), await workspace(), await workspace()];
  await serveIn(here, "a", documentId, 2, "round at five");
  await PrivateTranscript.open(person.page(), "a");
  await serveIn(there, "a", documentId, 3, "round at six");
  const page = person.page();
  await assert.rejects(PrivateTranscript.open(page, "a"), isRefusedAs("moved"));
  const index = await SealedIndex.loadMemory(page);
  const [[document]] = Object.entries(index.memory.documents);
  await index.save((memory) => expectAt(memory, document, there.id));
  assert.equal((await PrivateTranscript.open(page, "a")).workspace, there.id);
  await serveIn(here, "a", documentId, 4, "back again");
  await assert.rejects(PrivateTranscript.open(person.page(), "a"), isRefusedAs("moved"));
});

const own = { recording: "r1", version: 2, sha256: "aa", key: "k" };
const alone = remember(emptyMemory(), "d1", own);
const shared = remember(emptyMemory(), "d1", { ...own, workspace: "w1", epoch: 2 });

test("each place is judged by who could have moved it there", () => {
  assert.equal(judgePlace(emptyMemory(), "d1", "w1"), "there");
  assert.equal(judgePlace(alone, "d1", ""), "there");
  assert.equal(judgePlace(alone, "d1", "w1"), "misplaced");
  assert.equal(judgePlace(shared, "d1", ""), "misplaced");
  assert.equal(judgePlace(shared, "d1", "w2"), "moved");
});

test("while a person moves it, it may be at both places, and once it has arrived only there", () => {
  const moving = expectAt(alone, "d1", "w1");
  assert.deepEqual(["", "w1", "w2"].map((place) => judgePlace(moving, "d1", place)), ["there", "arrived", "misplaced"]);
  const arrived = remember(moving, "d1", { ...own, workspace: "w1", epoch: 1 });
  assert.deepEqual(["", "w1"].map((place) => judgePlace(arrived, "d1", place)), ["misplaced", "there"]);
  const back = remember(expectAt(arrived, "d1", ""), "d1", { ...own, version: 3 });
  assert.deepEqual(["", "w1"].map((place) => judgePlace(back, "d1", place)), ["there", "misplaced"]);
});

test("a tab from before a move that saves does not take the move back", () => {
  const moved = remember(expectAt(alone, "d1", "w1"), "d1", { ...own, workspace: "w1", epoch: 4 });
  const saved = remember(moved, "d1", { ...own, version: 3 });
  assert.deepEqual(saved.documents.d1, { ...own, version: 3, workspace: "w1", epoch: 4 });
});
