// @ts-check
/**
 * Where the page's transcript comes from and where a change of it goes. The page knows nothing else, so that a
 * transcript which only this browser can open needs another class here and no other page.
 */

import { nameOf, renamed } from "./pure/transcript.js";
import { ask } from "./request.js";

/** @typedef {import("./pure/transcript.js").Transcript} Transcript */

/**
 * A transcript that is open, as it stands now.
 * @typedef {object} OpenedTranscript
 * @property {number} version - Grows with every change.
 * @property {Transcript} transcript
 * @property {string} title - As the person named the recording.
 * @property {(changed: Transcript) => Promise<Transcript>} save - Keeps a change and says how it was kept.
 */

/**
 * Open the transcript that a place on the page names.
 * @param {HTMLElement} place
 * @returns {Promise<OpenedTranscript>}
 * @throws {import("./request.js").Problem} The appliance refused.
 * @throws {import("./request.js").Unreachable} No answer came.
 * @throws {import("./request.js").InWords} It cannot be opened in this browser, or must not be.
 */
export async function openTranscript(place) {
  const { transcript: address = "", speakersAt = "", title = "", privateRecording } = place.dataset;
  if (privateRecording) return openPrivately(privateRecording);
  const { version, transcript } = await ask("GET", address);
  return new StandardTranscript({ version, transcript, title, speakersAt });
}

/**
 * Open what only this browser can open. Everything that does so is loaded only here.
 * @param {string} recordingId
 * @returns {Promise<OpenedTranscript>}
 */
async function openPrivately(recordingId) {
  const { openForPage } = await import("./private/page.js");
  return openForPage(recordingId);
}

/**
 * A transcript that the appliance opens, and in which it changes the names of speakers.
 * @implements {OpenedTranscript}
 */
class StandardTranscript {
  /** @param {{version: number, transcript: Transcript, title: string, speakersAt: string}} opened */
  constructor({ version, transcript, title, speakersAt }) {
    this.version = version;
    this.transcript = transcript;
    this.title = title;
    this.speakersAt = speakersAt;
  }

  /**
   * @param {Transcript} changed - What is open, with other names.
   * @returns {Promise<Transcript>} With the names as the appliance wrote them.
   * @throws {import("./request.js").Problem} A name is none, or somebody else changed the transcript meanwhile.
   */
  async save(changed) {
    this.refuseOtherChanges(changed);
    for (const { id, name } of changed.speakers) {
      if (name === nameOf(this.transcript, id)) continue;
      const content = { name, version: this.version };
      const saved = await ask("PATCH", `${this.speakersAt}${encodeURIComponent(id)}`, content);
      this.version = saved.version;
      this.transcript = renamed(this.transcript, id, saved.name);
    }
    return this.transcript;
  }

  /**
   * The appliance has no route for any other change, and one that were silently dropped would look as if it were kept.
   * @param {Transcript} changed
   */
  refuseOtherChanges(changed) {
    const { speakers: before, ...rest } = this.transcript;
    const { speakers: after, ...others } = changed;
    const kept = new Map(Object.entries(others));
    const hasSame = Object.entries(rest).every(([key, value]) => kept.get(key) === value);
    const isSamePeople = before.length === after.length && before.every(({ id }, index) => id === after[index].id);
    if (!hasSame || !isSamePeople) throw new Error("only the names of speakers can be changed here");
  }
}
