// @ts-check
/** On the page of one's account: whether the organisation may let one back in, and when it did. */

import { showWords } from "../fingerprint_words.js";
import { inputIn, Mistake, onSubmit } from "../forms.js";
import { notify } from "../notices.js";
import { provedBy } from "../proving.js";
import { ask } from "../request.js";
import { say, tell } from "../words.js";
import { consent, fingerprintOf, organisationOf, takeConsentBack } from "./keys.js";

const place = /** @type {HTMLElement} */ (document.querySelector("[data-consent]"));
const choosing = /** @type {HTMLFormElement | null} */ (place.querySelector("[data-choose]"));
const takingBack = /** @type {HTMLFormElement | null} */ (place.querySelector("[data-take-back]"));
const saySeen = /** @type {HTMLButtonElement | null} */ (place.querySelector("[data-say-seen]"));

if (place.dataset.xPublic) fingerprintOf(organisationOf(place)).then((print) => showWords(place, print));
if (choosing !== null) onSubmit(choosing, () => choose(choosing));
if (takingBack !== null) onSubmit(takingBack, () => takeBack(takingBack));
if (saySeen !== null) saySeen.onclick = noteSeen;

/** @param {HTMLFormElement} form */
async function choose(form) {
  if (!inputIn(form, "[data-were-compared]").checked) throw new Mistake(say("not_compared"));
  const { state, keys, userKey } = await provedBy(form);
  await consent(state, userKey, keys.loginSeed, organisationOf(place));
  location.reload();
}

/** @param {HTMLFormElement} form */
async function takeBack(form) {
  const { state, keys } = await provedBy(form);
  await takeConsentBack(state, keys.loginSeed);
  location.reload();
}

async function noteSeen() {
  try {
    await ask("POST", "/account/organisation/seen");
  } catch (error) {
    notify(tell(error), { isTrouble: true });
    return;
  }
  location.reload();
}
