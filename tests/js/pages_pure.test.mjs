import assert from "node:assert/strict";
import { test } from "node:test";

import { chunkCount, chunkRange, firstToSend, fraction, patience } from "../../appliance/web/static/js/pure/chunks.js";
import { clock, momentFragment, readMoment } from "../../appliance/web/static/js/pure/clock.js";
import { knowsLanguage, readOptions } from "../../appliance/web/static/js/pure/options.js";
import { differingGroup, groupsOf, isLongEnough } from "../../appliance/web/static/js/pure/passphrase.js";
import { groupTurns, indexAt, isGhost, shares } from "../../appliance/web/static/js/pure/turns.js";

const segment = (id, start, end, speaker, text) => ({ id, start, end, speaker, text });

test("chunks cover a file once and to its end", () => {
  const size = 20_000_001;
  const chunk = 8 * 2 ** 20;
  let covered = 0;
  for (let number = 0; number < chunkCount(size, chunk); number += 1) {
    const [start, end] = chunkRange(number, size, chunk);
    assert.equal(start, covered);
    covered = end;
  }
  assert.equal(covered, size);
});

test("an upload that goes on sends its last chunk again", () => {
  assert.equal(firstToSend(0), 0);
  assert.equal(firstToSend(3), 2);
});

test("progress ends at one and never passes it", () => {
  assert.equal(fraction(0, 0, 100, 10), 0);
  assert.equal(fraction(5, 5, 100, 10), 0.55);
  assert.equal(fraction(10, 10, 100, 10), 1);
  assert.equal(fraction(0, 0, 0, 10), 0);
});

test("patience grows and stays bearable", () => {
  assert.ok(patience(0) <= 500);
  assert.ok(patience(1) > patience(0));
  assert.ok(patience(1000) <= 15_000);
});

test("options carry only what was chosen", () => {
  const numbers = { speakers: "3", min_speakers: "2", max_speakers: "6" };
  const none = { speakers: null, min_speakers: null, max_speakers: null, model: null };
  assert.deepEqual(readOptions({ language: "", voices: "auto", ...numbers }), { language: null, diarize: true, ...none });
  assert.deepEqual(readOptions({ language: "bn", voices: "none" }), { language: "bn", diarize: false, ...none });
  assert.equal(readOptions({ language: "", voices: "exact", ...numbers }).speakers, 3);
  const range = readOptions({ language: "", voices: "range", ...numbers });
  assert.deepEqual([range.speakers, range.min_speakers, range.max_speakers], [null, 2, 6]);
});

test("a model is sent by its name, and the default by none", () => {
  assert.equal(readOptions({ language: "", voices: "auto", model: "fast" }).model, "fast");
  assert.equal(readOptions({ language: "", voices: "auto", model: "" }).model, null);
});

test("a model knows the languages of its list, and every one where nobody gave a list", () => {
  assert.ok(knowsLanguage("en bn", "bn"));
  assert.ok(!knowsLanguage("en", "bn"));
  assert.ok(!knowsLanguage("en bn", "n"));
  assert.ok(knowsLanguage("en", ""));
  assert.ok(knowsLanguage("", "bn"));
});

test("consecutive segments of a speaker are one turn", () => {
  const turns = groupTurns([
    segment(0, 0, 1, "S1", "One."),
    segment(1, 1.2, 2, "S1", " Two. "),
    segment(2, 2.1, 3, "S2", "Three."),
    segment(3, 3.1, 4, "S1", "Four."),
  ]);
  assert.deepEqual(turns.map((turn) => [turn.speaker, turn.paragraphs.length]), [["S1", 1], ["S2", 1], ["S1", 1]]);
  assert.equal(turns[0].paragraphs[0].text, "One. Two.");
});

test("a pause begins a paragraph, and so does a long one at its sentence's end", () => {
  const pause = groupTurns([segment(0, 0, 1, null, "One."), segment(1, 9, 10, null, "Two.")]);
  assert.deepEqual(pause[0].paragraphs.map((paragraph) => paragraph.start), [0, 9]);
  const long = groupTurns([segment(0, 0, 1, "S1", `${"word ".repeat(120)}end।`), segment(1, 1, 2, "S1", "next")]);
  assert.equal(long[0].paragraphs.length, 2);
});

test("segments without text make no turn", () => {
  assert.deepEqual(groupTurns([segment(0, 0, 1, "S1", "  ")]), []);
});

test("shares add up, and a voice under two per cent is pointed out", () => {
  const people = [{ id: "S1", name: "a" }, { id: "S2", name: "b" }, { id: "S3", name: "c" }];
  const found = shares(people, [segment(0, 0, 99, "S1", "x"), segment(1, 99, 100, "S2", "y")]);
  assert.equal(found.get("S1"), 0.99);
  assert.equal(found.get("S3"), 0);
  assert.ok(isGhost(found.get("S2")));
  assert.ok(!isGhost(found.get("S1")));
});

test("a moment finds the paragraph that began by then", () => {
  const starts = [0, 4, 8];
  assert.deepEqual([-1, 0, 3.9, 4, 100].map((moment) => indexAt(starts, moment)), [0, 0, 0, 1, 2]);
});

test("a moment is written, linked and read back", () => {
  assert.equal(clock(65.9), "1:05");
  assert.equal(clock(3725), "1:02:05");
  assert.equal(clock(65, "bn"), "১:০৫");
  assert.equal(momentFragment(12.34), "#t=12.3");
  assert.equal(readMoment(momentFragment(12.34)), 12.3);
  for (const other of ["", "#main", "#t=", "#t=-1", "#t=1e9", "#t=1;x"]) assert.equal(readMoment(other), null);
});

test("a passphrase is measured in characters, as NFKC writes them", () => {
  assert.equal(isLongEnough("elevenchars"), false);
  assert.equal(isLongEnough("twelve chars"), true);
  assert.equal(isLongEnough("🦉".repeat(11)), false);
  assert.equal(isLongEnough("🦉".repeat(12)), true);
  assert.equal(isLongEnough("e\u0301".repeat(11)), false); // Two signs each, one character each.
});

test("a code that is typed back may be written in any way that means the same", () => {
  const code = "0A1B-2C3D-4E5F";
  for (const typed of [code, "0a1b2c3d4e5f", " oaIb 2C3D\n4e5f ", "OAlB-2C3D-4E5F"]) assert.equal(differingGroup(code, typed), 0);
});

test("the first group that differs is named, a missing or further one too", () => {
  const code = "0A1B-2C3D-4E5F";
  assert.equal(differingGroup(code, "0A1B-2C3E-4E5G"), 2);
  assert.equal(differingGroup(code, "0A1B-2C3D"), 3);
  assert.equal(differingGroup(code, "0A1B-2C3D-4E5F-6"), 3);
  assert.equal(differingGroup(code, ""), 1);
  assert.deepEqual(groupsOf(code), ["0A1B", "2C3D", "4E5F"]);
});
