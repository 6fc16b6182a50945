// @ts-check
/** The page for a lost passphrase: the code lets the person in, then both the passphrase and the code are set afresh. */

import { readCode } from "./crypto/recovery.js";
import { showIfFit } from "./fitness.js";
import { chosenPassphrase, inputIn, onSubmit } from "./forms.js";
import { changeCode, changePassphrase, enterByCode } from "./person_keys.js";
import { haveItTypedBack } from "./recovery_code.js";
import { begin } from "./vault.js";

const place = /** @type {HTMLElement} */ (document.querySelector("[data-recover]"));
const form = /** @type {HTMLFormElement} */ (place.querySelector("[data-form]"));
const next = /** @type {HTMLFormElement} */ (place.querySelector("[data-passphrase-form]"));

showIfFit(place);
onSubmit(form, async () => {
  const code = await readCode(inputIn(form, "[data-entered-code]").value);
  const entered = await enterByCode(inputIn(form, "[data-name]").value, code);
  await begin(entered.state, entered.userKey);
  form.reset();
  /** @type {HTMLElement} */ (place.querySelector("[data-code-asked]")).hidden = true;
  inputIn(next, "[data-recovered-name]").value = entered.state.name;
  next.hidden = false;
  /** @type {HTMLElement} */ (next.querySelector("[data-heading]")).focus();
  onSubmit(next, () => setAfresh(entered));
});

/** @param {Awaited<ReturnType<typeof enterByCode>>} entered */
async function setAfresh({ state, userKey, recovery }) {
  const chosen = { passphrase: chosenPassphrase(next), algorithm: Number(place.dataset.algorithm) };
  const keys = await changePassphrase(state, userKey, chosen, { seed: recovery.seed, by: "recover" });
  const code = await changeCode(state, userKey, keys.loginSeed);
  next.reset();
  next.hidden = true;
  haveItTypedBack(place, state.name, code).then(() => location.assign("/"));
}
