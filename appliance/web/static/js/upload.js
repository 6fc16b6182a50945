// @ts-check
/** Files on their way in: dropped or chosen, one after the other, each in chunks that survive a broken connection. */

import { chunkCount, chunkRange, firstToSend, fraction } from "./pure/chunks.js";
import { notify } from "./notices.js";
import { isReadable, persist } from "./persistence.js";
import { beginPrivately } from "./private/upload.js";
import { InWords, Problem, Stopped, Unreachable, ask, send } from "./request.js";
import { chosenOptions, chosenPrivacy, letSampleBeTried, showChoices, takeDrops } from "./upload_form.js";
import { UploadRow } from "./upload_row.js";
import { requireVault } from "./vault.js";
import { say } from "./words.js";
import { inWords } from "./workspaces/trouble.js";
import { loadVocabulary, NotThisVocabulary } from "./workspaces/vocabulary.js";

/**
 * @typedef {import("./pure/options.js").Options} Options
 * @typedef {import("./upload_form.js").Privacy} Privacy
 */

const CANNOT_GO_ON = ["upload.chunk_conflict", "audio_gone"];
const OUT_OF_ORDER = "upload.chunk_order";

/**
 * Take files from a form and from whatever is dropped on the page.
 * @param {HTMLFormElement} form
 */
