import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { clock, cues } from "../../appliance/web/static/js/export/cues.js";
import { FORMATS } from "../../appliance/web/static/js/export/formats.js";
import { encoded } from "../../appliance/web/static/js/export/json.js";
import { fileName, safeStem } from "../../appliance/web/static/js/pure/filename.js";
import { nameOf, renamed } from "../../appliance/web/static/js/pure/transcript.js";
import { clean, columns, isPrintable, isSpace, strip } from "../../appliance/web/static/js/pure/unicode.js";

const GOLDEN = new URL("../exports/golden/", import.meta.url);
const STEMS = JSON.parse(readFileSync(new URL("../vectors/file_names.json", import.meta.url), "utf8")).stems;
const NAMES = readdirSync(GOLDEN).filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -5));

const golden = (name, form) => readFileSync(new URL(`${name}.${form}`, GOLDEN));
const conversation = (name = "conversation") => JSON.parse(golden(name, "json").toString("utf8"));
const shown = (form, transcript) => Buffer.from(FORMATS[form].render(transcript)).toString("utf8");
const said = (text, more = {}) => ({
  schema: 1,
  language: "en",
  duration_s: 4,
  models: {},
  speakers: [],
  segments: [{ id: 0, start: 0, end: 4, speaker: null, text, words: [] }],
  turns: [],
  ...more,
});

test("there are several conversations", () => {
  assert.ok(NAMES.length >= 7, NAMES.join());
});

for (const name of NAMES) {
  for (const form of Object.keys(FORMATS)) {
    test(`${name} makes the ${form} that we agreed on, byte for byte`, () => {
      const made = Buffer.from(FORMATS[form].render(conversation(name)));
      assert.equal(made.toString("utf8"), golden(name, form).toString("utf8"));
      assert.ok(made.equals(golden(name, form)));
    });
  }
}

test("a transcript is not changed by the files made from it", () => {
  const transcript = conversation("overlapping");
  for (const { render } of Object.values(FORMATS)) render(transcript);
  assert.deepEqual(transcript, conversation("overlapping"));
});

test("a renamed speaker is renamed in every file", () => {
  const transcript = renamed(conversation(), "S2", "Bernd Müller");
  assert.equal(nameOf(transcript, "S2"), "Bernd Müller");
  assert.equal(nameOf(conversation(), "S2"), "Speaker 2");
  for (const form of Object.keys(FORMATS)) {
    assert.match(shown(form, transcript), /Bernd/, form);
    assert.doesNotMatch(shown(form, transcript), /Speaker 2/, form);
  }
});

test("an old transcript, which names no set of models, has an empty name in its JSON, as the appliance writes it", () => {
  const { model_set: _set, terms_given: _given, terms_used: _used, ...old } = conversation("silence");
  assert.equal(encoded(old), shown("json", conversation("silence")).trimEnd());
  assert.match(encoded(old), /"model_set":"","terms_given":0,"terms_used":0/);
});

