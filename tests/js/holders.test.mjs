// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { holdersOf } from "../../appliance/web/static/js/pure/holders.js";

const me = "11".repeat(16);
const other = "22".repeat(16);

test("a private result is mine before and after I adopted it", () => {
  assert.deepEqual(holdersOf([{ kind: 0x101, holder: me }], me), ["you"]);
  assert.deepEqual(holdersOf([{ kind: 4, holder: me }], me), ["you"]);
});

test("a key of the appliance shows, whatever the mode says", () => {
  assert.deepEqual(holdersOf([{ kind: 8, holder: "00".repeat(16) }, { kind: 4, holder: me }], me), ["you", "appliance"]);
});

test("links, workspaces and other people show, each once", () => {
  const wraps = [
    { kind: 6, holder: other },
    { kind: 6, holder: me },
    { kind: 5, holder: other },
    { kind: 4, holder: other },
    { kind: 0x101, holder: other },
  ];
  assert.deepEqual(holdersOf(wraps, me, other), ["workspace", "link", "other"]);
  assert.deepEqual(holdersOf([{ kind: 0x101, holder: other }], me, other), ["workspace"]);
});

test("a workspace in which the document is not is somebody else", () => {
  assert.deepEqual(holdersOf([{ kind: 5, holder: other }], me), ["other"]);
  assert.deepEqual(holdersOf([{ kind: 5, holder: other }], me, "33".repeat(16)), ["other"]);
});

test("a kind that this version does not know is somebody", () => {
  assert.deepEqual(holdersOf([{ kind: 77, holder: me }], me), ["other"]);
});

test("the organisation shows where somebody who holds the document consented to its recovery key", () => {
  const mine = [{ kind: 4, holder: me }];
  assert.deepEqual(holdersOf(mine, me, "", true), ["you", "organisation"]);
  assert.deepEqual(holdersOf([{ kind: 5, holder: other }], me, other, true), ["workspace", "organisation"]);
  assert.deepEqual(holdersOf(mine, me, "", false), ["you"]);
});
