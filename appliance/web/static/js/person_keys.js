// @ts-check
/**
 * The keys of a person, made and proved in the page. The passphrase and the recovery code never leave it: what is sent
 * are public halves, signatures, and wraps that the server cannot open.
 */

import { argon2 } from "./argon2.js";
import { fromBase64, fromHex, toBase64 } from "./crypto/bytes.js";
import * as identity from "./crypto/identity.js";
import { KdfRecord, stretch } from "./crypto/kdf.js";
import { keyId, unwrap, wrap, WrapKind } from "./crypto/keywrap.js";
import { writeCode } from "./crypto/recovery.js";
import { ask } from "./request.js";

const KEY_BYTES = 32;

/**
 * What the appliance keeps of a person; all of it is worthless without the passphrase or the recovery code.
 * @typedef {{account_id: string, name: string, role: string, kdf: string, ed_public: string, x_public: string,
 *   slots: {passphrase: string, recovery: string, identity: string}, csrf_token: string}} State
 * @typedef {{record: Uint8Array, wrapKey: Uint8Array, loginSeed: Uint8Array}} PassphraseKeys
 * @typedef {{wrapKey: Uint8Array, seed: Uint8Array}} RecoveryKeys
 */

/**
 * @param {string} passphrase
 * @param {Uint8Array} record - A KDF record, 32 bytes.
 * @returns {Promise<PassphraseKeys>}
 * @throws {import("./crypto/refusal.js").Refusal} The record asks for less work than this page allows.
 */
export async function keysOfPassphrase(passphrase, record) {
  const stretched = await stretch(passphrase, KdfRecord.decode(record), argon2);
  return { record, ...(await identity.personKeys(stretched)) };
}

/**
 * Everything that somebody new needs.
 * @param {string} name
 * @param {string} passphrase
 * @param {{accountId: string, algorithm: number}} bound
 */
export async function makePerson(name, passphrase, { accountId, algorithm }) {
  const [userKey, code] = [randomKey(), randomKey()];
  const keys = await keysOfPassphrase(passphrase, KdfRecord.fresh(algorithm).encode());
  const recovery = await identity.recoveryKeys(code);
  const own = identity.Identity.fresh();
  const enrolment = {
    name,
    kdf: toBase64(keys.record),
    login_public: toBase64(await identity.publicOfSeed(keys.loginSeed)),
    recovery_public: toBase64(await identity.publicOfSeed(recovery.seed)),
    ed_public: toBase64(await own.edPublic()),
    x_public: toBase64(await own.xPublic()),
    slots: {
      passphrase: toBase64(await passphraseSlot(accountId, userKey, keys)),
      recovery: toBase64(await recoverySlot(accountId, userKey, recovery)),
      identity: toBase64(await wrap(userKey, own.encode(), await label(WrapKind.IDENTITY_UNDER_USER_KEY, userKey, accountId))),
    },
  };
  return { enrolment, userKey, code: await writeCode(code) };
}

/**
 * Come in by the passphrase.
 * @param {string} name
 * @param {string} passphrase
 * @returns {Promise<{state: State, userKey: Uint8Array}>}
 */
export async function enterByPassphrase(name, passphrase) {
  const asked = await ask("POST", "/sign-in/begin", { name });
  const keys = await keysOfPassphrase(passphrase, fromBase64(asked.kdf));
  const signature = await identity.sign(keys.loginSeed, identity.loginMessage(location.origin, fromBase64(asked.nonce)));
  const proof = { name, nonce: asked.nonce, signature: toBase64(signature) };
  const state = await ask("POST", "/sign-in/finish", proof);
  return { state, userKey: await userKeyByPassphrase(state, keys) };
}

/**
 * Come in by the recovery code.
 * @param {string} name
 * @param {Uint8Array} code
 * @returns {Promise<{state: State, userKey: Uint8Array, recovery: RecoveryKeys}>}
 */
export async function enterByCode(name, code) {
  const recovery = await identity.recoveryKeys(code);
  const asked = await ask("POST", "/recover/begin", { name });
  const message = identity.recoveryMessage(location.origin, fromBase64(asked.nonce));
  const proof = { name, nonce: asked.nonce, signature: toBase64(await identity.sign(recovery.seed, message)) };
  const state = await ask("POST", "/recover/finish", proof);
  const slot = await label(WrapKind.USER_KEY_UNDER_RECOVERY, recovery.wrapKey, state.account_id);
  return { state, recovery, userKey: await unwrap(recovery.wrapKey, fromBase64(state.slots.recovery), slot) };
}

