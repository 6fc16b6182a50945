// @ts-check
/** The vault of the signed-in person: opened by the passphrase, kept open over a reload, closed everywhere at once. */

import { fromBase64, fromHex, same, toBase64, toHex } from "./crypto/bytes.js";
import { openKey, SealedKeyPurpose } from "./crypto/hpke.js";
import { Identity, indexKey } from "./crypto/identity.js";
import { unwrap, wrap, WrapKind } from "./crypto/keywrap.js";
import { Refusal } from "./crypto/refusal.js";
import { enterByPassphrase, keysOfPassphrase, label, userKeyByPassphrase } from "./person_keys.js";
import { ask, useCsrfToken } from "./request.js";
import { askOtherTabs, forget, forgetEverywhere, keep, kept } from "./tab_memory.js";
import { askForPassphrase } from "./unlock_dialog.js";

/** @typedef {import("./person_keys.js").State} State */

/** Of a wrap by HPKE, among the kinds of the key store: this, and the purpose. */
export const SEALED = 0x100;

/** Happens on the document when the person has unlocked the vault on this page. */
export const UNLOCKED = "vault:unlocked";

/** @type {Vault | null} */
let opened = null;

/** The open keys of a person. */
export class Vault {
  /**
   * @param {string} accountId
   * @param {Uint8Array} uk
   * @param {Identity} identity
   * @param {Uint8Array} index
   */
  constructor(accountId, uk, identity, index) {
    this.accountId = accountId;
    this.uk = uk;
    this.xPrivate = identity.xPrivate;
    this.edSeed = identity.edSeed;
    this.indexKey = index;
    Object.freeze(this);
  }

  /**
   * Open what belongs to a user key, and hold it against the public keys that the appliance shows to others.
   * @param {State} state
   * @param {Uint8Array} uk
   * @throws {Refusal} Wrong context: the appliance shows other public keys than this person's own.
   */
  static async of(state, uk) {
    const place = await label(WrapKind.IDENTITY_UNDER_USER_KEY, uk, state.account_id);
    const identity = Identity.decode(await unwrap(uk, fromBase64(state.slots.identity), place));
    const [ed, x] = [await identity.edPublic(), await identity.xPublic()];
    if (!same(ed, fromBase64(state.ed_public)) || !same(x, fromBase64(state.x_public))) throw new Refusal("wrong_context");
    return new Vault(state.account_id, uk, identity, await indexKey(uk));
  }

  /**
   * Wrap the key of a document under the user key.
   * @param {Uint8Array} documentId
   * @param {Uint8Array} key
   * @returns {Promise<Uint8Array>} KW1 of kind 4.
   */
  async wrapFileKey(documentId, key) {
    return wrap(this.uk, key, await this.#place(documentId));
  }

  /**
   * Find the key of a document among its wraps.
   * @param {Uint8Array} documentId
   * @param {{kind: number, wrapped: Uint8Array}[]} wraps - Kinds as in the key store.
   * @returns {Promise<{key: Uint8Array, isAdopted: boolean}>} Adopted: this person's own wrap was there already.
   * @throws {Refusal} No wrap is for this person, or one does not open.
   */
  async fileKey(documentId, wraps) {
    const own = wraps.find(({ kind }) => kind === WrapKind.FILE_KEY_UNDER_USER_KEY);
    if (own) return { key: await unwrap(this.uk, own.wrapped, await this.#place(documentId)), isAdopted: true };
    const sealed = wraps.find(({ kind }) => kind === SEALED + SealedKeyPurpose.RESULT);
    if (!sealed) throw new Refusal("wrong_key");
    const expected = { purpose: SealedKeyPurpose.RESULT, recipient: fromHex(this.accountId), subject: documentId };
    return { key: await openKey(this.xPrivate, sealed.wrapped, expected), isAdopted: false };
  }

  /** @param {Uint8Array} documentId */
  async #place(documentId) {
    return label(WrapKind.FILE_KEY_UNDER_USER_KEY, this.uk, toHex(documentId));
  }
}

/**
 * Sign in, and leave the vault open.
 * @param {string} name
 * @param {string} passphrase
 * @returns {Promise<Vault>}
 */
export async function signIn(name, passphrase) {
  const { state, userKey } = await enterByPassphrase(name, passphrase);
  return begin(state, userKey);
}

/**
 * Go on as somebody whose session has just begun.
 * @param {State} state
 * @param {Uint8Array} userKey
 * @returns {Promise<Vault>}
 */
export async function begin(state, userKey) {
  useCsrfToken(state.csrf_token);
  const vault = await Vault.of(state, userKey);
  await remember(vault);
  return vault;
}

/**
 * Return the vault if it is open in this tab or in another one of this browser.
 * @returns {Promise<Vault | null>} Null where it is locked.
 */
export async function openVault() {
  if (opened) return opened;
  const found = kept() ?? (await askOtherTabs());
  if (found === null) return null;
  const answer = await ask("GET", "/vault/half");
  const state = answer === null ? null : await ask("GET", "/vault");
  if (state === null || found.accountId !== state.account_id) {
    forget(); // The server has no half any more, or somebody else signed in here: it opens nothing.
    return null;
  }
  const half = fromBase64(answer.half);
  try {
    const place = await label(WrapKind.USER_KEY_UNDER_HALF, half, found.accountId);
    opened = await Vault.of(state, await unwrap(half, fromBase64(found.wrap), place));
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== "crypto.wrong_key") throw error;
    forget(); // Of an earlier session.
    return null;
  }
  keep(found);
  return opened;
}

/**
 * Return the vault, and ask for the passphrase where it is locked.
 * @returns {Promise<Vault | null>} Null where the person does not want to now.
 */
export async function requireVault() {
  return (await openVault()) ?? askForPassphrase(unlock);
}

/** Close the vault in every tab of this browser. */
export function lock() {
  opened = null;
  forgetEverywhere();
}

/**
 * @param {string} passphrase
 * @returns {Promise<Vault>}
 * @throws {Refusal} Wrong key: the passphrase is not right.
 */
async function unlock(passphrase) {
  const state = await ask("GET", "/vault");
  const keys = await keysOfPassphrase(passphrase, fromBase64(state.kdf));
  const vault = await Vault.of(state, await userKeyByPassphrase(state, keys));
  await remember(vault);
  document.dispatchEvent(new Event(UNLOCKED));
  return vault;
}

/** @param {Vault} vault */
async function remember(vault) {
  const half = fromBase64((await ask("POST", "/vault/half")).half);
  const place = await label(WrapKind.USER_KEY_UNDER_HALF, half, vault.accountId);
  keep({ accountId: vault.accountId, wrap: toBase64(await wrap(half, vault.uk, place)) });
  opened = vault;
}
