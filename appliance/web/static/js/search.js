// @ts-check
/**
 * The search box of every page, and the results, which stand in the place of the page until they are closed.
 *
 * A query is content. It is sent in a body, and kept in the box and nowhere else: no address, no history, nothing that a
 * browser would write down.
 */

import { notify } from "./notices.js";
import { drawGroup, figure, places, recordings } from "./search_results.js";
import { NOTHING, askSources, together } from "./search_sources.js";
import { say, tell } from "./words.js";

export { addSource } from "./search_sources.js";

/**
 * @typedef {import("./search_sources.js").Question} Question
 * @typedef {import("./search_sources.js").Answer} Answer
 * @typedef {import("./pure/scan.js").Found} Found
 * @typedef {import("./pure/scan.js").Group} Group
 */

const LOOK_AGAIN_MS = 2000;

/** @type {Search | null} */
let ofThisPage = null;

/** Bring the box to life, where the page has one. */
export function letPeopleSearch() {
  const box = document.querySelector("[data-search-box]");
  const panel = document.querySelector("[data-search]");
  if (!(box instanceof HTMLFormElement && panel instanceof HTMLElement)) return;
  ofThisPage = new Search(box, panel);
  ofThisPage.listen();
}

/** Something can be searched that could not before: bring in what is found there. */
export function searchAgain() {
  if (ofThisPage?.isAsked) ofThisPage.lookAgain();
}

class Search {
  /**
   * @param {HTMLFormElement} box
   * @param {HTMLElement} panel
   */
  constructor(box, panel) {
    this.box = box;
    this.panel = panel;
    this.main = /** @type {HTMLElement} */ (document.getElementById("main"));
    this.isPage = this.main.contains(panel);
    this.input = /** @type {HTMLInputElement} */ (box.querySelector("input"));
    this.filters = /** @type {HTMLFormElement} */ (this.part("filters"));
    this.results = this.part("results");
    /** @type {Question} */
    this.question = { query: "", speaker: "", scope: {} };
    this.asking = new AbortController();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.again = undefined;
    this.isAsked = false;
    this.lastShown = Infinity;
    this.isFirstPage = true;
    this.scrolled = 0;
  }

