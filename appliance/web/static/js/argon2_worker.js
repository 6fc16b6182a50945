// @ts-check
/**
 * Argon2id in a thread of its own: the one place with WebAssembly. A worker has the policy of its own answer, and this
 * one allows to compile and to load scripts of the appliance, nothing else (WORKER_POLICY in appliance/web/security.py).
 * So what compiles code has the passphrase for a second, and cannot make a request with it.
 */

import "../vendor/hash-wasm-argon2-4.12.0.umd.min.js";

const { argon2id } = /** @type {any} */ (globalThis).hashwasm;

self.addEventListener("message", async ({ data: { passphrase, salt, memoryKib, passes, lanes } }) => {
  try {
    const cost = { iterations: passes, parallelism: lanes, memorySize: memoryKib, hashLength: 32 };
    const key = await argon2id({ password: passphrase, salt, ...cost, outputType: "binary" });
    // Handed over, not copied: afterwards the worker has it no more. What the computation itself left in memory goes
    // with the worker, which the page ends at once.
    self.postMessage({ key }, { transfer: [key.buffer] });
  } catch {
    // No reason is given: an error of a library could quote what it was given. WebAssembly is missing, or memory is.
    self.postMessage({ key: null });
  } finally {
    passphrase.fill(0);
  }
});
