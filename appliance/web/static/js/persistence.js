// @ts-check
/** What every upload needs to go on after a broken connection. */

import { patience } from "./pure/chunks.js";
import { Stopped, Unreachable } from "./request.js";

/**
 * Try until the appliance answers or the person gives up.
 * @template Answer
 * @param {() => Promise<Answer>} attempt
 * @param {AbortSignal} signal
 * @param {() => void} onTrouble - Called each time no answer came.
 * @returns {Promise<Answer>}
 */
export async function persist(attempt, signal, onTrouble) {
  for (let failures = 0; ; failures += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      onTrouble();
      await waitOrOnline(patience(failures), signal);
    }
  }
}

/**
 * Whether a file has bytes that can be read: a folder that was dropped, or a file that is gone, has none.
 * @param {File} file
 */
export async function isReadable(file) {
  return file.size === 0 || file.slice(0, 1).arrayBuffer().then(() => true, () => false);
}

/**
 * @param {number} milliseconds
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 * @throws {Stopped}
 */
function waitOrOnline(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    addEventListener("online", () => resolve(), { once: true, signal });
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new Stopped());
    });
  });
}
