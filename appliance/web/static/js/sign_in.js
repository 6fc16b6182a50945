// @ts-check
/** The page to sign in on. */

import { showIfFit } from "./fitness.js";
import { inputIn, onSubmit } from "./forms.js";
import { signIn } from "./vault.js";

const place = /** @type {HTMLElement} */ (document.querySelector("[data-sign-in]"));
const form = /** @type {HTMLFormElement} */ (place.querySelector("[data-form]"));

showIfFit(place);
onSubmit(form, async () => {
  await signIn(inputIn(form, "[data-name]").value, inputIn(form, "[data-passphrase]").value);
  form.reset();
  location.assign(place.dataset.then ?? "/");
});
