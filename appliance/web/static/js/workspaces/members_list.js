// @ts-check
/** The members on the page, drawn from the verified list; and what was changed before, list by list. */

import { toHex } from "../crypto/bytes.js";
import { fingerprint } from "../crypto/identity.js";
import { showWords } from "../fingerprint_words.js";
import { momentInWords } from "../moments.js";
import { acquaintance } from "../pure/pinned.js";
import { say } from "../words.js";

/**
 * @typedef {import("./opened.js").OpenedWorkspace} OpenedWorkspace
 * @typedef {import("../crypto/members.js").Member} Member
 * @typedef {import("../crypto/members.js").MemberList} MemberList
 * @typedef {import("../pure/memory.js").Memory} Memory
 */

/**
 * @param {OpenedWorkspace} opened
 * @param {Memory} memory
 */
export async function showMembers(opened, memory) {
  const rows = await Promise.all(opened.list.members.map((member) => row(opened, member, memory)));
  document.querySelector("[data-members]")?.replaceChildren(...rows);
}

/** @param {OpenedWorkspace} opened */
export function showHistory(opened) {
  const items = opened.lists.map((list, number) => item(opened, list, opened.lists[number - 1], number)).reverse();
  document.querySelector("[data-history]")?.replaceChildren(...items);
}

/**
 * @param {OpenedWorkspace} opened
 * @param {string} account
 */
export function nameOf(opened, account) {
  return opened.person(account).name || say("gone");
}

/**
 * @param {OpenedWorkspace} opened
 * @param {Member} member
 * @param {Memory} memory
 */
async function row(opened, member, memory) {
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById("member"));
  const fragment = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  const element = /** @type {HTMLElement} */ (fragment.firstElementChild);
  const account = toHex(member.account);
  const isSelf = account === opened.own.accountId;
  const name = nameOf(opened, account);
  const print = await fingerprint(member.ed, member.x);
  const known = acquaintance(memory, account, toHex(print));
  Object.assign(element.dataset, { member: account, name, print: toHex(print) });
  part(element, "name").textContent = name;
  part(element, "self").hidden = !isSelf;
  part(element, "role-words").textContent = say(`role_${member.role}`);
  if (isSelf) part(element, "known").remove();
  else part(element, "known").textContent = say(`known_${known === "other" ? "seen" : known}`);
  showTrouble(part(element, "trouble"), opened.person(account).is_let_in, known);
  showWords(element, print);
  element.querySelector("summary.button")?.setAttribute("aria-label", say("what_to_do", { name }));
  part(element, "compared").hidden = isSelf || known === "compared";
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (element.querySelectorAll("[data-for-owners]"))) {
    button.hidden = !opened.isOwner || button.dataset.role === member.role;
  }
  part(element, "remove").hidden = !opened.isOwner || isSelf;
  if (!element.querySelector(".menu__entry:not([hidden])")) element.querySelector(".menu")?.remove();
  return element;
}

/**
 * @param {HTMLElement} place
 * @param {boolean} isLetIn
 * @param {import("../pure/pinned.js").Acquaintance} known
 */
function showTrouble(place, isLetIn, known) {
  const sentences = [known === "other" ? say("known_other") : "", isLetIn ? "" : say("not_let_in")].filter(Boolean);
  place.textContent = sentences.join(" · ");
  place.hidden = sentences.length === 0;
}

/**
 * @param {OpenedWorkspace} opened
 * @param {MemberList} list
 * @param {MemberList | undefined} before
 * @param {number} number
 */
function item(opened, list, before, number) {
  const element = document.createElement("li");
  const moment = document.createElement("time");
  moment.dateTime = opened.served.lists[number].created_at;
  moment.className = "quiet";
  moment.textContent = momentInWords(moment.dateTime);
  const said = document.createElement("span");
  said.textContent = changes(opened, list, before).join("; ");
  element.append(said, moment);
  return element;
}

/**
 * @param {OpenedWorkspace} opened
 * @param {MemberList} list
 * @param {MemberList | undefined} before
 * @returns {string[]}
 */
function changes(opened, list, before) {
  const name = nameOf(opened, toHex(list.signer));
  if (before === undefined) return [say("history_made", { name })];
  const [was, is] = [byAccount(before), byAccount(list)];
  const subject = (/** @type {string} */ account) => nameOf(opened, account);
  const said = [];
  for (const [account, { role }] of is) {
    const facts = { name, subject: subject(account), role: say(`role_${role}`) };
    if (!was.has(account)) said.push(say("history_added", facts));
    else if (was.get(account)?.role !== role) said.push(say("history_role", facts));
  }
  for (const account of was.keys()) {
    if (!is.has(account)) said.push(say("history_removed", { name, subject: subject(account) }));
  }
  return said.length === 0 ? [say("history_renamed", { name })] : said;
}

/** @param {MemberList} list */
function byAccount(list) {
  return new Map(list.members.map((member) => [toHex(member.account), member]));
}

/**
 * @param {HTMLElement} element
 * @param {string} name
 */
function part(element, name) {
  return /** @type {HTMLElement} */ (element.querySelector(`[data-${name}]`));
}