test("what stands in the place of a number brings no field of its own into the JSON", () => {
  const forged = '7,"speakers":[{"id":"S1","name":"Somebody else"}],"extra":7';
  const fields = (transcript) => JSON.parse(encoded(transcript));
  for (const name of ["schema", "duration_s", "terms_given", "terms_used"]) {
    for (const value of [forged, "7", [7], { toString: 7 }, true, null, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.deepEqual(fields({ ...conversation(), [name]: value }), { ...conversation(), [name]: 0 }, name);
    }
  }
  const word = { start: forged, end: forged, text: "yes", score: forged, timed_by: "attention" };
  const segment = { id: forged, start: forged, end: forged, speaker: null, text: "yes", words: [word] };
  const turns = [{ start: forged, end: forged, speaker: "S1" }];
  const nothing = { start: 0, end: 0 };
  const made = fields(said("", { segments: [segment], turns }));
  assert.deepEqual(made.segments, [{ ...segment, ...nothing, id: 0, words: [{ ...word, ...nothing, score: 0 }] }]);
  assert.deepEqual(made.turns, [{ ...nothing, speaker: "S1" }]);
});

test("counts are whole numbers, and half of one is none", () => {
  const counted = (count) => encoded(said("", { terms_given: count })).match(/"terms_given":([^,]*)/)[1];
  assert.deepEqual([12, 0, -0, -1, 1e21, 0.5].map(counted), ["12", "0", "0", "-1", "1000000000000000000000", "0"]);
});

test("a file is named after its recording and harmless", () => {
  for (const { title, stem } of STEMS) assert.equal(safeStem(title), stem, JSON.stringify(title));
  assert.equal(fileName("সাক্ষাৎকার.mp3", ".srt"), "সাক্ষাৎকার.srt");
});

test("half a surrogate pair neither reaches a text nor breaks the JSON", () => {
  assert.equal(clean("a\ud800b \udc00\ud83d\x00\ude00 👍"), "ab 👍");
  assert.equal(shown("txt", said("a\ud800b")), "[00:00:00]\nab\n");
  assert.equal(JSON.parse(shown("json", said("\udc00"))).segments[0].text, "\ufffd");
  assert.equal(safeStem("a\ud800b"), "a b");
});

test("numbers are written as the appliance writes them", () => {
  const written = (number) => encoded(said("", { duration_s: number })).match(/"duration_s":([^,]*)/)[1];
  const pairs = [
    [0, "0.0"], [-0, "-0.0"], [1, "1.0"], [-30, "-30.0"], [0.1, "0.1"], [1e-5, "0.00001"], [9.5e-6, "9.5e-6"],
    [1e-7, "1e-7"], [5e-324, "5e-324"], [1e15, "1000000000000000.0"], [9007199254740993, "9007199254740992.0"],
    [1e16, "1e16"], [1.5e16, "1.5e16"], [123456789012345678, "1.2345678901234568e17"], [1e21, "1e21"], [1e300, "1e300"],
  ];
  for (const [number, text] of pairs) assert.equal(written(number), text);
});

test("exactly half a millisecond goes to the even one", () => {
  const transcript = said("yes", { segments: [0.0625, 0.1875, 0.0005, 0.0015].map((start, id) => ({
    id, start, end: start + 9, speaker: "S1", text: "yes", words: [],
  })) });
  const starts = shown("rttm", transcript).trim().split("\n").map((line) => line.split(" ")[3]);
  assert.deepEqual(starts, ["0.001", "0.002", "0.062", "0.188"]); // The binary 0.0005 is a little more than half.
  const halves = said("yes", { segments: [{ id: 0, start: 10.0625, end: 20, speaker: null, text: "a", words: [] }] });
  assert.equal(cues(halves, { nameOnChange: false })[0].startMs, 10062);
});

test("a time is written in hours, minutes, seconds", () => {
  assert.equal(clock(0, ","), "00:00:00,000");
  assert.equal(clock(3_599_999, "."), "00:59:59.999");
  assert.equal(clock(360_000_000, ","), "100:00:00,000");
});

test("white space is what Python takes for it, and width is that of Unicode 14", () => {
  assert.equal(strip("\x1c\x85\u3000a\ufeff\u2028"), "a\ufeff");
  assert.ok(isSpace("\x1f\xa0"));
  assert.ok(!isSpace("") && !isSpace("\ufeff"));
  assert.equal(columns("a字𠮷é"), 6);
  assert.equal(columns("e\u0301"), 2);
  assert.ok(isPrintable(" ") && isPrintable("ক") && isPrintable("🫠"));
  assert.ok(!isPrintable("\u200b") && !isPrintable("\xa0") && !isPrintable("\ue000") && !isPrintable("\u{1fae8}"));
});

test("a word of 300,000 characters and 10 hours of speech make files", () => {
  assert.ok(shown("srt", said("a".repeat(300_000))).length > 300_000);
  const line = conversation().segments[2];
  const segments = Array.from({ length: 3000 }, (_, id) => ({ ...line, id, start: id * 12, end: id * 12 + 11 }));
  for (const { render } of Object.values(FORMATS)) assert.ok(render(said("", { segments })).length > 0);
});
