// @ts-check
/**
 * A transcript on the page. It draws from the transcript's JSON alone and writes text with textContent alone, so that
 * whatever was said stays text, and whoever opened the JSON, server or browser, makes no difference.
 */

import { clock, momentFragment, readMoment } from "./pure/clock.js";
import { groupTurns, indexAt, isGhost, shares } from "./pure/turns.js";
import { language, percent, say } from "./words.js";

/**
 * @typedef {import("./pure/turns.js").Turn} Turn
 * @typedef {import("./pure/turns.js").Paragraph} Paragraph
 * @typedef {import("./pure/transcript.js").Transcript} Transcript
 */

const COLOURS = 10;
const SLICE = 150; // Turns drawn between two frames: the page answers while a long hearing is drawn.

export class TranscriptView {
  /**
   * @param {HTMLElement} place
   * @param {(speakerId: string) => void} onRename
   */
  constructor(place, onRename) {
    this.place = place;
    this.onRename = onRename;
    /** @type {Map<string, string>} */
    this.names = new Map();
    /** @type {Map<string, string>} */
    this.colours = new Map();
    /** @type {HTMLElement[]} */
    this.paragraphs = [];
    /** @type {number[]} */
    this.starts = [];
    this.current = -1;
    place.addEventListener("click", (event) => this.click(event));
    addEventListener("hashchange", () => this.goToFragment());
  }

  /** @param {Transcript} transcript */
  async draw(transcript) {
    transcript.speakers.forEach(({ id, name }, index) => {
      this.names.set(id, name);
      this.colours.set(id, `speaker-${index % COLOURS}`);
    });
    this.drawPeople(transcript);
    const turns = groupTurns(transcript.segments);
    const list = /** @type {HTMLElement} */ (this.place.querySelector("[data-turns]"));
    if (turns.length === 0) list.textContent = say("empty");
    for (let first = 0; first < turns.length; first += SLICE) {
      list.append(...turns.slice(first, first + SLICE).map((turn) => this.turn(turn, transcript.language)));
      await new Promise((resolve) => setTimeout(resolve));
    }
    this.goToFragment();
  }

  /** @param {string} speakerId */
  nameOf(speakerId) {
    return this.names.get(speakerId) ?? speakerId;
  }

  /**
   * Show another name wherever the old one stands.
   * @param {string} speakerId
   * @param {string} name
   */
  rename(speakerId, name) {
    this.names.set(speakerId, name);
    for (const element of this.place.querySelectorAll("[data-named]")) {
      if (/** @type {HTMLElement} */ (element).dataset.named === speakerId) this.writeName(element, speakerId);
    }
  }

  /**
   * Go to a turn.
   * @param {number} step - 1 for the next one, -1 for the one before.
   */
  step(step) {
    const turns = this.turns();
    const next = Math.min(turns.length - 1, Math.max(0, this.current + step));
    this.select(turns[next], next);
    turns[next]?.focus({ preventScroll: true });
    turns[next]?.scrollIntoView({ block: "center" });
  }

  /** @returns {HTMLElement | undefined} */
  currentTurn() {
    return this.turns()[Math.max(0, this.current)];
  }

  /** @returns {HTMLElement[]} */
  turns() {
    return [.../** @type {NodeListOf<HTMLElement>} */ (this.place.querySelectorAll(".turn"))];
  }

  /** @param {Transcript} transcript */
  drawPeople({ speakers, segments }) {
    const spoken = shares(speakers, segments);
    const list = /** @type {HTMLElement} */ (this.place.querySelector("[data-speakers]"));
    list.replaceChildren(...speakers.map(({ id }) => this.person(id, spoken.get(id) ?? 0)));
    /** @type {HTMLElement} */ (this.place.querySelector("[data-side]")).hidden = speakers.length === 0;
  }

  /**
   * @param {string} id
   * @param {number} share
   */
  person(id, share) {
    const person = copy("person");
    person.classList.add(this.colours.get(id) ?? "speaker-none");
    this.nameAfter(part(person, "name"), id);
    const rename = person.querySelector("[data-rename]"); // There is none for who may only read.
    if (rename instanceof HTMLElement) {
      this.nameAfter(rename, id);
      rename.dataset.rename = id;
    }
    const said = say("share", { percent: percent(share) });
    part(person, "share").textContent = isGhost(share) ? `${said}. ${say("ghost")}` : said;
    return person;
  }

  /**
   * @param {Turn} turn
   * @param {string} spoken
   */
  turn(turn, spoken) {
    const element = copy("turn");
    const name = part(element, "rename");
    element.lang = spoken;
    element.classList.add(this.colours.get(turn.speaker ?? "") ?? "speaker-none");
    if (turn.speaker === null) {
      name.replaceWith(...(this.names.size > 0 ? [anonymous()] : []));
    } else {
      name.dataset.rename = turn.speaker;
      element.dataset.speaker = turn.speaker;
      this.nameAfter(name, turn.speaker);
    }
    element.append(...turn.paragraphs.map((paragraph) => this.paragraph(paragraph)));
    return element;
  }

  /** @param {Paragraph} paragraph */
  paragraph({ start, text }) {
    const element = copy("paragraph");
    const time = /** @type {HTMLAnchorElement} */ (part(element, "time"));
    time.href = momentFragment(start);
    time.textContent = clock(start, language);
    time.setAttribute("aria-label", say("moment", { time: time.textContent }));
    part(element, "said").textContent = text;
    this.paragraphs.push(element);
    this.starts.push(start);
    return element;
  }

  /**
   * @param {HTMLElement} element
   * @param {string} speakerId
   */
  nameAfter(element, speakerId) {
    element.dataset.named = speakerId;
    this.writeName(element, speakerId);
  }

  /**
   * @param {Element} element
   * @param {string} speakerId
   */
  writeName(element, speakerId) {
    const name = this.nameOf(speakerId);
    if (element instanceof HTMLButtonElement) {
      element.setAttribute("aria-label", say("rename", { name }));
      element.title = say("rename", { name });
    }
    if (!element.querySelector("svg")) element.textContent = name;
  }

  /** @param {MouseEvent} event */
  click(event) {
    const target = event.target instanceof Element ? event.target : null;
    const button = target?.closest("button[data-rename]");
    if (button instanceof HTMLElement) this.onRename(button.dataset.rename ?? "");
    const turn = target?.closest(".turn");
    if (turn instanceof HTMLElement) this.select(turn, this.turns().indexOf(turn));
  }

  /**
   * @param {HTMLElement | undefined} turn
   * @param {number} index
   */
  select(turn, index) {
    this.place.querySelector(".turn--current")?.classList.remove("turn--current");
    turn?.classList.add("turn--current");
    this.current = index;
  }

  /** Show the moment that the address names. */
  goToFragment() {
    const moment = readMoment(location.hash);
    if (moment === null || this.paragraphs.length === 0) return;
    this.place.querySelector(".turn__text--here")?.classList.remove("turn__text--here");
    const paragraph = this.paragraphs[indexAt(this.starts, moment)];
    paragraph.classList.add("turn__text--here");
    paragraph.scrollIntoView({ block: "center" });
  }
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

/** @returns {HTMLElement} */
function anonymous() {
  const name = document.createElement("span");
  name.className = "turn__name";
  name.textContent = say("nobody");
  return name;
}
