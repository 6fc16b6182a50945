// @ts-check
/** The page's side of the worker that opens and searches packs: a question goes there, its answer comes back. */

import { Refusal } from "../crypto/refusal.js";

export class SearchThread {
  constructor() {
    this.worker = new Worker(new URL("./search_worker.js", import.meta.url), { type: "module" });
    /** @type {Map<number, {resolve: (answer: any) => void, reject: (reason: Error) => void}>} */
    this.waiting = new Map();
    this.asked = 0;
    this.worker.onmessage = ({ data }) => this.#hear(data);
    this.worker.onerror = (event) => {
      event.preventDefault();
      this.#end(); // The script did not load: whatever waits would wait for ever.
    };
  }

  /**
   * @param {"open" | "change" | "drop" | "agree" | "search"} act
   * @param {object} given
   * @param {Transferable[]} [handed] - Handed over, not copied.
   * @returns {Promise<any>}
   * @throws {Refusal} It does not open.
   */
  ask(act, given, handed = []) {
    const number = (this.asked += 1);
    return new Promise((resolve, reject) => {
      this.waiting.set(number, { resolve, reject });
      this.worker.postMessage({ number, act, given }, handed);
    });
  }

  /** @param {{number: number, answer?: unknown, refused?: string}} said */
  #hear({ number, answer, refused }) {
    const asker = this.waiting.get(number);
    this.waiting.delete(number);
    if (refused === undefined) asker?.resolve(answer);
    else asker?.reject(refused.startsWith("crypto.") ? new Refusal(refused.slice("crypto.".length)) : new Error(refused));
  }

  #end() {
    for (const { reject } of this.waiting.values()) reject(new Error("the search has ended"));
    this.waiting.clear();
  }
}
