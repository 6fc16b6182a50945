// @ts-check
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { foldLetter, foldedLine, foldedLines, plain, tokens, words } from "../../appliance/web/static/js/pure/fold.js";
import { parse } from "../../appliance/web/static/js/pure/query.js";
import { prepare, scan } from "../../appliance/web/static/js/pure/scan.js";
import { snippet } from "../../appliance/web/static/js/pure/snippet.js";

const vectors = JSON.parse(readFileSync(new URL("../vectors/search.json", import.meta.url), "utf8"));
const documents = vectors.documents.map(prepare);

test("every letter is folded as in Python", () => {
  const digest = createHash("sha256");
  for (const [first, last] of vectors.alphabet.ranges) {
    for (let letter = first; letter <= last; letter += 1) {
      digest.update(`${foldLetter(String.fromCodePoint(letter))}\0`);
    }
  }
  assert.equal(digest.digest("hex"), vectors.alphabet.sha256);
});

for (const { name, query, speaker, scope, found, too_long: tooLong } of vectors.cases) {
  test(`scan: ${name}`, () => {
    const asked = parse(query, speaker);
    assert.equal(asked.isTooLong, tooLong ?? false);
    if (!tooLong) assert.deepEqual(outline(scan(asked, documents, scope)), found);
  });
}

test("folded words and words with places are the same words", () => {
  for (const { passages } of documents) {
    for (const { text } of passages) assert.deepEqual(tokens(text).map(({ word }) => word), words(text));
  }
});

test("many texts are folded as each by itself", () => {
  const plainTexts = ["", " ", "  a,  b ", "Don't -- stop.", "...", "A\tb", "x".repeat(9), ", c", "d ,", "7 & 8"];
  for (const texts of [plainTexts, [...plainTexts, "é"], ["two\nlines", "b"], [], [""], ...documents.map(textsOf)]) {
    assert.deepEqual(foldedLines(texts), texts.map(foldedLine));
  }
});

test("a document that nobody prepared twice is not changed by preparing", () => {
  const before = JSON.stringify(vectors.documents);
  vectors.documents.map(prepare);
  assert.equal(JSON.stringify(vectors.documents), before);
});

test("a common word beside a rare one does not make a long recording slow", () => {
  const text = `${"something ".repeat(40)}.`;
  const passages = Array.from({ length: 20_000 }, (_, start) => ({ start, speaker: null, text }));
  const long = prepare({ recording: "r", created_ms: 1, title: "t", language: "en", speakers: [], passages });
  const began = performance.now();
  assert.equal(scan(parse("something zq"), [long]).places, 0);
  assert.ok(performance.now() - began < 1500, "looking for the rare word may not go past the passage");
});

test("a short passage is shown whole", () => {
  assert.deepEqual(snippet("The gate.", [[4, 8]]), [piece("The "), piece("gate", true), piece(".")]);
  assert.deepEqual(snippet("The gate.", []), [piece("The gate.")]);
});

test("a long passage is cut between words, round what was found", () => {
  const text = `${"before ".repeat(100)}gate ${"after ".repeat(100)}`;
  const pieces = snippet(text, [[700, 704]]);
  assert.equal(pieces[0].text, "… ");
  assert.equal(pieces.at(-1)?.text, " …");
  assert.deepEqual(pieces.filter(({ isMarked }) => isMarked), [piece("gate", true)]);
  const shown = pieces.map((one) => one.text).join("");
  assert.ok(shown.length < 320);
  assert.match(shown, /^… before .*after …$/);
});

test("a cut leaves letters whole where there are no blanks", () => {
  for (const letter of ["😀", "\u0995\u09bf", "漢"]) {
    const text = plain(letter.repeat(400));
    const start = 200 * letter.length;
    const shown = snippet(text, [[start, start + letter.length]]).map((one) => one.text).join("");
    assert.ok(shown.isWellFormed?.() ?? true);
    assert.equal(shown.replaceAll("…", "").trim().replaceAll(letter, ""), "");
  }
});

test("a match that is longer than a snippet is shown whole", () => {
  const text = `x ${"long".repeat(200)} y`;
  assert.ok(snippet(text, [[2, 802]]).some(({ text: shown, isMarked }) => isMarked && shown.length === 800));
});

function textsOf({ passages }) {
  return passages.map(({ text }) => text);
}

/** @returns {{text: string, isMarked: boolean}} */
function piece(text, isMarked = false) {
  return { text, isMarked };
}

/** What the vectors hold of an answer; what a match says stands beside its numbers, for who reads them. */
function outline({ groups, ...counts }) {
  const shown = groups.map(({ recording, marks, count, places }) => ({
    recording,
    marks,
    count,
    places: places.map(({ position, speaker, voice, marks: there, text }) => ({
      position,
      speaker,
      voice,
      marks: there,
      matched: there.map(([start, end]) => text.slice(start, end)),
    })),
  }));
  return { ...counts, groups: shown };
}
