// @ts-check
/** Who changes a key says the passphrase again: a page that stands open is not enough. */

import { fromBase64 } from "./crypto/bytes.js";
import { inputIn } from "./forms.js";
import { keysOfPassphrase, userKeyByPassphrase } from "./person_keys.js";
import { ask } from "./request.js";

/**
 * Open the slot with the passphrase that was typed.
 * @param {HTMLFormElement} form
 * @returns {Promise<{state: import("./person_keys.js").State, keys: import("./person_keys.js").PassphraseKeys,
 *   userKey: Uint8Array}>}
 * @throws {import("./crypto/refusal.js").Refusal} Wrong key: the passphrase is not right.
 */
export async function provedBy(form) {
  const state = await ask("GET", "/vault");
  const keys = await keysOfPassphrase(inputIn(form, "[data-current]").value, fromBase64(state.kdf));
  return { state, keys, userKey: await userKeyByPassphrase(state, keys) };
}
