// @ts-check
/** What the pages import, for tests that run in node; Argon2 without its worker, which node has not. */
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";

const STATIC = new URL("../../appliance/web/static/", import.meta.url);
const VENDORED = readdirSync(new URL("vendor/", STATIC)).find((name) => name.startsWith("hash-wasm-argon2-"));
const hashwasm = createRequire(import.meta.url)(new URL(`vendor/${VENDORED}`, STATIC).pathname);

/** @type {Record<string, any>} */
export const shipped = {};
for (const file of readdirSync(new URL("js/crypto/", STATIC))) {
  shipped[file.replace(".js", "")] = await import(new URL(`js/crypto/${file}`, STATIC).href);
}

/**
 * @param {Uint8Array} password
 * @param {{salt: Uint8Array, memoryKib: number, passes: number, lanes: number}} cost
 */
export function argon2(password, { salt, memoryKib, passes, lanes }) {
  const cost = { iterations: passes, parallelism: lanes, memorySize: memoryKib, hashLength: 32 };
  return hashwasm.argon2id({ password, salt, ...cost, outputType: "binary" });
}
