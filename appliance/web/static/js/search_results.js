// @ts-check
/** Search results on the page: text alone, with marks, and links to the moments. */

import { clock, momentFragment } from "./pure/clock.js";
import { snippet } from "./pure/snippet.js";
import { language, say } from "./words.js";

/**
 * @typedef {import("./pure/scan.js").Group} Group
 * @typedef {import("./pure/scan.js").Place} Place
 */

const COLOURS = 10;
const rules = new Intl.PluralRules(language);

/**
 * A recording with the first of its places.
 * @param {Group} group
 * @param {(group: Group, after: number) => Promise<Group | undefined>} askForMore
 * @returns {HTMLElement}
 */
export function drawGroup(group, askForMore) {
  const element = copy("found-recording");
  const title = /** @type {HTMLAnchorElement} */ (part(element, "title"));
  title.href = address(group.recording);
  title.append(...pieces(group.title, group.marks));
  const moment = /** @type {HTMLTimeElement} */ (part(element, "moment"));
  moment.dateTime = new Date(group.created_ms).toISOString();
  part(element, "private").hidden = !group.is_private || Boolean(group.workspace);
  part(element, "shared").hidden = !group.is_private || !group.workspace;
  part(element, "count").textContent = group.count > 0 ? places(group.count) : "";
  const list = part(element, "places");
  list.append(...group.places.map((place) => drawPlace(group, place)));
  const more = part(element, "more-places");
  more.hidden = group.places.length >= group.count;
  more.onclick = async () => {
    more.toggleAttribute("disabled", true);
    const next = await askForMore(group, lastOf(list));
    more.toggleAttribute("disabled", false);
    if (next === undefined) return;
    const drawn = next.places.map((place) => drawPlace(next, place));
    list.append(...drawn);
    drawn[0]?.querySelector("a")?.focus();
    more.hidden = next.places.length >= next.count;
  };
  return element;
}

/**
 * "12 places", in the reader's digits.
 * @param {number} number
 * @returns {string}
 */
export function places(number) {
  return say(rules.select(number) === "one" ? "search_one_place" : "search_places", { number: figure(number) });
}

/**
 * "3 recordings", in the reader's digits.
 * @param {number} number
 * @returns {string}
 */
export function recordings(number) {
  return say(rules.select(number) === "one" ? "search_one_recording" : "search_recordings", { number: figure(number) });
}

/**
 * @param {number} number
 * @returns {string}
 */
export function figure(number) {
  return new Intl.NumberFormat(language).format(number);
}

/**
 * @param {Group} group
 * @param {Place} place
 */
function drawPlace(group, place) {
  const element = copy("found-place");
  const link = /** @type {HTMLAnchorElement} */ (element.querySelector("a"));
  link.href = `${address(group.recording)}${momentFragment(place.start)}`;
  element.dataset.position = String(place.position);
  part(element, "time").textContent = clock(place.start, language);
  const who = part(element, "who");
  who.textContent = place.speaker ?? "";
  who.classList.add(place.voice === null ? "speaker-none" : `speaker-${place.voice % COLOURS}`);
  const said = part(element, "said");
  said.lang = group.language;
  said.append(...pieces(place.text, place.marks));
  return element;
}

/**
 * @param {string} text
 * @param {import("./pure/query.js").Mark[]} marks
 * @returns {Node[]}
 */
function pieces(text, marks) {
  return snippet(text, marks).map((piece) => {
    const node = piece.isMarked ? document.createElement("mark") : document.createTextNode("");
    node.textContent = piece.text;
    return node;
  });
}

/** @param {HTMLElement} list */
function lastOf(list) {
  const last = /** @type {HTMLElement | null} */ (list.lastElementChild);
  return Number(last?.dataset.position ?? -1);
}

/** @param {string} recording */
function address(recording) {
  return `/recordings/${encodeURIComponent(recording)}`;
}

/**
 * @param {string} template
 * @returns {HTMLElement}
 */
function copy(template) {
  const source = /** @type {HTMLTemplateElement} */ (document.getElementById(template));
  return /** @type {HTMLElement} */ (source.content.firstElementChild?.cloneNode(true));
}

/**
 * @param {HTMLElement} element
 * @param {string} name
 * @returns {HTMLElement}
 */
function part(element, name) {
  return /** @type {HTMLElement} */ (element.querySelector(`[data-${name}]`));
}
