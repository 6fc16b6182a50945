import assert from "node:assert/strict";
import { test } from "node:test";

import { Refusal } from "../../appliance/web/static/js/crypto/refusal.js";
import { InWords, Problem, Unreachable } from "../../appliance/web/static/js/request.js";

const SENTENCES = {
  "crypto.tampered": "A key was changed.",
  unreachable: "No answer.",
  unexpected: "Something went wrong.",
  index_rolled_back: "An older state.",
};

// The modules read the sentences of their page when they are loaded.
globalThis.document = {
  documentElement: { lang: "en" },
  getElementById: (id) => (id === "vault-words" ? { textContent: JSON.stringify(SENTENCES) } : null),
};
const { tell } = await import("../../appliance/web/static/js/words.js");
const { Mistake } = await import("../../appliance/web/static/js/forms.js");
const { IndexRolledBack } = await import("../../appliance/web/static/js/private/index.js");

test("what the appliance refused is told in its own words", () => {
  assert.equal(tell(new Problem(409, "access.conflict", "Changed somewhere else.")), "Changed somewhere else.");
});

test("what the page itself refuses is told in the words that it was refused with", () => {
  assert.equal(tell(new InWords("Locked.")), "Locked.");
  assert.equal(tell(new Mistake("Too short.")), "Too short.");
});

test("what was sealed and does not open is told by its code", () => {
  assert.equal(tell(new Refusal("tampered")), "A key was changed.");
});

test("a broken way to the appliance and a fault of the page are told apart", () => {
  assert.equal(tell(new Unreachable()), "No answer.");
  assert.equal(tell(new TypeError("x is not a function")), "Something went wrong.");
});

test("an index that was set back is told as such wherever it shows", () => {
  assert.equal(tell(new IndexRolledBack()), "An older state.");
});
