// @ts-check
/** The row of one upload. */

import { percent, say, size } from "./words.js";

const LINGERS_MS = 1500;

export class UploadRow {
  /**
   * @param {File} file
   * @param {{stop: () => void, again: () => void, afresh: () => void, without: () => void}} actions
   */
  constructor(file, actions) {
    const template = /** @type {HTMLTemplateElement} */ (document.getElementById("upload"));
    const fragment = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
    this.element = /** @type {HTMLElement} */ (fragment.firstElementChild);
    this.part("name").textContent = file.name;
    this.part("size").textContent = size(file.size);
    this.part("stop").addEventListener("click", actions.stop);
    this.part("again").addEventListener("click", actions.again);
    this.part("afresh").addEventListener("click", actions.afresh);
    this.part("without").addEventListener("click", actions.without);
    document.querySelector("[data-upload-list]")?.append(this.element);
    this.count();
  }

  /** @param {"waiting" | "sending" | "retrying"} state */
  show(state) {
    this.part("status").textContent = say(state);
    this.offer("stop");
    this.part("trouble").hidden = true;
    this.element.classList.remove("recording--failed");
  }

  /** @param {number} fraction */
  progress(fraction) {
    /** @type {HTMLProgressElement} */ (this.part("bar")).value = fraction;
    this.part("percent").textContent = percent(fraction);
    if (fraction >= 1) this.part("status").textContent = say("sealing");
  }

  /**
   * @param {string} reason
   * @param {{afresh?: boolean, without?: boolean}} [offer] - To begin anew instead of trying again; to go on without the
   *   names and terms as well.
   */
  fail(reason, { afresh = false, without = false } = {}) {
    this.part("status").textContent = "";
    this.part("trouble").textContent = reason;
    this.part("trouble").hidden = false;
    this.element.classList.add("recording--failed");
    this.offer(afresh ? "afresh" : "again", "stop", ...(without ? ["without"] : []));
  }

  /** The library's own list shows it from now on. */
  finish() {
    this.progress(1);
    this.part("status").textContent = say("complete");
    this.offer();
    setTimeout(() => this.remove(), LINGERS_MS);
  }

  remove() {
    this.element.remove();
    this.count();
  }

  /**
   * Hide the row which the page showed for this upload before it went on.
   * @param {string} id
   */
  takeOver(id) {
    document.querySelector(`[data-unfinished="${id}"]`)?.remove();
    const section = document.querySelector("[data-unfinished-section]");
    if (section && !section.querySelector("li")) section.remove();
  }

  /** @param {string[]} actions */
  offer(...actions) {
    for (const action of ["stop", "again", "afresh", "without"]) this.part(action).hidden = !actions.includes(action);
  }

  /**
   * @param {string} name
   * @returns {HTMLElement}
   */
  part(name) {
    return /** @type {HTMLElement} */ (this.element.querySelector(`[data-${name}]`));
  }

  count() {
    const section = /** @type {HTMLElement} */ (document.querySelector("[data-upload-section]"));
    section.hidden = !section.querySelector("li");
  }
}
