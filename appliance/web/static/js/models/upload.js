// @ts-check
/** A model update on its way in, in chunks that survive a broken connection; then the appliance takes it in. */

import { isReadable, persist } from "../persistence.js";
import { chunkCount, chunkRange, firstToSend, fraction } from "../pure/chunks.js";
import { InWords, Problem, Stopped, Unreachable, ask, send } from "../request.js";
import { percent, say, size, tell } from "../words.js";

const ADDRESS = "/models/uploads";
const OUT_OF_ORDER = "upload.chunk_order";
const TAKEN_BEFORE = ["bundle.store.busy", "access.not_found"];

/** One file, and its row while it is sent from this page. */
export class UpdateUpload {
  /**
   * @param {File} file
   * @param {number} chunkBytes
   * @param {HTMLElement} list - Where its row goes.
   * @param {() => void} onEnd - Called when the row is gone.
   */
  constructor(file, chunkBytes, list, onEnd) {
    this.file = file;
    this.chunkBytes = chunkBytes;
    this.list = list;
    this.onEnd = onEnd;
    this.id = "";
    this.next = 0;
    this.isSending = false;
    this.stopping = new AbortController();
    const template = /** @type {HTMLTemplateElement} */ (document.getElementById("upload"));
    const fragment = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
    this.row = /** @type {HTMLElement} */ (fragment.firstElementChild);
    this.part("name").textContent = file.name;
    this.part("size").textContent = size(file.size);
    this.part("stop").addEventListener("click", () => this.stop());
    this.part("again").addEventListener("click", () => this.run());
    list.append(this.row);
    list.hidden = false;
  }

  /** Send the file and have it taken in, or say on its row why not. */
  async run() {
    this.show("sending");
    this.isSending = true;
    try {
      await this.begin();
      await this.sendChunks();
      this.show("taking");
      await this.takeIn();
      this.remove();
    } catch (error) {
      if (!(error instanceof Stopped)) this.fail(error instanceof Unreachable ? say("failed") : tell(error));
    } finally {
      this.isSending = false;
    }
  }

  async begin() {
    if (!(await isReadable(this.file))) throw new InWords(say("unreadable"));
    const { name, size: sizeBytes } = this.file;
    const begun = await this.persist(() => ask("POST", ADDRESS, { name, size_bytes: sizeBytes }, this.stopping.signal));
    this.id = begun.id;
    this.next = begun.finished ? Infinity : firstToSend(begun.next_chunk);
    this.row.dataset.own = this.id;
    this.list.dispatchEvent(new CustomEvent("begun", { bubbles: true }));
  }

  async sendChunks() {
    const count = chunkCount(this.file.size, this.chunkBytes);
    while (this.next < count) {
      const number = this.next;
      const taken = await this.persist(() => this.sendChunk(number));
      this.next = taken.finished ? Infinity : Math.max(number + 1, taken.next_chunk);
      this.advance(0);
    }
  }

  /** @param {number} number */
  async sendChunk(number) {
    const [start, end] = chunkRange(number, this.file.size, this.chunkBytes);
    this.show("sending");
    const address = `${ADDRESS}/${this.id}/chunks/${number}`;
    try {
      return await send(address, this.file.slice(start, end), (sent) => this.advance(sent), this.stopping.signal);
    } catch (error) {
      // Another tab may send the same file: go on from where the appliance is.
      if (error instanceof Problem && error.code === OUT_OF_ORDER) return ask("GET", `${ADDRESS}/${this.id}`);
      throw error;
    }
  }

  /** Where an answer was lost, the appliance has begun with it at the first time of asking. */
  async takeIn() {
    let wasLost = false;
    const onTrouble = () => {
      wasLost = true;
      this.show("retrying");
    };
    try {
      await persist(() => ask("POST", `${ADDRESS}/${this.id}/take-in`), this.stopping.signal, onTrouble);
    } catch (error) {
      if (!(wasLost && error instanceof Problem && TAKEN_BEFORE.includes(error.code))) throw error;
    }
  }

  /**
   * @template Answer
   * @param {() => Promise<Answer>} attempt
   * @returns {Promise<Answer>}
   */
  persist(attempt) {
    return persist(attempt, this.stopping.signal, () => this.show("retrying"));
  }

  /** The person does not want it any more: nothing of it stays behind. */
  async stop() {
    this.stopping.abort();
    if (this.id) await ask("DELETE", `${ADDRESS}/${this.id}`).catch(() => {}); // What is left, the appliance removes.
    this.remove();
  }

  /** @param {number} sentBytes */
  advance(sentBytes) {
    const done = Math.min(1, fraction(this.next, sentBytes, this.file.size, this.chunkBytes));
    /** @type {HTMLProgressElement} */ (this.part("bar")).value = done;
    this.part("percent").textContent = percent(done);
  }

  /** @param {"sending" | "retrying" | "taking"} state */
  show(state) {
    this.part("status").textContent = say(state);
    this.part("trouble").hidden = true;
    this.part("again").hidden = true;
    this.row.classList.remove("recording--failed");
  }

  /** @param {string} reason */
  fail(reason) {
    this.part("status").textContent = "";
    this.part("trouble").textContent = reason;
    this.part("trouble").hidden = false;
    this.part("again").hidden = false;
    this.row.classList.add("recording--failed");
  }

  remove() {
    this.row.remove();
    this.list.hidden = this.list.childElementCount === 0;
    this.onEnd();
  }

  /**
   * @param {string} name
   * @returns {HTMLElement}
   */
  part(name) {
    return /** @type {HTMLElement} */ (this.row.querySelector(`[data-${name}]`));
  }
}
