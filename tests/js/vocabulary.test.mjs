import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { emptyMemory } from "../../appliance/web/static/js/pure/memory.js";
import { forgetWorkspaces, judgeVocabulary, rememberVocabulary } from "../../appliance/web/static/js/pure/pinned.js";
import { readTerms, termsText } from "../../appliance/web/static/js/pure/vocabulary.js";

const VECTORS = JSON.parse(readFileSync(new URL("../vectors/vocabulary.json", import.meta.url), "utf8"));

for (const { name, text, terms } of VECTORS.reads) {
  test(`${name} becomes terms, and these are read the same again`, () => {
    assert.deepEqual(readTerms(text), terms);
    assert.deepEqual(readTerms(termsText(terms)), terms);
  });
}

for (const { name, text, reason, line } of VECTORS.refuses) {
  test(`${name} is refused with its line`, () => {
    assert.throws(() => readTerms(text), { reason, facts: { line } });
  });
}

const numbered = (count) => Array.from({ length: count }, (_, number) => String(number)).join("\n");

test("limits are held to the term, the character and the byte", () => {
  assert.equal(readTerms(numbered(200)).length, 200);
  assert.throws(() => readTerms(numbered(201)), { reason: "terms", facts: { count: 201, most: 200 } });
  assert.equal(readTerms("😀".repeat(80)).length, 1);
  assert.throws(() => readTerms(`fine\n${"😀".repeat(81)}`), { reason: "long", facts: { line: 2, most: 80 } });
  const lines = Array.from({ length: 50 }, (_, number) => String(number).padStart(2, "0") + "x".repeat(78));
  assert.equal(readTerms([...lines, "y".repeat(46)].join("\n")).length, 51);
  assert.throws(() => readTerms([...lines, "y".repeat(47)].join("\n")), { reason: "size" });
});

test("marks without end are refused before they are put in order", () => {
  const marks = "\u0301".repeat(60_000) + "\u0316".repeat(60_000);
  const started = performance.now();
  assert.throws(() => readTerms(`fine\na${marks.slice(45_000, 75_000)}`), { reason: "long", facts: { line: 2, most: 80 } });
  assert.throws(() => readTerms(`${"fine\n".repeat(20_000)}${marks}`), { reason: "size" });
  assert.ok(performance.now() - started < 500); // In order, the second takes ten seconds.
});

test("blanks around a term and marks that become one letter do not count", () => {
  assert.deepEqual(readTerms(`${" ".repeat(900)}${"e\u0301".repeat(60)}\t`), ["\u00e9".repeat(60)]);
});

const seen = { version: 3, sha256: "aa", epoch: 2 };
const memory = rememberVocabulary(emptyMemory(), "w", seen);
const judged = (change) => judgeVocabulary(memory, "w", { ...seen, ...change });

test("a vocabulary that nobody has seen is the first, and the same one is the same", () => {
  assert.equal(judgeVocabulary(emptyMemory(), "w", seen), "first");
  assert.equal(judged({}), "same");
  assert.equal(judged({ version: 4, sha256: "bb" }), "newer");
});

test("an older version, one under an earlier key, and none any more are older", () => {
  assert.equal(judged({ version: 2 }), "older");
  assert.equal(judged({ version: 4, sha256: "bb", epoch: 1 }), "older");
  assert.equal(judged({ version: 0, sha256: "", epoch: 0 }), "older");
});

test("other bytes, or another key, under the same version are an exchange", () => {
  assert.equal(judged({ sha256: "bb" }), "exchanged");
  assert.equal(judged({ epoch: 3 }), "exchanged");
});

test("what is remembered goes forward only, and goes with its workspace", () => {
  assert.equal(rememberVocabulary(memory, "w", { ...seen, version: 2 }), memory);
  assert.equal(rememberVocabulary(memory, "w", { ...seen, version: 4, epoch: 1 }), memory);
  assert.deepEqual(forgetWorkspaces(memory, ["w"]).vocabularies, {});
  assert.deepEqual(forgetWorkspaces(memory, ["other"]).vocabularies, { w: seen });
  assert.ok(!("vocabularies" in forgetWorkspaces(emptyMemory(), ["w"])));
});
