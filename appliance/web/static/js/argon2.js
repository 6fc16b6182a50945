// @ts-check
/** Argon2id for a page: starts a worker, waits for it, ends it. */

/** The browser cannot do it: it has no WebAssembly, or not enough memory. */
export class Argon2Unavailable extends Error {}

/**
 * Argon2id, version 1.3.
 * @param {Uint8Array} passphrase Stays the caller's, who wipes it.
 * @param {{salt: Uint8Array, memoryKib: number, passes: number, lanes: number}} cost
 * @returns {Promise<Uint8Array>} 32 bytes.
 * @throws {Argon2Unavailable}
 */
export async function argon2(passphrase, { salt, memoryKib, passes, lanes }) {
  const worker = new Worker(new URL("./argon2_worker.js", import.meta.url), { type: "module" });
  try {
    const key = await new Promise((resolve) => {
      worker.onmessage = ({ data }) => resolve(data.key);
      worker.onmessageerror = () => resolve(null);
      worker.onerror = (event) => {
        event.preventDefault();
        resolve(null);
      };
      const copy = passphrase.slice();
      // Handed over, not copied once more: the worker wipes the only copy there is.
      worker.postMessage({ passphrase: copy, salt, memoryKib, passes, lanes }, [copy.buffer]);
    });
    if (key === null) throw new Argon2Unavailable("this browser cannot compute Argon2id");
    return key;
  } finally {
    worker.terminate();
  }
}
