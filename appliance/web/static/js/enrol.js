// @ts-check
/** The page of a one-time link: a passphrase becomes keys, here, and the recovery code is shown once. */

import { showIfFit } from "./fitness.js";
import { chosenPassphrase, inputIn, onSubmit } from "./forms.js";
import { makePerson } from "./person_keys.js";
import { haveItTypedBack } from "./recovery_code.js";
import { ask } from "./request.js";
import { begin } from "./vault.js";

const place = /** @type {HTMLElement} */ (document.querySelector("[data-enrol]"));
const form = /** @type {HTMLFormElement} */ (place.querySelector("[data-form]"));

showIfFit(place);
onSubmit(form, enrol);

async function enrol() {
  const { token = "", account: accountId = "", algorithm } = place.dataset;
  const passphrase = chosenPassphrase(form);
  const name = inputIn(form, "[data-name]").value;
  const { enrolment, userKey, code } = await makePerson(name, passphrase, { accountId, algorithm: Number(algorithm) });
  const state = await ask("POST", `/setup/${token}`, enrolment);
  await begin(state, userKey);
  form.reset();
  /** @type {HTMLElement} */ (place.querySelector("[data-choose]")).hidden = true;
  history.replaceState(null, "", "/account"); // The link is used up: a reload leads to where another code can be made.
  haveItTypedBack(place, state.name, code).then(() => location.assign("/"));
}
