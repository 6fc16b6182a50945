// @ts-check
/**
 * The organisation's keys in the page: made of a code that never leaves it, consented to, and used for who lost theirs.
 * appliance/crypto/FORMAT.md section 7.4 is the specification.
 */

import { fromBase64, fromHex, same, toBase64 } from "../crypto/bytes.js";
import { openKey, sealKey, SealedKeyPurpose } from "../crypto/hpke.js";
import * as identity from "../crypto/identity.js";
import { unwrap, WrapKind } from "../crypto/keywrap.js";
import { writeCode } from "../crypto/recovery.js";
import { Refusal } from "../crypto/refusal.js";
import { label, makeCode } from "../person_keys.js";
import { ask } from "../request.js";

const CODE_BYTES = 32;

/**
 * The public halves, as a page brings them.
 * @typedef {{ed: Uint8Array, x: Uint8Array}} Organisation
 * @typedef {{account_id: string, name: string, nonce: string, consent: string, identity: string, ed_public: string,
 *   x_public: string}} LockedOut
 * @typedef {{accountId: string, keys: identity.Identity, userKey: Uint8Array, fingerprint: Uint8Array}} Opened - The
 *   organisation's keys, and what they opened of somebody.
 */

/**
 * @param {HTMLElement} place - Brings the keys.
 * @returns {Organisation}
 */
export function organisationOf(place) {
  return { ed: fromBase64(place.dataset.edPublic ?? ""), x: fromBase64(place.dataset.xPublic ?? "") };
}

/** @param {Organisation} organisation */
export function fingerprintOf({ ed, x }) {
  return identity.fingerprint(ed, x);
}

/**
 * Make the keys; nothing is sent.
 * @returns {Promise<Organisation & {code: string}>} The code as it is printed.
 */
export async function makeOrganisation() {
  const code = crypto.getRandomValues(new Uint8Array(CODE_BYTES));
  const keys = await identity.organisationIdentity(code);
  return { ed: await keys.edPublic(), x: await keys.xPublic(), code: await writeCode(code) };
}

/**
 * Seal the user key to the organisation.
 * @param {import("../person_keys.js").State} state
 * @param {Uint8Array} userKey
 * @param {Uint8Array} loginSeed
 * @param {Organisation} organisation - Whose words the person compared.
 */
export async function consent(state, userKey, loginSeed, organisation) {
  const print = await fingerprintOf(organisation);
  const sealed = await sealKey(organisation.x, userKey, await consentLabel(organisation, state.account_id));
  const proof = await proveChoice(state.name, loginSeed, print);
  await ask("PUT", "/account/organisation", { organisation: toBase64(print), sealed: toBase64(sealed), ...proof });
}

/**
 * @param {import("../person_keys.js").State} state
 * @param {Uint8Array} loginSeed
 */
export async function takeConsentBack(state, loginSeed) {
  await ask("POST", "/account/organisation/taken-back", await proveChoice(state.name, loginSeed, null));
}

/**
 * Open the keys of somebody who lost theirs; nothing is changed yet.
 * @param {string} accountId
 * @param {Uint8Array} code - Of the organisation.
 * @param {Organisation} organisation - As the page shows it.
 * @returns {Promise<Opened>}
 * @throws {NotTheCode} The code gives other keys.
 * @throws {Refusal} What is kept for this person is not theirs.
 */
export async function openLockedOut(accountId, code, organisation) {
  const keys = await identity.organisationIdentity(code);
  if (!same(await keys.edPublic(), organisation.ed) || !same(await keys.xPublic(), organisation.x)) throw new NotTheCode();
  const found = await lookUp(accountId);
  const userKey = await openKey(keys.xPrivate, fromBase64(found.consent), await consentLabel(organisation, accountId));
  return { accountId, keys, userKey, fingerprint: await ownFingerprint(userKey, found) };
}

/**
 * Give somebody whose keys were opened, and compared, a fresh recovery code.
 * @param {Opened} opened
 * @returns {Promise<string>} The code as it is printed.
 */
export async function letBackIn({ accountId, keys, userKey }) {
  const fresh = await makeCode(accountId, userKey);
  const { nonce } = await lookUp(accountId); // Comparing may have taken longer than the one before lasts.
  const message = identity.letBackInMessage(location.origin, fromBase64(nonce), fromHex(accountId), fresh.recoveryPublic);
  await ask("PUT", `/organisation/people/${accountId}`, {
    recovery_public: toBase64(fresh.recoveryPublic),
    slot: toBase64(fresh.slot),
    nonce,
    proof: toBase64(await identity.sign(keys.edSeed, message)),
  });
  return fresh.code;
}

/** What was typed is a code, but of other keys. */
export class NotTheCode extends Error {}

/**
 * HPKE does not say who sealed, and a name is what the appliance says that it is. So the fingerprint is made of what the
 * user key opens, for people to compare.
 * @param {Uint8Array} userKey
 * @param {LockedOut} found
 * @returns {Promise<Uint8Array>}
 */
async function ownFingerprint(userKey, found) {
  const place = await label(WrapKind.IDENTITY_UNDER_USER_KEY, userKey, found.account_id);
  const own = identity.Identity.decode(await unwrap(userKey, fromBase64(found.identity), place));
  const isShown = same(await own.edPublic(), fromBase64(found.ed_public)) && same(await own.xPublic(), fromBase64(found.x_public));
  if (!isShown) throw new Refusal("wrong_context");
  return own.fingerprint();
}

/**
 * @param {string} accountId
 * @returns {Promise<LockedOut>}
 */
function lookUp(accountId) {
  return ask("POST", `/organisation/people/${accountId}`);
}

/**
 * @param {string} name
 * @param {Uint8Array} loginSeed
 * @param {Uint8Array | null} print - Of the organisation, or null to take the consent back.
 */
async function proveChoice(name, loginSeed, print) {
  const { nonce } = await ask("POST", "/sign-in/begin", { name });
  const message = identity.consentMessage(location.origin, fromBase64(nonce), print);
  return { nonce, proof: toBase64(await identity.sign(loginSeed, message)) };
}

/**
 * @param {Organisation} organisation
 * @param {string} accountId
 */
async function consentLabel({ x }, accountId) {
  const recipient = await identity.organisationId(x);
  return { purpose: SealedKeyPurpose.ORGANISATION_RECOVERY, recipient, subject: fromHex(accountId) };
}
