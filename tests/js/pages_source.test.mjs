import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { renamed } from "../../appliance/web/static/js/pure/transcript.js";
import { openTranscript } from "../../appliance/web/static/js/transcript_source.js";

const TRANSCRIPT = {
  schema: 1,
  language: "en",
  duration_s: 1,
  models: {},
  speakers: [{ id: "S1", name: "Speaker 1" }, { id: "S2", name: "Speaker 2" }],
  segments: [],
  turns: [],
};
const PLACE = { dataset: { transcript: "/recordings/1/transcript.json", speakersAt: "/recordings/1/speakers/", title: "Hearing.wav" } };

/** An appliance that trims names and refuses whatever was typed over an older version. */
function appliance() {
  const asked = [];
  let version = 1;
  globalThis.document = { querySelector: () => null };
  globalThis.fetch = async (address, { method, body }) => {
    const content = body && JSON.parse(body);
    asked.push([method, address, content]);
    if (method === "GET") return answer(200, { version, transcript: structuredClone(TRANSCRIPT) });
    if (content.version !== version) return answer(409, { code: "access.conflict", message: "changed somewhere else" });
    version += 1;
    return answer(200, { version, name: content.name.trim() });
  };
  return { asked, change: () => (version += 1) };
}

function answer(status, content) {
  return { status, text: async () => JSON.stringify(content) };
}

let there;
beforeEach(() => {
  there = appliance();
});

test("a transcript opens with its version and its title", async () => {
  const opened = await openTranscript(PLACE);
  assert.deepEqual([opened.version, opened.title, opened.transcript], [1, "Hearing.wav", TRANSCRIPT]);
});

test("names are saved one by one, and kept as the appliance wrote them", async () => {
  const opened = await openTranscript(PLACE);
  const saved = await opened.save(renamed(renamed(opened.transcript, "S1", " Judge "), "S2", "Clerk"));
  assert.deepEqual(saved.speakers, [{ id: "S1", name: "Judge" }, { id: "S2", name: "Clerk" }]);
  assert.equal(opened.transcript, saved);
  assert.equal(opened.version, 3);
  assert.deepEqual(there.asked.slice(1), [
    ["PATCH", "/recordings/1/speakers/S1", { name: " Judge ", version: 1 }],
    ["PATCH", "/recordings/1/speakers/S2", { name: "Clerk", version: 2 }],
  ]);
});

test("a name that was refused leaves what is open as it was", async () => {
  const opened = await openTranscript(PLACE);
  there.change();
  await assert.rejects(opened.save(renamed(opened.transcript, "S1", "Judge")), { code: "access.conflict" });
  assert.deepEqual([opened.version, opened.transcript], [1, TRANSCRIPT]);
});

test("a change that the appliance cannot keep is refused before anything is sent", async () => {
  const opened = await openTranscript(PLACE);
  const before = there.asked.length;
  const { transcript } = opened;
  for (const changed of [
    { ...transcript, segments: [] },
    { ...transcript, speakers: [] },
    { ...transcript, speakers: [...transcript.speakers].reverse() },
  ]) {
    await assert.rejects(opened.save(changed), /only the names/);
  }
  assert.equal(there.asked.length, before);
});
