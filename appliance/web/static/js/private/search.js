// @ts-check
/**
 * Search in what only this browser can open. The query goes to a worker of this page and nowhere else, and what is found
 * goes to the page.
 *
 * Nobody waits for it: while packs are being opened or transcripts read for the first time, the others' results stand
 * there already, and these come in by themselves.
 */

import { ask } from "../request.js";
import { searchAgain } from "../search.js";
import { figure } from "../search_results.js";
import { NOTHING } from "../search_sources.js";
import { UNLOCKED, openVault, requireVault } from "../vault.js";
import { say } from "../words.js";
import { IndexRolledBack } from "./index.js";
import { Packs } from "./packs.js";
import { readTheRest } from "./reading.js";

/**
 * @typedef {import("../search_sources.js").Question} Question
 * @typedef {import("../search_sources.js").Answer} Answer
 * @typedef {import("../pure/scan.js").Found} Found
 */

/** @type {Packs | null} Once they are open. */
let open = null;
/** @type {Promise<void> | null} */
let opening = null;
/** @type {Promise<void> | null} */
let reading = null;

document.addEventListener(UNLOCKED, () => Promise.resolve(opening).then(prepare));
line("locked").querySelector("button")?.addEventListener("click", requireVault);

/** Open the packs, if the vault is open, and say so where it is not. */
export function prepare() {
  opening ??= openPacks().finally(() => {
    opening = null;
  });
  return opening;
}

/**
 * @param {Question} question
 * @returns {Promise<Answer>}
 */
export async function searchPrivately(question) {
  if (open === null) {
    prepare();
    return NOTHING;
  }
  const isNext = Boolean(question.scope.recording || question.scope.before_ms);
  try {
    if (!isNext && reading === null) await refresh(open); // While it reads, it looks by itself.
  } catch (error) {
    tellTrouble(error);
    return NOTHING; // What was opened before is not shown beside an appliance that says something else now.
  }
  const found = await open.thread.ask("search", question);
  const progress = { ...NOTHING.progress, unreadable: open.coverage().unreadable };
  return { found: marked(open, found), progress, again: reading !== null };
}

async function openPacks() {
  try {
    const vault = await openVault();
    const { documents } = await ask("GET", "/vault/index");
    offer(documents.length > 0, vault === null);
    if (vault === null || documents.length === 0) return;
    tell("reading", say("search_opening"));
    const packs = Packs.of(vault);
    await refresh(packs);
    open = packs;
    searchAgain();
  } catch (error) {
    tellTrouble(error);
  }
}

/**
 * See what has changed since, here or elsewhere, and begin to read what no pack covers.
 * @param {Packs} packs
 */
async function refresh(packs) {
  await packs.bring();
  await packs.agree();
  const { uncovered, untidy } = packs.coverage();
  const isDue = uncovered.length > 0 || untidy.length > 0 || packs.index.later.length > 0 || isToForget(packs);
  if (isDue) reading ??= read(packs);
  if (reading === null) tell("reading", "");
  tellLies(packs);
}

/** @param {Packs} packs */
function isToForget(packs) {
  return [...packs.lies].some(([pack]) => packs.listed.has(pack) || pack in packs.index.memory.packs);
}

/** @param {Packs} packs */
async function read(packs) {
  try {
    await readTheRest(packs, (done, whole) => {
      tell("reading", say("search_reading", { done: figure(done), whole: figure(whole) }));
    });
    tell("reading", "");
  } catch (error) {
    tellTrouble(error);
  } finally {
    tellLies(packs);
    reading = null;
    searchAgain();
  }
}

/**
 * @param {boolean} hasPrivate
 * @param {boolean} isLocked
 */
function offer(hasPrivate, isLocked) {
  line("locked").hidden = !(hasPrivate && isLocked);
  line("private-choice").hidden = !hasPrivate;
}

/** @param {unknown} error */
function tellTrouble(error) {
  tell("reading", say(error instanceof IndexRolledBack ? "search_rolled_back" : "search_private_failed"));
}

/** @param {Packs} packs */
function tellLies(packs) {
  tell("lies", packs.lies.size === 0 ? "" : say("search_lies", { number: figure(packs.lies.size) }));
}

/**
 * @param {string} name
 * @param {string} sentence - Empty for none.
 */
function tell(name, sentence) {
  line(name).hidden = sentence === "";
  line(name).textContent = sentence;
}

/** @param {string} name */
function line(name) {
  return /** @type {HTMLElement} */ (document.querySelector(`[data-search-${name}]`));
}

/**
 * @param {Packs} packs
 * @param {Found} found
 * @returns {Found}
 */
function marked({ index }, found) {
  const places = new Map(index.kept.map(({ recording, workspace }) => [recording, workspace]));
  const groups = found.groups.map((group) => ({
    ...group,
    title: group.title || say("search_untitled"),
    is_private: true,
    workspace: places.get(group.recording),
  }));
  return { ...found, groups };
}
