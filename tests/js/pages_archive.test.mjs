import assert from "node:assert/strict";
import { test } from "node:test";
import { DistinctNames } from "../../appliance/web/static/js/pure/archive.js";
import { GatheredChanges } from "../../appliance/web/static/js/takeout/gathering.js";

function named(...titles) {
  const names = new DistinctNames();
  return titles.map((title) => names.next(title));
}

test("two recordings of one name get two folders, also where only case or form differs", () => {
  assert.deepEqual(named("Ward.m4a", "ward.wav", "WARD", "Ward (2).wav", "Ward"), [
    "Ward", "ward (2)", "WARD (3)", "Ward (2) (2)", "Ward (4)",
  ]);
  assert.deepEqual(named("Straße", "STRASSE"), ["Straße", "STRASSE (2)"]);
  assert.deepEqual(named("cafe\u0301", "caf\u00e9"), ["caf\u00e9", "caf\u00e9 (2)"]);
});

test("a name is harmless on every system and leaves room for the path", () => {
  const [long, device, path, empty] = named("x".repeat(79) + ". and more.wav", "con.wav", "../../etc/passwd", "");
  assert.equal(long, "x".repeat(79));
  assert.equal(device, "con_");
  assert.ok(!path.includes("/"));
  assert.equal(empty, "transcript");
});

test("ten thousand recordings of one name are named in an instant", () => {
  const names = new DistinctNames();
  const given = new Set(Array.from({ length: 10_000 }, () => names.next("sample.wav")));
  assert.equal(given.size, 10_000);
});

test("two hundred changes of the index make one version, and the rest makes one at the end", async () => {
  const versions = [];
  const index = {
    memory: { documents: {} },
    async save(change) {
      this.memory = change(this.memory);
      versions.push(Object.keys(this.memory.documents).length);
    },
  };
  const gathered = new GatheredChanges(index);
  for (let number = 0; number < 230; number += 1) {
    await gathered.save((memory) => ({ documents: { ...memory.documents, [number]: true } }));
    assert.equal(Object.keys(gathered.memory.documents).length, number + 1);
  }
  await gathered.flush();
  await gathered.flush();
  assert.deepEqual(versions, [200, 230]);
});
