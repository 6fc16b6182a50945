// @ts-check
/** The transcript page of a private recording: unlock, open, say who can read it, refuse what is not as remembered. */

import { Refusal } from "../crypto/refusal.js";
import { InWords } from "../request.js";
import { requireVault } from "../vault.js";
import { say } from "../words.js";
import { inWords, isOfWorkspace } from "../workspaces/trouble.js";
import { showFacts } from "./facts.js";
import { showHolders } from "./holders.js";
import { keepSearchable } from "./reading.js";
import { NotAsRemembered, PrivateTranscript } from "./source.js";
import { openTitle } from "./titles.js";

/** @typedef {import("../transcript_source.js").OpenedTranscript} OpenedTranscript */

const MAX_NAME_CHARACTERS = 80;

/**
 * @param {string} recordingId
 * @returns {Promise<OpenedTranscript>}
 * @throws {InWords} Locked, damaged, or not what this vault has seen before.
 */
export async function openForPage(recordingId) {
  const vault = await requireVault();
  if (vault === null) throw new InWords(say("locked"));
  try {
    const place = /** @type {HTMLElement} */ (document.querySelector("h1 [data-sealed-title]"));
    const title = await openTitle(vault, JSON.parse(place.dataset.sealedTitle ?? ""));
    place.textContent = title; // And not the page's title: browsers write that into their history, in clear.
    nameDeletion(title);
    const source = await PrivateTranscript.open(vault, recordingId);
    showHolders(source);
    showFacts(source.transcript);
    const page = new Page(source, title);
    page.keepSearchable();
    return page;
  } catch (error) {
    throw toWords(error);
  }
}

/** @implements {OpenedTranscript} */
class Page {
  /**
   * @param {PrivateTranscript} source
   * @param {string} title
   */
  constructor(source, title) {
    this.source = source;
    this.title = title;
  }

  get version() {
    return this.source.version;
  }

  get transcript() {
    return this.source.transcript;
  }

  /** @param {import("../pure/transcript.js").Transcript} changed */
  async save(changed) {
    const speakers = changed.speakers.map(({ id, name }) => ({ id, name: plainName(name) }));
    const kept = { ...changed, speakers };
    try {
      await this.source.save(kept);
    } catch (error) {
      throw toWords(error);
    }
    this.keepSearchable();
    return kept;
  }

  /** In the background: nobody waits for it, and where it does not work out, the next search reads the transcript. */
  keepSearchable() {
    keepSearchable(this.source, this.title).catch(() => {});
  }
}

/**
 * A name by the rule that the appliance has where it changes one.
 * @param {string} name
 */
function plainName(name) {
  const plain = name.trim().replace(/\s+/gu, " ");
  const length = [...plain].length;
  if (length < 1 || length > MAX_NAME_CHARACTERS) throw new InWords(say("bad_name", { most: String(MAX_NAME_CHARACTERS) }));
  return plain;
}

/** @param {string} title */
function nameDeletion(title) {
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-delete]"))) {
    button.dataset.title = title;
  }
}

/** @param {unknown} error */
export function toWords(error) {
  if (error instanceof NotAsRemembered) return new InWords(say(error.verdict));
  if (isOfWorkspace(error)) return new InWords(inWords(error));
  if (error instanceof Refusal) return new InWords(say("does_not_open", { code: error.code }));
  return error;
}
