// @ts-check
/**
 * Where a large file goes while it is made. Browsers that let a page write into a file which the person chose get it
 * piece by piece, so that it never is in memory as a whole. In others it is gathered in blobs, which the browser may
 * lay aside on its own disk, and is saved as any download at the end.
 */

import { InWords } from "../request.js";
import { saveFile } from "../saved_file.js";
import { say } from "../words.js";

const BLOB_BYTES = 8 * 2 ** 20;

/**
 * @typedef {{name: string, mediaType: string, write: (bytes: Uint8Array) => Promise<void>, finish: () => Promise<void>,
 *   abandon: () => Promise<void>}} Sink
 */

/** The disk, or who guards it, refused. */
export class NotWritten extends InWords {
  constructor() {
    super(say("file_failed"));
  }
}

/**
 * Ask where to put a file, where the browser can; call it first thing in a click, or the browser does not ask.
 * @param {string} name - That is proposed.
 * @param {string} mediaType
 * @returns {Promise<Sink | null>} Null where the person did not want to.
 */
export async function chooseSink(name, mediaType) {
  if (!("showSaveFilePicker" in window)) return new Gathered(name, mediaType);
  const ending = name.slice(name.lastIndexOf("."));
  try {
    const accept = { [mediaType]: [ending] };
    // @ts-expect-error -- not in every library of types yet.
    const handle = await window.showSaveFilePicker({ suggestedName: name, types: [{ accept }] });
    return new Streamed(handle, mediaType, await handle.createWritable());
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return null;
    return new Gathered(name, mediaType); // The browser may not ask here: it saves as it saves any file.
  }
}

/** @implements {Sink} */
class Streamed {
  /**
   * @param {any} handle
   * @param {string} mediaType
   * @param {any} stream
   */
  constructor(handle, mediaType, stream) {
    this.handle = handle;
    this.name = handle.name;
    this.mediaType = mediaType;
    this.stream = stream;
  }

  /** @param {Uint8Array} bytes */
  async write(bytes) {
    await orNotWritten(this.stream.write(bytes));
  }

  async finish() {
    await orNotWritten(this.stream.close());
  }

  async abandon() {
    await this.stream.abort().catch(() => {});
    await this.handle.remove?.().catch(() => {}); // Choosing made an empty file.
  }
}

/** @implements {Sink} */
class Gathered {
  /**
   * @param {string} name
   * @param {string} mediaType
   */
  constructor(name, mediaType) {
    this.name = name;
    this.mediaType = mediaType;
    /** @type {Blob[]} */
    this.blobs = [];
    /** @type {Uint8Array<ArrayBuffer>[]} */
    this.pieces = [];
    this.sizeBytes = 0;
  }

  /** @param {Uint8Array} bytes */
  async write(bytes) {
    this.pieces.push(/** @type {Uint8Array<ArrayBuffer>} */ (bytes));
    this.sizeBytes += bytes.length;
    if (this.sizeBytes >= BLOB_BYTES) this.#layAside();
  }

  async finish() {
    this.#layAside();
    saveFile(new Blob(this.blobs, { type: this.mediaType }), this.name);
  }

  async abandon() {
    this.blobs = [];
    this.pieces = [];
  }

  #layAside() {
    this.blobs.push(new Blob(this.pieces));
    this.pieces = [];
    this.sizeBytes = 0;
  }
}

/** @param {Promise<unknown>} writing */
async function orNotWritten(writing) {
  try {
    await writing;
  } catch {
    throw new NotWritten();
  }
}
