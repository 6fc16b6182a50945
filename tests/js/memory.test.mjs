// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { emptyMemory, forget, isRetiredKey, judge, missing, readMemory, remember, rolledBack } from "../../appliance/web/static/js/pure/memory.js";

const seen = remember(emptyMemory(), "d1", { recording: "r1", version: 3, sha256: "aa" });

function judged(document, version, sha256, recording = "r1") {
  return judge(seen, { recording, document, version, sha256 });
}

test("a document nobody has opened is the first", () => assert.equal(judged("d2", 1, "aa", "r2"), "first"));
test("what was seen is the same", () => assert.equal(judged("d1", 3, "aa"), "same"));
test("a higher version is newer", () => assert.equal(judged("d1", 4, "bb"), "newer"));
test("a replayed older version is noticed", () => assert.equal(judged("d1", 2, "aa"), "older"));
test("other bytes under the same version are noticed", () => assert.equal(judged("d1", 3, "bb"), "exchanged"));
test("another document for a recording is noticed", () => assert.equal(judged("d2", 1, "aa"), "exchanged"));
test("a document for another recording is noticed", () => assert.equal(judged("d1", 4, "bb", "r2"), "exchanged"));

test("what another browser remembered first in the place of a document is kept", () => {
  assert.equal(remember(seen, "d2", { recording: "r1", version: 1, sha256: "cc" }), seen);
  assert.equal(remember(seen, "d1", { recording: "r2", version: 9, sha256: "cc" }), seen);
});

test("a document that is kept no more is missing, and each recording is named once", () => {
  const two = { ...seen, documents: { ...seen.documents, d2: { recording: "r1", version: 1, sha256: "cc" } } };
  assert.deepEqual(missing(two, []), ["r1"]);
  assert.deepEqual(missing(two, [{ recording: "r1", document: "d1", version: 3 }]), ["r1"]);
  assert.deepEqual(missing(seen, [{ recording: "r1", document: "d1", version: 3 }]), []);
});

test("a version below the remembered one is rolled back, an unknown document is not", () => {
  const kept = [
    { recording: "r1", document: "d1", version: 2 },
    { recording: "r2", document: "d2", version: 1 },
  ];
  assert.deepEqual(rolledBack(seen, kept), ["r1"]);
});

test("what the person deleted is forgotten, and the rest stays", () => {
  const two = remember(seen, "d2", { recording: "r2", version: 1, sha256: "cc" });
  assert.deepEqual(Object.keys(forget(two, ["r1"]).documents), ["d2"]);
});

test("remembering changes nothing that somebody else still holds", () => {
  remember(seen, "d9", { recording: "r9", version: 1, sha256: "dd" });
  assert.deepEqual(Object.keys(seen.documents), ["d1"]);
});

test("a memory of a later schema is refused", () => {
  assert.deepEqual(readMemory(JSON.stringify(seen)), seen);
  assert.throws(() => readMemory('{"schema":2,"documents":{}}'), RangeError);
});

test("a key that was followed by another is retired for good, and the present one is not", () => {
  const at = (version, key, more = {}) => ({ recording: "r1", version, sha256: "aa", key, ...more });
  const first = remember(emptyMemory(), "d1", at(2, "k2", { retired: ["engine"] }));
  const second = remember(remember(first, "d1", at(3, "k2")), "d1", at(4, "k4"));
  assert.deepEqual(["engine", "k2", "k4"].map((key) => isRetiredKey(second, "d1", key)), [true, true, false]);
});