/**
 * Open the slot of the passphrase.
 * @param {State} state
 * @param {PassphraseKeys} keys
 */
export async function userKeyByPassphrase(state, keys) {
  const slot = await label(WrapKind.USER_KEY_UNDER_PASSPHRASE, keys.wrapKey, state.account_id);
  return unwrap(keys.wrapKey, fromBase64(state.slots.passphrase), slot, keys.record);
}

/**
 * Set another passphrase, proved by the login key of before, or by the recovery code where the person came in by it.
 * @param {State} state
 * @param {Uint8Array} userKey
 * @param {{passphrase: string, algorithm: number}} chosen
 * @param {{seed: Uint8Array, by: "sign-in" | "recover"}} proved
 * @returns {Promise<PassphraseKeys>}
 */
export async function changePassphrase(state, userKey, { passphrase, algorithm }, { seed, by }) {
  const keys = await keysOfPassphrase(passphrase, KdfRecord.fresh(algorithm).encode());
  const loginPublic = await identity.publicOfSeed(keys.loginSeed);
  const { nonce } = await ask("POST", `/${by}/begin`, { name: state.name });
  const message = identity.passphraseMessage(location.origin, fromBase64(nonce), loginPublic);
  await ask("PUT", "/vault/passphrase", {
    kdf: toBase64(keys.record),
    login_public: toBase64(loginPublic),
    slot: toBase64(await passphraseSlot(state.account_id, userKey, keys)),
    nonce,
    proof: toBase64(await identity.sign(seed, message)),
  });
  return keys;
}

/**
 * Put a fresh recovery code in the place of the one before.
 * @param {State} state
 * @param {Uint8Array} userKey
 * @param {Uint8Array} loginSeed
 * @returns {Promise<string>} The code as it is printed.
 */
export async function changeCode(state, userKey, loginSeed) {
  const { code, recoveryPublic, slot } = await makeCode(state.account_id, userKey);
  const { nonce } = await ask("POST", "/sign-in/begin", { name: state.name });
  const message = identity.recoveryChangeMessage(location.origin, fromBase64(nonce), recoveryPublic);
  await ask("PUT", "/vault/recovery", {
    recovery_public: toBase64(recoveryPublic),
    slot: toBase64(slot),
    nonce,
    proof: toBase64(await identity.sign(loginSeed, message)),
  });
  return code;
}

/**
 * A fresh recovery code, and what the appliance is to keep of it.
 * @param {string} accountId
 * @param {Uint8Array} userKey
 * @returns {Promise<{code: string, recoveryPublic: Uint8Array, slot: Uint8Array}>} The code as it is printed.
 */
export async function makeCode(accountId, userKey) {
  const code = randomKey();
  const recovery = await identity.recoveryKeys(code);
  return {
    code: await writeCode(code),
    recoveryPublic: await identity.publicOfSeed(recovery.seed),
    slot: await recoverySlot(accountId, userKey, recovery),
  };
}

/**
 * @param {number} kind
 * @param {Uint8Array} wrappingKey
 * @param {string} accountId
 */
export async function label(kind, wrappingKey, accountId) {
  return { kind, epoch: 1, wrappingKeyId: await keyId(wrappingKey), subject: fromHex(accountId) };
}

/**
 * @param {string} accountId
 * @param {Uint8Array} userKey
 * @param {PassphraseKeys} keys
 */
async function passphraseSlot(accountId, userKey, { record, wrapKey }) {
  return wrap(wrapKey, userKey, await label(WrapKind.USER_KEY_UNDER_PASSPHRASE, wrapKey, accountId), record);
}

/**
 * @param {string} accountId
 * @param {Uint8Array} userKey
 * @param {RecoveryKeys} recovery
 */
async function recoverySlot(accountId, userKey, { wrapKey }) {
  return wrap(wrapKey, userKey, await label(WrapKind.USER_KEY_UNDER_RECOVERY, wrapKey, accountId));
}

function randomKey() {
  return crypto.getRandomValues(new Uint8Array(KEY_BYTES));
}