export function startUploads(form) {
  const queue = new Queue(Number(form.dataset.chunkBytes));
  const input = /** @type {HTMLInputElement} */ (form.querySelector("input[type=file]"));
  /** @param {File[]} files */
  const take = (files) => {
    if (!form.reportValidity()) return;
    try {
      queue.add(files, chosenOptions(form), chosenPrivacy(form));
    } catch (error) {
      notify(inWords(error), { isTrouble: true });
    }
  };
  input.addEventListener("change", () => {
    take([...(input.files ?? [])]);
    input.value = ""; // So that choosing the same file again is a change again.
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  showChoices(form);
  letSampleBeTried(take);
  takeDrops(form, take);
}

/** Sends one file at a time, in the order in which they came. */
class Queue {
  /** @param {number} chunkBytes */
  constructor(chunkBytes) {
    this.chunkBytes = chunkBytes;
    /** @type {Upload[]} */
    this.waiting = [];
    this.isBusy = false;
    addEventListener("beforeunload", (event) => {
      if (this.isBusy) event.preventDefault();
    });
  }

  /**
   * @param {File[]} files
   * @param {Options} options
   * @param {Privacy} privacy
   */
  add(files, options, privacy) {
    const enqueue = (/** @type {Upload} */ upload) => this.enqueue(upload);
    for (const file of files) enqueue(new Upload(file, options, privacy, this.chunkBytes, enqueue));
  }

  /** @param {Upload} upload */
  enqueue(upload) {
    this.waiting.push(upload);
    if (!this.isBusy) this.work();
  }

  async work() {
    this.isBusy = true;
    for (let upload = this.waiting.shift(); upload; upload = this.waiting.shift()) await upload.run();
    this.isBusy = false;
  }
}

/** One file. */
class Upload {
  /**
   * @param {File} file
   * @param {Options} options
   * @param {Privacy} privacy
   * @param {number} chunkBytes
   * @param {(upload: Upload) => void} enqueue
   */
  constructor(file, options, privacy, chunkBytes, enqueue) {
    this.file = file;
    this.options = options;
    this.privacy = privacy;
    this.chunkBytes = chunkBytes;
    this.id = "";
    this.next = 0;
    this.isWithoutTerms = false;
    this.stopping = new AbortController();
    const again = () => {
      this.stopping = new AbortController();
      this.row.show("waiting");
      enqueue(this);
    };
    this.row = new UploadRow(file, {
      stop: () => this.stop(),
      again,
      without: () => {
        this.isWithoutTerms = true;
        again();
      },
      afresh: async () => {
        await this.discard();
        again();
      },
    });
    this.row.show("waiting");
  }

  /** Send the file, or say on its row why not. */
  async run() {
    if (this.stopping.signal.aborted) return;
    try {
      await this.begin();
      await this.sendChunks();
      this.row.finish();
    } catch (error) {
      if (!(error instanceof Stopped)) this.fail(error);
    }
  }

  /** @param {unknown} error */
  fail(error) {
    if (error instanceof NotThisVocabulary) {
      // Neither silently without the terms, nor not at all: who uploads decides.
      return this.row.fail(`${inWords(error)} ${say("vocabulary_without")}`, { without: true });
    }
    const afresh = error instanceof Problem && CANNOT_GO_ON.includes(error.code);
    return this.row.fail(error instanceof Unreachable ? say("failed") : inWords(error), { afresh });
  }

  async begin() {
    if (!(await isReadable(this.file))) throw new InWords(say("unreadable"));
    const begun = await this.persist(await this.beginning());
    this.id = begun.id;
    this.next = firstToSend(begun.next_chunk);
    this.row.takeOver(this.id);
  }

  /** @returns {Promise<() => Promise<any>>} */
  async beginning() {
    const { file, options, privacy } = this;
    const { signal } = this.stopping;
    const upload = { name: file.name, size_bytes: file.size, options };
    const { workspace } = privacy;
    if (!privacy.isPrivate && workspace === "") return () => ask("POST", "/recordings", upload, signal);
    const vault = await requireVault();
    if (vault === null) throw new Stopped();
    if (!privacy.isPrivate) {
      return async () => {
        const vocabulary = await this.terms(vault);
        return ask("POST", "/recordings", { ...upload, workspace, vocabulary }, signal);
      };
    }
    return async () => beginPrivately(vault, file, { options, vocabulary: await this.terms(vault) }, privacy, signal);
  }

  /**
   * The names and terms of the workspace, unless the person said to send the file without them.
   * @param {import("./vault.js").Vault} vault
   * @returns {Promise<string[]>}
   */
  async terms(vault) {
    const { workspace } = this.privacy;
    if (workspace === "" || this.isWithoutTerms) return [];
    return (await loadVocabulary(vault, workspace)).terms;
  }

  async sendChunks() {
    const count = chunkCount(this.file.size, this.chunkBytes);
    while (this.next < count) {
      const number = this.next;
      const taken = await this.persist(() => this.sendChunk(number));
      this.next = Math.max(number + 1, taken.next_chunk);
      this.advance(0);
    }
  }

  /** @param {number} number */
  async sendChunk(number) {
    const [start, end] = chunkRange(number, this.file.size, this.chunkBytes);
    this.row.show("sending");
    const address = `/recordings/${this.id}/chunks/${number}`;
    const signal = this.stopping.signal;
    try {
      return await send(address, this.file.slice(start, end), (sent) => this.advance(sent), signal);
    } catch (error) {
      // Another tab may send the same file: go on from where the appliance is.
      if (error instanceof Problem && error.code === OUT_OF_ORDER) return ask("GET", `/recordings/${this.id}/upload`);
      throw error;
    }
  }

  /** @param {number} sentBytes */
  advance(sentBytes) {
    this.row.progress(fraction(this.next, sentBytes, this.file.size, this.chunkBytes));
  }

  /**
   * @template Answer
   * @param {() => Promise<Answer>} attempt
   * @returns {Promise<Answer>}
   */
  persist(attempt) {
    return persist(attempt, this.stopping.signal, () => this.row.show("retrying"));
  }

  /** The person does not want it any more: nothing of it stays behind. */
  async stop() {
    this.stopping.abort();
    await this.discard();
    this.row.remove();
  }

  async discard() {
    const { id } = this;
    this.id = "";
    this.next = 0;
    if (id) await ask("DELETE", `/recordings/${id}`).catch(() => {}); // What cannot be erased now, the appliance does later.
  }
}
