// @ts-check
/** What a choice among workspaces is called, and what it stands for, before an appliance that fills in both. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { beforeImporting, FakeOption, FakeSelect, LyingAppliance, person } from "./lying.mjs";

beforeImporting();
const { chosenPlace, offerPlaces } = await import("../../appliance/web/static/js/workspaces/choosing.js");
const { showNames } = await import("../../appliance/web/static/js/workspaces/names.js");
const { addMember } = await import("../../appliance/web/static/js/workspaces/changes.js");
const { OpenedWorkspace } = await import("../../appliance/web/static/js/workspaces/opened.js");
const { memberOf } = await import("./lying.mjs");

let anna, eve, appliance, good, evil;

beforeEach(async () => {
  [anna, eve] = await Promise.all([person("Anna"), person("Eve")]);
  appliance = new LyingAppliance(anna, eve);
  good = await appliance.make(anna, "Ward 7");
  evil = await appliance.make(eve, "Eve and the appliance");
  const opened = await OpenedWorkspace.open(eve, evil, appliance.serve(evil, eve), null);
  appliance.store(evil, await addMember(opened, memberOf(anna)));
});

const shown = (select) => select.options.map(({ label, textContent }) => [label, textContent]);

test("a choice is called by the id that it stands for, whatever the page says beside it", async () => {
  const option = Object.assign(new FakeOption(evil, "Ward 7"), { dataset: { workspaceName: good } });
  const select = new FakeSelect(option, new FakeOption(good, "To me alone"), new FakeOption("", "Ward 7"));
  await offerPlaces(select, anna);
  assert.deepEqual(shown(select), [
    ["Eve and the appliance", "Eve and the appliance"], ["Ward 7", "Ward 7"], ["to_me_alone", "to_me_alone"],
  ]);
  for (const id of [evil, good, ""]) {
    select.value = id;
    assert.equal(chosenPlace(select), id);
  }
});

test("a choice stands for what it was called by, though its value was exchanged afterwards", async () => {
  const select = new FakeSelect(new FakeOption(good), new FakeOption(evil));
  await offerPlaces(select, anna);
  select.options[0].value = evil;
  select.value = evil;
  assert.equal(chosenPlace(select), good);
});

test("a choice that the appliance puts beside those that were verified is refused", async () => {
  const select = new FakeSelect(new FakeOption(good));
  await offerPlaces(select, anna);
  select.replaceChildren(new FakeOption(evil, "Ward 7"));
  select.value = evil;
  assert.throws(() => chosenPlace(select), { message: "place_unseen" });
});

test("what nobody could see is not chosen, and what is for oneself alone still is", () => {
  const select = new FakeSelect(new FakeOption("", "To me alone"), new FakeOption(good, "A workspace"));
  assert.equal(chosenPlace(select), "");
  select.value = good;
  assert.throws(() => chosenPlace(select), { message: "place_unseen" });
});

test("a workspace whose list does not verify is called so and is refused", async () => {
  const [first, second] = appliance.workspaces.get(evil).lists;
  appliance.workspaces.get(evil).lists = [first, { ...second, signature: first.signature }];
  const select = new FakeSelect(new FakeOption(evil, "Ward 7"), new FakeOption("f".repeat(32), "Ward 7"));
  await offerPlaces(select, anna);
  assert.deepEqual(select.options.map(({ label, disabled }) => [label, disabled]), [["workspace_refused", true], ["workspace_refused", true]]);
  assert.throws(() => chosenPlace(select), { code: "crypto.member_list.signer" });
  select.value = "f".repeat(32);
  assert.throws(() => chosenPlace(select), { code: "access.not_found" });
});

test("the choice of before stays, and each id is offered once", async () => {
  const select = new FakeSelect(new FakeOption(""), new FakeOption(good), new FakeOption(good));
  select.value = good;
  await offerPlaces(select, anna);
  assert.deepEqual([select.value, select.options.length, select.disabled], [good, 2, false]);
});

test("the name of one workspace does not stand on a link to another", async () => {
  const link = (address, named) => ({ dataset: { workspaceName: named }, textContent: "", closest: () => ({ getAttribute: () => address }) });
  const links = [link(`/workspaces/${good}`, good), link(`/?place=${good}`, good), link(`/workspaces/${evil}`, good)];
  Object.assign(globalThis, {
    HTMLElement: class {}, Element: class {}, MutationObserver: class { observe() {} },
  });
  globalThis.document.querySelectorAll = (/** @type {string} */ selector) => {
    assert.equal(selector, "[data-workspace-name]:not(option)");
    return links;
  };
  showNames(anna);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.deepEqual(links.map(({ textContent }) => textContent), ["Ward 7", "Ward 7", "workspace_refused"]);
});