  listen() {
    for (const form of [this.box, this.filters]) {
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.search();
      });
    }
    this.part("more").onclick = () => this.showOlder();
    if (!this.isPage) this.part("close").onclick = () => this.close();
    this.results.addEventListener("click", (event) => this.follow(event));
    document.addEventListener("keydown", (event) => this.press(event));
    if (this.isPage) this.input.focus();
  }

  /** Ask what stands in the fields, and show the answer. */
  async search() {
    this.open();
    this.question = this.read();
    const isNothing = this.question.query.trim() === "" && this.question.speaker.trim() === "";
    this.isAsked = !isNothing;
    const answer = isNothing ? NOTHING : await this.ask(this.question);
    if (answer !== undefined) this.show(answer, isNothing ? "" : summary(answer.found));
  }

  /** @returns {Question} */
  read() {
    const speaker = /** @type {HTMLInputElement} */ (this.part("speaker")).value;
    const scope = { since_ms: this.day("from", 0), until_ms: this.day("until", 1) };
    return { query: this.input.value, speaker, scope };
  }

  /**
   * The beginning of the day in a field, or of a later one, where the reader is; null where the field is empty.
   * @param {string} name
   * @param {number} daysAfter
   */
  day(name, daysAfter) {
    const { value } = /** @type {HTMLInputElement} */ (this.part(name));
    const day = new Date(`${value}T00:00`);
    day.setDate(day.getDate() + daysAfter);
    return Number.isNaN(day.getTime()) ? null : day.getTime();
  }

  /**
   * Ask every source; what one of them refuses does not hide what the others found.
   * @param {Question} question
   * @param {boolean} [onlyPrivate] - What this browser searches by itself.
   * @returns {Promise<Answer | undefined>} Nothing where no source answered, or another question came in between.
   */
  async ask(question, onlyPrivate = /** @type {HTMLInputElement} */ (this.part("only-private")).checked) {
    this.asking.abort();
    clearTimeout(this.again);
    const asking = (this.asking = new AbortController());
    this.panel.ariaBusy = "true";
    const { answers, refusals } = await askSources(question, asking.signal, onlyPrivate);
    if (asking.signal.aborted) return undefined;
    this.panel.ariaBusy = null;
    if (refusals.length > 0) notify(tell(refusals[0]), { isTrouble: true });
    return answers.length === 0 ? undefined : together(answers);
  }

  /**
   * @param {Answer} answer
   * @param {string} said
   */
  show(answer, said) {
    this.isFirstPage = true;
    this.results.replaceChildren();
    this.add(answer.found);
    this.part("tips").hidden = answer.found.recordings > 0;
    const status = this.part("status");
    if (status.textContent !== said) status.textContent = said; // What was said already is not said again.
    this.tellProgress(answer);
  }

  /** @param {Found} found */
  add({ groups, has_more: hasMore }) {
    this.results.append(...groups.map((group) => drawGroup(group, (one, after) => this.askForMore(one, after))));
    this.lastShown = groups.at(-1)?.created_ms ?? this.lastShown;
    this.part("more").hidden = !hasMore;
  }

  async showOlder() {
    const scope = { ...this.question.scope, before_ms: this.lastShown };
    const answer = await this.ask({ ...this.question, scope });
    if (answer === undefined) return;
    this.isFirstPage = false;
    const before = this.results.childElementCount;
    this.add(answer.found);
    this.results.children[before]?.querySelector("a")?.focus();
    this.tellProgress(answer);
  }

  /**
   * @param {Group} group
   * @param {number} after
   */
  async askForMore({ recording, is_private: isPrivate }, after) {
    const question = { ...this.question, scope: { recording, after } };
    // Whose private recording holds which words is nothing that the appliance learns: it is not even asked.
    const answer = await (isPrivate ? this.ask(question, true) : this.ask(question));
    if (answer) this.tellProgress(answer);
    return answer?.found.groups[0];
  }

  /** @param {Answer} answer */
  tellProgress({ progress: { done, whole, unreadable, is_ready: isReady }, again }) {
    const [building, missing] = [this.part("building"), this.part("unreadable")];
    building.hidden = isReady;
    building.textContent = say("search_building", { done: figure(done), whole: figure(whole) });
    missing.hidden = unreadable === 0;
    missing.textContent = say("search_unreadable", { number: figure(unreadable) });
    if (!isReady || again) this.again = setTimeout(() => this.lookAgain(), LOOK_AGAIN_MS);
  }

  /** While the search is being built: what has come in meanwhile, unless that would move what somebody reads. */
  async lookAgain() {
    if (this.panel.hidden) return;
    const answer = await this.ask(this.question);
    if (answer === undefined) return;
    const isInUse = !this.isFirstPage || this.results.contains(document.activeElement);
    if (isInUse) this.tellProgress(answer);
    else this.show(answer, summary(answer.found));
  }

  open() {
    if (!this.panel.hidden) return;
    this.scrolled = scrollY;
    this.main.hidden = true;
    this.panel.hidden = false;
    this.results.replaceChildren(); // What an earlier question found is no answer to this one.
    this.part("status").textContent = "";
    scrollTo(0, 0);
  }

  close() {
    if (this.isPage || this.panel.hidden) return;
    this.asking.abort();
    clearTimeout(this.again);
    this.panel.hidden = true;
    this.main.hidden = false;
    scrollTo(0, this.scrolled);
    this.input.focus({ preventScroll: true });
  }

  /**
   * A moment of the recording that is open already: it is behind the results.
   * @param {MouseEvent} event
   */
  follow(event) {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    const isElsewhere = link?.pathname !== location.pathname || event.ctrlKey || event.metaKey || event.shiftKey;
    if (link === null || isElsewhere) return;
    this.close();
    if (link.hash === location.hash) dispatchEvent(new Event("hashchange"));
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const target = event.target instanceof Element ? event.target : document.body;
    if (event.ctrlKey || event.metaKey || event.altKey || target.closest("dialog")) return;
    if (event.key === "/" && !target.closest("input, select, textarea")) {
      event.preventDefault();
      this.input.focus();
      this.input.select();
    } else if (target === this.input || this.results.contains(target)) {
      this.walk(event, target);
    }
  }

  /**
   * Arrows walk from the box through the results and back; Escape leads to the box, and from there out.
   * @param {KeyboardEvent} event
   * @param {Element} target
   */
  walk(event, target) {
    const links = [...this.results.querySelectorAll("a")];
    const at = links.indexOf(/** @type {HTMLAnchorElement} */ (target));
    if (event.key === "Escape" && target === this.input) {
      this.close();
    } else if (event.key === "Escape") {
      this.input.focus();
    } else if (event.key === "ArrowDown" && !this.panel.hidden) {
      event.preventDefault();
      links[Math.min(at + 1, links.length - 1)]?.focus();
    } else if (event.key === "ArrowUp" && at >= 0) {
      event.preventDefault();
      (links[at - 1] ?? this.input).focus();
    }
  }

  /**
   * @param {string} name
   * @returns {HTMLElement}
   */
  part(name) {
    return /** @type {HTMLElement} */ (this.panel.querySelector(`[data-search-${name}]`));
  }
}

/** @param {Found} found */
function summary(found) {
  if (found.recordings === 0) return say("search_found_nothing");
  const facts = { places: places(found.places), recordings: recordings(found.recordings) };
  return say(found.is_counted ? "search_found" : "search_found_more", facts);
}
