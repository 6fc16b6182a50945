// @ts-check
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { emptyMemory, forgetPacks, judgePack, packsToClear, remember, rememberPack } from "../../appliance/web/static/js/pure/memory.js";
import { PACK_BYTES, changed, choosePack, coverage, coversOf, entryOf, readPack, sizeOf, writePack } from "../../appliance/web/static/js/pure/packs.js";
import { parse } from "../../appliance/web/static/js/pure/query.js";
import { prepare, scan } from "../../appliance/web/static/js/pure/scan.js";

const vectors = JSON.parse(readFileSync(new URL("../vectors/search.json", import.meta.url), "utf8"));
const packed = vectors.documents.map((/** @type {any} */ entry, /** @type {number} */ number) => ({ ...entry, document: `d${number}`, version: 1 }));
const opened = readPack(writePack(packed)).map(prepare);

for (const { name, query, speaker, scope, too_long: tooLong } of vectors.cases) {
  if (tooLong) continue;
  test(`out of a pack: ${name}`, () => {
    const asked = parse(query, speaker);
    assert.deepEqual(scan(asked, opened, scope), scan(asked, vectors.documents.map(prepare), scope));
  });
}

test("a pack that was opened is written as it was", () => {
  assert.equal(writePack(readPack(writePack(opened)).map(prepare)) === writePack(opened), true);
});

test("a pack of a later schema is refused", () => assert.throws(() => readPack('{"schema":2,"entries":[]}'), RangeError));

test("what is searched of a transcript has no words and no times but the beginnings", () => {
  const words = [{ start: 0, end: 1, text: "cafe\u0301", score: 0.9, timed_by: "asr" }];
  const transcript = {
    schema: 1,
    language: "fr",
    duration_s: 2,
    models: {},
    turns: [],
    speakers: [{ id: "S1", name: "Ana" }],
    segments: [
      { id: 0, start: 0.5, end: 1, speaker: "S1", text: "cafe\u0301", words },
      { id: 1, start: 1, end: 2, speaker: null, text: "\ud800", words: [] },
    ],
  };
  const place = { recording: "r", document: "d", version: 2, created_ms: 5, title: "Cafe\u0301" };
  const entry = entryOf(transcript, place);
  assert.deepEqual(entry, {
    ...place,
    title: "Caf\u00e9",
    language: "fr",
    speakers: [{ id: "S1", name: "Ana" }],
    passages: [
      { start: 0.5, speaker: "S1", text: "caf\u00e9" },
      { start: 1, speaker: null, text: "\ud800" },
    ],
  });
  assert.ok(writePack([entry]).isWellFormed?.() ?? true, "half a letter does not stop a pack from being sealed");
  assert.equal(sizeOf(entry) + writePack([]).length, new TextEncoder().encode(writePack([entry])).length + 1);
});

test("what is put takes the place of an earlier version, and what may not stay goes", () => {
  const [one, two, three] = packed;
  const next = { ...two, version: 2 };
  assert.deepEqual(coversOf(changed([one, two, three], [next], new Set(["d0", "d1"]))), { d0: 1, d1: 2 });
});

test("an entry goes where it stood, else into the fullest pack with room, else into another", () => {
  const packs = new Map([
    ["a", { bytes: 100, covers: { d1: 1 } }],
    ["b", { bytes: 900, covers: {} }],
    ["c", { bytes: PACK_BYTES, covers: { d2: 1 } }],
  ]);
  assert.equal(choosePack(packs, "d1", 50), "a");
  assert.equal(choosePack(packs, "d2", 50), "c");
  assert.equal(choosePack(packs, "d9", 50), "b");
  assert.equal(choosePack(packs, "d9", PACK_BYTES - 100), "a");
  assert.equal(choosePack(packs, "d9", PACK_BYTES), null);
});

const kept = [
  { recording: "r1", document: "d1", version: 2, created_ms: 1 },
  { recording: "r2", document: "d2", version: 1, created_ms: 2 },
];
const seen = { version: 1, sha256: "aa" };
const memory = remember(
  remember(emptyMemory(), "d1", { ...seen, recording: "r1", version: 2 }),
  "d2",
  { ...seen, recording: "r2" },
);

test("what is as remembered is searched, and nothing is left to read", () => {
  const found = coverage(memory, kept, new Map([["p", { d1: 2, d2: 1 }]]));
  assert.deepEqual(found, { fresh: new Map([["p", new Set(["d1", "d2"])]]), untidy: [], uncovered: [], refused: [] });
});

test("an older version, a stranger's and a deleted transcript are not searched", () => {
  const found = coverage(memory, kept, new Map([["p", { d1: 1, d2: 1, d3: 1 }]]));
  assert.deepEqual(found.fresh.get("p"), new Set(["d2"]));
  assert.deepEqual(found.untidy, ["p"]);
  assert.deepEqual(found.uncovered.map(({ document }) => document), ["d1"]);
});

test("the same transcript in two packs is searched once", () => {
  const found = coverage(memory, kept, new Map([["p", { d1: 2 }], ["q", { d1: 2, d2: 1 }]]));
  assert.deepEqual(found.fresh.get("q"), new Set(["d2"]));
  assert.deepEqual(found.untidy, ["q"]);
});

test("a transcript that another browser changed is read again", () => {
  const found = coverage(memory, [{ ...kept[0], version: 3 }], new Map([["p", { d1: 2 }]]));
  assert.deepEqual(found.uncovered.map(({ document }) => document), ["d1"]);
});

test("a transcript of which an older version is served is searched as it was seen, or counted as refused", () => {
  const older = [{ ...kept[0], version: 1 }];
  assert.deepEqual(coverage(memory, older, new Map([["p", { d1: 2 }]])).fresh.get("p"), new Set(["d1"]));
  assert.deepEqual(coverage(memory, older, new Map()).refused, older);
  assert.deepEqual(coverage(memory, older, new Map()).uncovered, []);
});

test("a document that is served under another recording is read again, and so noticed", () => {
  const moved = [{ ...kept[0], recording: "r9" }];
  assert.deepEqual(coverage(memory, moved, new Map([["p", { d1: 2 }]])).uncovered, moved);
});

test("an empty pack is to be deleted", () => assert.deepEqual(coverage(memory, [], new Map([["p", {}]])).untidy, ["p"]));

const withPack = rememberPack(memory, "p", { version: 3, sha256: "cc", bytes: 10, covers: { d1: 2, d2: 1 } });

test("a replayed, an exchanged and a newer pack are told apart", () => {
  assert.equal(judgePack(withPack, "p", 2, "cc"), "older");
  assert.equal(judgePack(withPack, "p", 3, "dd"), "exchanged");
  assert.equal(judgePack(withPack, "p", 3, "cc"), "same");
  assert.equal(judgePack(withPack, "p", 4, "dd"), "newer");
  assert.equal(judgePack(withPack, "q", 1, "dd"), "first");
});

test("what is remembered is never set back", () => {
  const late = rememberPack(withPack, "p", { version: 2, sha256: "bb", bytes: 1, covers: {} });
  assert.equal(late.packs.p.version, 3);
  assert.equal(remember(withPack, "d1", { ...seen, recording: "r1" }).documents.d1.version, 2);
});

test("a pack is to be cleared when a transcript in it is kept no more", () => {
  assert.deepEqual(packsToClear(withPack, kept), []);
  assert.deepEqual(packsToClear(withPack, kept.slice(1)), ["p"]);
  assert.deepEqual(packsToClear(forgetPacks(withPack, ["p"]), []), []);
});
