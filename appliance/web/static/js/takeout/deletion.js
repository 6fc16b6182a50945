// @ts-check
/** The form that deletes everything: the name typed, the passphrase proved, and what the vault remembers forgotten. */

import { fromBase64, toBase64 } from "../crypto/bytes.js";
import { deletionMessage, sign } from "../crypto/identity.js";
import { Mistake, inputIn, onSubmit } from "../forms.js";
import { IndexRolledBack, SealedIndex } from "../private/index.js";
import { provedBy } from "../proving.js";
import { forget, missing } from "../pure/memory.js";
import { ask } from "../request.js";
import { Vault, lock } from "../vault.js";
import { say } from "../words.js";

/**
 * @param {HTMLFormElement} form
 * @param {(said: string) => void} onDeleted
 */
export function deleteHere(form, onDeleted) {
  onSubmit(form, async () => {
    const name = inputIn(form, "[data-typed-name]").value;
    const withAccount = inputIn(form, "[data-with-account]").checked;
    const { state, keys, userKey } = await provedBy(form);
    if (plain(name) !== plain(state.name)) throw new Mistake(say("other_name"));
    find(form, "[data-working]").textContent = say("deleting");
    const { nonce } = await ask("POST", "/sign-in/begin", { name: state.name });
    const message = deletionMessage(location.origin, fromBase64(nonce), withAccount);
    const signature = toBase64(await sign(keys.loginSeed, message));
    const { said } = await ask("POST", "/your-data/deletion", { name, with_account: withAccount, nonce, signature });
    if (!withAccount) await forgetAll(await Vault.of(state, userKey));
    else lock();
    onDeleted(said);
  });
}

/**
 * What was deleted here is not missed afterwards.
 * @param {Vault} vault
 */
async function forgetAll(vault) {
  try {
    const index = await SealedIndex.load(vault);
    const gone = missing(index.memory, index.kept);
    if (gone.length > 0) await index.save((memory) => forget(memory, gone));
  } catch (error) {
    if (!(error instanceof IndexRolledBack)) throw error; // The library says so, and what it means.
  }
}

/** @param {string} name */
function plain(name) {
  return name.normalize("NFKC").trim().replace(/\s+/gu, " ").toLowerCase();
}

/**
 * @param {ParentNode} within
 * @param {string} selector
 */
function find(within, selector) {
  return /** @type {HTMLElement} */ (within.querySelector(selector));
}
