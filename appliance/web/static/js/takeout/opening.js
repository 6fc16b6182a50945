// @ts-check
/**
 * Everything of a person, opened one after the other: what the appliance can open comes open, what only this browser can
 * open comes sealed and is opened here, adopted where it was not yet, and compared with what the vault remembers.
 */

import { Refusal } from "../crypto/refusal.js";
import { SealedIndex } from "../private/index.js";
import { NotAsRemembered, PrivateTranscript } from "../private/source.js";
import { TitleExchanged } from "../private/title_memory.js";
import { openTitle } from "../private/titles.js";
import { Problem, Stopped, ask } from "../request.js";
import { say } from "../words.js";
import { GatheredChanges } from "./gathering.js";

/**
 * @typedef {import("../vault.js").Vault} Vault
 * @typedef {import("../private/titles.js").SealedTitle} SealedTitle
 * @typedef {{id: string, created_at: string, mode: "standard" | "private", title: string,
 *   sealed_title: SealedTitle | null}} Belonging - As the appliance lists it.
 * @typedef {{belonging: Belonging, title: string, transcript: import("../pure/transcript.js").Transcript,
 *   source: PrivateTranscript | null}} Opened - With its source in privacy mode only.
 * @typedef {{belonging: Belonging, title: string, trouble: string}} LeftOut - With the reason, for the person.
 */

const SIGNED_OUT = 401;
const GONE = 404;

/** @returns {Promise<Belonging[]>} Oldest first. */
export async function listBelongings() {
  return ask("GET", "/your-data/recordings");
}

/**
 * @param {Belonging[]} belongings
 * @param {Vault | null} vault - Has to be there where one of them is private.
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<Opened | LeftOut>} One that does not open is left out and does not stop the others.
 * @throws {Stopped} The signal said so.
 * @throws {import("../request.js").Unreachable}
 * @throws {Problem} The person is signed out.
 */
export async function* openAll(belongings, vault, signal) {
  const isPrivate = belongings.some(({ mode }) => mode === "private");
  const memory = isPrivate && vault !== null ? new GatheredChanges(await SealedIndex.load(vault)) : null;
  for (const belonging of belongings) {
    if (signal.aborted) throw new Stopped();
    yield await openOne(belonging, vault, memory, signal);
  }
  await memory?.flush();
}

/**
 * @param {Belonging} belonging
 * @param {Vault | null} vault
 * @param {GatheredChanges | null} memory
 * @param {AbortSignal} signal
 * @returns {Promise<Opened | LeftOut>}
 */
async function openOne(belonging, vault, memory, signal) {
  let title = titleOf(belonging);
  try {
    if (belonging.mode === "standard") {
      const { transcript } = await ask("GET", `/recordings/${belonging.id}/transcript.json`, undefined, signal);
      return { belonging, title, transcript, source: null };
    }
    if (vault === null || memory === null || belonging.sealed_title === null) throw new Refusal("wrong_key");
    title = await openTitle(vault, belonging.id, belonging.sealed_title, memory);
    const served = await ask("GET", `/recordings/${belonging.id}/sealed`, undefined, signal);
    const source = new PrivateTranscript(vault, belonging.id);
    await source.read(served, memory);
    return { belonging, title, transcript: source.transcript, source };
  } catch (error) {
    return { belonging, title, trouble: reasonOf(error) };
  }
}

/**
 * What a title is called that is not there, or cannot be read before its vault was asked.
 * @param {Belonging} belonging
 */
function titleOf({ title, created_at }) {
  return title || say("untitled", { date: created_at.slice(0, 10) });
}

/**
 * @param {unknown} error
 * @returns {string} Why this one is left out.
 * @throws What concerns all of them.
 */
function reasonOf(error) {
  if (error instanceof TitleExchanged) return error.message;
  if (error instanceof NotAsRemembered) return say("not_as_remembered");
  if (error instanceof Refusal) return say("does_not_open", { code: error.code });
  if (error instanceof Problem && error.status === GONE) return say("gone");
  if (error instanceof Problem && error.status !== SIGNED_OUT) return error.message;
  if (error instanceof SyntaxError) return say("does_not_open", { code: "JSON" });
  throw error;
}

