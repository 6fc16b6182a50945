// @ts-check
/** The form that takes everything along: opened or sealed, with progress, and a button that stops it. */

import { Mistake, inputIn, onSubmit } from "../forms.js";
import { Stopped, ask } from "../request.js";
import { requireVault } from "../vault.js";
import { language, say } from "../words.js";
import { archive } from "./opened.js";
import { listBelongings, openAll } from "./opening.js";
import { chooseSink } from "./saving.js";
import { sealedFile, sealedParts } from "./sealed.js";

/**
 * @typedef {import("./opening.js").Opened} Opened
 * @typedef {import("./opening.js").LeftOut} LeftOut
 * @typedef {import("./saving.js").Sink} Sink
 * @typedef {{private: number, sealedBytes: number, partBytes: number}} Extent - How much is private, how large all of it
 *   is, and how large one sealed file may be.
 */

const BASE64 = 4 / 3;
const ZIP = "application/zip";
const JSON_FILE = "application/json";

const numbers = new Intl.NumberFormat(language);

/**
 * @param {HTMLFormElement} form
 * @param {Extent} extent
 */
export function takeAlongHere(form, extent) {
  const [status, bar, stop] = ["[data-status]", "[data-bar]", "[data-stop]"].map((each) => find(form, each));
  const run = { stopping: new AbortController(), leftOut: /** @type {LeftOut[]} */ ([]) };
  stop.onclick = () => run.stopping.abort();
  onSubmit(form, async () => {
    Object.assign(run, { stopping: new AbortController(), leftOut: [] });
    const manner = inputIn(form, "[name=manner]:checked").value;
    const isLarge = manner === "sealed" && extent.sealedBytes * BASE64 > extent.partBytes;
    const isZip = manner === "opened" || isLarge;
    const sink = await chooseSink(fileName(manner, isZip), isZip ? ZIP : JSON_FILE);
    if (sink === null) return;
    showLeftOut(form, []);
    addEventListener("beforeunload", stay);
    try {
      await write(sink, { manner, isLarge, extent }, run.stopping.signal, progress);
      status.textContent = say(run.leftOut.length > 0 ? "taken_but" : "taken", { file: sink.name });
      showLeftOut(form, run.leftOut);
    } catch (error) {
      await sink.abandon();
      if (!(error instanceof Stopped)) throw error;
      status.textContent = say("stopped");
    } finally {
      removeEventListener("beforeunload", stay);
      bar.hidden = stop.hidden = true;
    }
  });

  /**
   * @param {number} done
   * @param {number} whole
   * @param {Opened | LeftOut} [item]
   */
  function progress(done, whole, item) {
    bar.hidden = stop.hidden = false;
    Object.assign(bar, { max: Math.max(1, whole), value: done });
    const [of, all] = [numbers.format(done), numbers.format(whole)];
    status.textContent = done < whole ? say("going", { done: of, whole: all }) : say("ending");
    if (item && "trouble" in item) run.leftOut.push(item);
  }
}

/**
 * @param {Sink} sink
 * @param {{manner: string, isLarge: boolean, extent: Extent}} asked
 * @param {AbortSignal} signal
 * @param {(done: number, whole: number, item?: Opened | LeftOut) => void} progress
 */
async function write(sink, { manner, isLarge, extent }, signal, progress) {
  const needsVault = manner === "sealed" || extent.private > 0;
  const vault = needsVault ? await requireVault() : null;
  if (needsVault && vault === null) throw new Mistake(say("locked_export"));
  const belongings = await listBelongings();
  const opening = counted(openAll(belongings, vault, signal), belongings.length, progress);
  if (vault === null || manner === "opened") return drain(archive(opening), sink, signal);
  const slot = (await ask("GET", "/vault")).slots.recovery;
  if (isLarge) return drain(sealedParts(opening, vault, slot, extent.partBytes), sink, signal);
  for await (const bytes of sealedFile(opening, vault, slot)) await sink.write(bytes);
  await sink.finish();
}

/**
 * @param {AsyncIterable<Opened | LeftOut>} opening
 * @param {number} whole
 * @param {(done: number, whole: number, item?: Opened | LeftOut) => void} progress
 * @returns {AsyncGenerator<Opened | LeftOut>}
 */
async function* counted(opening, whole, progress) {
  let done = 0;
  progress(done, whole);
  for await (const item of opening) {
    done += 1;
    progress(done, whole, item);
    yield item;
  }
}

/**
 * @param {ReadableStream<Uint8Array>} stream
 * @param {Sink} sink
 * @param {AbortSignal} signal
 */
async function drain(stream, sink, signal) {
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (signal.aborted) throw new Stopped();
    if (done) break;
    await sink.write(value);
  }
  await sink.finish();
}

/**
 * @param {string} manner
 * @param {boolean} isZip
 */
function fileName(manner, isZip) {
  const now = new Date();
  const day = [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
  return `cloister-${manner}-${day}${isZip ? ".zip" : ".json"}`;
}

/**
 * @param {HTMLElement} form
 * @param {LeftOut[]} leftOut
 */
function showLeftOut(form, leftOut) {
  const items = leftOut.map(({ title, trouble }) => {
    const item = document.createElement("li");
    const name = document.createElement("bdi");
    name.textContent = title;
    item.append(name, `: ${trouble}`);
    return item;
  });
  find(form, "[data-left-out]").replaceChildren(...items);
}

/** @param {BeforeUnloadEvent} event */
function stay(event) {
  event.preventDefault();
}

/**
 * @param {ParentNode} within
 * @param {string} selector
 */
function find(within, selector) {
  return /** @type {HTMLElement} */ (within.querySelector(selector));
}
