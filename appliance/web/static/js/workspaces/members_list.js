// @ts-check
/** The members on the page, drawn from the verified list; and what was changed before, list by list. */

import { toHex } from "../crypto/bytes.js";
import { fingerprint } from "../crypto/identity.js";
import { showWords } from "../fingerprint_words.js";
import { momentInWords } from "../moments.js";
import { acquaintance, knownName, naming } from "../pure/pinned.js";
import { say } from "../words.js";

/**
 * @typedef {import("./opened.js").OpenedWorkspace} OpenedWorkspace
 * @typedef {import("../crypto/members.js").Member} Member
 * @typedef {import("../crypto/members.js").MemberList} MemberList
 * @typedef {import("../pure/memory.js").Memory} Memory
 * @typedef {import("../pure/pinned.js").Acquaintance} Acquaintance
 * @typedef {object} Described
 * @property {string} account
 * @property {string} name The one that this vault remembers; else the appliance's word; else that there is none.
 * @property {boolean} isNamed
 * @property {Uint8Array} print Fingerprint of the keys in the verified list.
 * @property {Acquaintance} known
 * @property {string[]} troubles In words.
 */

/**
 * @param {OpenedWorkspace} opened
 * @param {Memory} memory
 */
export async function showMembers(opened, memory) {
  const rows = await Promise.all(opened.list.members.map((member) => row(opened, member, memory)));
  document.querySelector("[data-members]")?.replaceChildren(...rows);
}

/**
 * @param {OpenedWorkspace} opened
 * @param {Memory} memory
 */
export function showHistory(opened, memory) {
  const called = (/** @type {string} */ account) => knownName(memory, account) ?? (opened.person(account).name || say("gone"));
  const items = opened.lists.map((list, number) => {
    const said = changes(list, opened.lists[number - 1], called);
    return item(opened.served.lists[number].created_at, said.join("; "));
  });
  document.querySelector("[data-history]")?.replaceChildren(...items.reverse());
}

/**
 * Who a member is, as far as this vault knows: the list has keys and no name.
 * @param {OpenedWorkspace} opened
 * @param {Memory} memory
 * @param {Member} member
 * @returns {Promise<Described>}
 */
export async function describeMember(opened, memory, member) {
  const account = toHex(member.account);
  const print = await fingerprint(member.ed, member.x);
  const known = acquaintance(memory, account, toHex(print));
  const served = opened.person(account);
  const named = knownName(memory, account) ?? served.name;
  const called = served.name === "" ? "unknown" : naming(memory, account, served.name); // It may be gone.
  const troubles = [
    known === "other" ? say("known_other") : "",
    called === "other" ? say("called_otherwise", { name: served.name }) : "",
    called === "taken" ? say("known_elsewhere", { name: served.name }) : "",
    served.is_let_in ? "" : say("not_let_in"),
  ].filter(Boolean);
  return { account, name: named || say("gone"), isNamed: named !== "", print, known, troubles };
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
  const { account, name, isNamed, print, known, troubles } = await describeMember(opened, memory, member);
  const isSelf = account === opened.own.accountId;
  Object.assign(element.dataset, { member: account, name, print: toHex(print) });
  part(element, "name").textContent = name;
  part(element, "self").hidden = !isSelf;
  part(element, "role-words").textContent = say(`role_${member.role}`);
  if (isSelf) part(element, "known").remove();
  else part(element, "known").textContent = say(`known_${known === "other" ? "seen" : known}`);
  part(element, "trouble").textContent = troubles.join(" · ");
  part(element, "trouble").hidden = troubles.length === 0;
  showWords(element, print);
  element.querySelector("summary.button")?.setAttribute("aria-label", say("what_to_do", { name }));
  part(element, "compared").hidden = isSelf || known === "compared" || !isNamed;
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (element.querySelectorAll("[data-for-owners]"))) {
    button.hidden = !opened.isOwner || button.dataset.role === member.role;
  }
  part(element, "remove").hidden = !opened.isOwner || isSelf;
  if (!element.querySelector(".menu__entry:not([hidden])")) element.querySelector(".menu")?.remove();
  return element;
}

/**
 * @param {string} at - The appliance's word.
 * @param {string} said
 */
function item(at, said) {
  const element = document.createElement("li");
  const moment = document.createElement("time");
  moment.dateTime = at;
  moment.className = "quiet";
  moment.textContent = momentInWords(moment.dateTime);
  const text = document.createElement("span");
  text.textContent = said;
  element.append(text, moment);
  return element;
}

/**
 * @param {MemberList} list
 * @param {MemberList | undefined} before
 * @param {(account: string) => string} called
 * @returns {string[]}
 */
function changes(list, before, called) {
  const name = called(toHex(list.signer));
  if (before === undefined) return [say("history_made", { name })];
  const [was, is] = [byAccount(before), byAccount(list)];
  const said = [];
  for (const [account, { role }] of is) {
    const facts = { name, subject: called(account), role: say(`role_${role}`) };
    if (!was.has(account)) said.push(say("history_added", facts));
    else if (was.get(account)?.role !== role) said.push(say("history_role", facts));
  }
  for (const account of was.keys()) {
    if (!is.has(account)) said.push(say("history_removed", { name, subject: called(account) }));
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
