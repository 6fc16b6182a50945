// @ts-check
/** The page of one workspace: who is in it, by lists that were verified here; owners change it. */

import { toHex } from "../crypto/bytes.js";
import { agreed } from "../dialogs.js";
import { inputIn, Mistake, onSubmit } from "../forms.js";
import { notify } from "../notices.js";
import { SealedIndex } from "../private/index.js";
import { seenList } from "../pure/pinned.js";
import { ask } from "../request.js";
import { openVault, requireVault, UNLOCKED } from "../vault.js";
import { say } from "../words.js";
import { addMember, changeRole, NotPossible, removeMember, rename } from "./changes.js";
import { changeWorkspace, workspaceOf } from "./loading.js";
import { describeMember, showHistory, showMembers } from "./members_list.js";
import { agreedToRemove, askWhetherKnown, findPerson, noteCompared } from "./people.js";
import { inWords } from "./trouble.js";
import { listenToVocabulary, showVocabulary } from "./vocabulary_form.js";

/**
 * @typedef {import("../vault.js").Vault} Vault
 * @typedef {import("./opened.js").OpenedWorkspace} OpenedWorkspace
 * @typedef {(opened: OpenedWorkspace) => Promise<import("./changes.js").Sent>} Change
 */

const page = /** @type {HTMLElement} */ (document.querySelector("[data-workspace]"));
const id = page.dataset.workspace ?? "";
const adding = formOf("add");
const renaming = formOf("rename");
const vocabulary = formOf("vocabulary");

onSubmit(adding, async () => {
  const vault = await needVault();
  const person = await findPerson(inputIn(adding, "[data-person]").value);
  const role = inputIn(adding, "[data-chosen-role]").value;
  await askWhetherKnown(vault, person, role, async (member) => {
    await change(vault, (opened) => addMember(opened, member));
    adding.reset();
    notify(say("added", { name: person.name }));
  });
  await show(vault, await workspaceOf(vault, id));
});

onSubmit(renaming, async () => {
  const name = inputIn(renaming, "[data-next-name]").value.trim().normalize();
  if (name === "") throw new Mistake(say("no_name"));
  await change(await needVault(), (opened) => rename(opened, name));
  notify(say("saved"));
});

listenToVocabulary(vocabulary, id, needVault);

page.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  if (button !== null) act(button).catch((error) => notify(inWords(error), { isTrouble: true }));
});

start();

async function start() {
  try {
    const vault = await openVault();
    hide("[data-locked]", vault !== null);
    if (vault === null) return document.addEventListener(UNLOCKED, start, { once: true });
    const { memory } = await SealedIndex.loadMemory(vault);
    hide("[data-first-visit]", seenList(memory, id) !== null);
    const opened = await workspaceOf(vault, id);
    await show(vault, opened);
    await showVocabulary(vocabulary, vault, opened);
  } catch (error) {
    hide("[data-first-visit]", true);
    refuse(error);
  }
}

/**
 * @param {Vault} vault
 * @param {OpenedWorkspace} opened
 */
async function show(vault, opened) {
  const { memory } = await SealedIndex.loadMemory(vault);
  /** @type {HTMLElement} */ (page.querySelector("h1 [data-name]")).textContent = opened.name;
  inputIn(renaming, "[data-next-name]").value = opened.name;
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (page.querySelectorAll("[data-opened]"))) part.hidden = false;
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (page.querySelectorAll("[data-for-owners]"))) {
    part.hidden = !opened.isOwner;
  }
  await showMembers(opened, memory);
  showHistory(opened, memory);
}

/** @param {HTMLButtonElement} button */
async function act(button) {
  const { remove, role, compared, leave, delete: deletion, unlock } = button.dataset;
  const { member = "", name = "", print = "" } = /** @type {HTMLElement} */ (button.closest("[data-member]"))?.dataset ?? {};
  button.closest("details.menu")?.removeAttribute("open");
  if (unlock !== undefined) await requireVault();
  else if (compared !== undefined) await noteComparison(member, print, name);
  else if (role !== undefined) await giveRole(member, role, name);
  else if (remove !== undefined) await strikeOff(member);
  else if (leave !== undefined) await goAway();
  else if (deletion !== undefined) {
    await ask("DELETE", `/workspaces/${id}`);
    location.assign("/workspaces");
  }
}

/**
 * @param {string} member
 * @param {string} print
 * @param {string} name
 */
async function noteComparison(member, print, name) {
  const vault = await needVault();
  await noteCompared(vault, member, { fingerprint: print, compared: true, name });
  await show(vault, await workspaceOf(vault, id));
  notify(say("compared", { name }));
}

/**
 * @param {string} member
 * @param {string} role
 * @param {string} name
 */
async function giveRole(member, role, name) {
  await change(await needVault(), (opened) => changeRole(opened, member, role));
  notify(say("role_changed", { name }));
}

/** @param {string} account */
async function strikeOff(account) {
  const vault = await needVault();
  const [opened, { memory }] = await Promise.all([workspaceOf(vault, id), SealedIndex.loadMemory(vault)]);
  const member = opened.list.members.find((each) => toHex(each.account) === account);
  if (member === undefined) throw new NotPossible("no_member");
  const described = await describeMember(opened, memory, member);
  if (!(await agreedToRemove(described))) return;
  await change(vault, (now) => removeMember(now, account));
  notify(say("removed", { name: described.name }));
}

async function goAway() {
  if (!(await agreed("leave-dialog"))) return;
  await ask("POST", `/workspaces/${id}/leave`);
  location.assign("/workspaces");
}

/**
 * @param {Vault} vault
 * @param {Change} draft
 * @throws {Mistake} Why it was not made; forms have no words of their own for workspaces.
 */
async function change(vault, draft) {
  try {
    await show(vault, await changeWorkspace(vault, id, draft));
  } catch (error) {
    throw new Mistake(inWords(error));
  }
}

/** @returns {Promise<Vault>} */
async function needVault() {
  const vault = await requireVault();
  if (vault === null) throw new Mistake(say("workspace_locked"));
  return vault;
}

/** @param {unknown} error */
function refuse(error) {
  const banner = /** @type {HTMLElement} */ (page.querySelector("[data-refused]"));
  /** @type {HTMLElement} */ (banner.querySelector("[data-text]")).textContent = inWords(error);
  banner.hidden = false;
}

/**
 * @param {string} selector
 * @param {boolean} isHidden
 */
function hide(selector, isHidden) {
  /** @type {HTMLElement} */ (page.querySelector(selector)).hidden = isHidden;
}

/** @param {string} name */
function formOf(name) {
  return /** @type {HTMLFormElement} */ (page.querySelector(`[data-${name}]`));
}
