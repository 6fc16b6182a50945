// @ts-check
/** The page of the organisation's recovery key: make it, let somebody back in with it, withdraw it. */

import { toBase64 } from "../crypto/bytes.js";
import { fingerprintWords } from "../crypto/identity.js";
import { readCode } from "../crypto/recovery.js";
import { Refusal } from "../crypto/refusal.js";
import { agreed } from "../dialogs.js";
import { showWords } from "../fingerprint_words.js";
import { inputIn, Mistake, onSubmit } from "../forms.js";
import { notify } from "../notices.js";
import { haveItTypedBack } from "../recovery_code.js";
import { ask } from "../request.js";
import { say, tell } from "../words.js";
import { fingerprintOf, letBackIn, makeOrganisation, NotTheCode, openLockedOut, organisationOf } from "./keys.js";

/** @typedef {import("./keys.js").Opened} Opened */

const place = /** @type {HTMLElement} */ (document.querySelector("[data-organisation]"));
const making = /** @type {HTMLFormElement | null} */ (place.querySelector("[data-make]"));
const lettingIn = /** @type {HTMLElement | null} */ (place.querySelector("[data-letting-in]"));

if (making !== null) onSubmit(making, () => make(making));
if (lettingIn !== null) {
  fingerprintOf(organisationOf(place)).then((print) => showWords(place, print));
  letIn(lettingIn);
  find(place, "[data-withdraw]").onclick = withdraw;
}

/** @param {HTMLFormElement} form */
async function make(form) {
  const { ed, x, code } = await makeOrganisation();
  const words = fingerprintWords(await fingerprintOf({ ed, x }));
  form.hidden = true;
  // Nobody can consent before the code was seen to be readable on paper.
  haveItTypedBack(place, `${say("whose_code")}: ${words.join(" ")}`, code).then(async () => {
    try {
      await ask("PUT", "/organisation/key", { ed_public: toBase64(ed), x_public: toBase64(x) });
    } catch (error) {
      form.hidden = false;
      notify(tell(error), { isTrouble: true });
      return;
    }
    location.reload();
  });
}

/** @param {HTMLElement} section */
function letIn(section) {
  const opening = /** @type {HTMLFormElement} */ (find(section, "[data-form]"));
  const comparing = /** @type {HTMLFormElement} */ (find(section, "[data-comparing]"));
  const chosen = find(place, "[data-chosen]");
  let accountId = "";
  /** @type {Opened | null} */
  let opened = null;
  const show = (/** @type {HTMLElement | null} */ step) => {
    for (const each of [opening, comparing]) each.hidden = each !== step;
    if (step !== comparing) opened = null; // Keys of others stay no longer than they are needed.
    step?.querySelector("h2")?.focus();
  };
  chosen.onclick = (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-let-in]") : null;
    if (!(button instanceof HTMLElement)) return;
    accountId = button.dataset.letIn ?? "";
    for (const subject of section.querySelectorAll("[data-subject]")) subject.textContent = button.dataset.name ?? "";
    section.hidden = false;
    show(opening);
  };
  for (const cancel of /** @type {NodeListOf<HTMLElement>} */ (section.querySelectorAll("[data-cancel]"))) {
    cancel.onclick = () => {
      opening.reset();
      comparing.reset();
      show(null);
      section.hidden = true;
    };
  }
  onSubmit(opening, async () => {
    const found = await openByCode(accountId, inputIn(opening, "[data-organisation-code]").value);
    opening.reset();
    showWords(comparing, found.fingerprint);
    show(comparing);
    opened = found;
  });
  onSubmit(comparing, async () => {
    if (!inputIn(comparing, "[data-were-compared]").checked) throw new Mistake(say("not_compared"));
    const code = await letBackIn(/** @type {Opened} */ (opened));
    comparing.reset();
    show(null);
    chosen.hidden = true; // Somebody else's turn comes when this code is on paper.
    haveItTypedBack(section, find(section, "[data-subject]").textContent ?? "", code).then(() => location.reload());
  });
}

/**
 * @param {string} accountId
 * @param {string} typed
 */
async function openByCode(accountId, typed) {
  const code = await readCode(typed);
  try {
    return await openLockedOut(accountId, code, organisationOf(place));
  } catch (error) {
    if (error instanceof NotTheCode) throw new Mistake(say("not_the_code"));
    if (error instanceof Refusal) throw new Mistake(say("consent_does_not_open"));
    throw error;
  }
}

async function withdraw() {
  if (!(await agreed("withdraw-dialog"))) return;
  try {
    await ask("DELETE", "/organisation/key");
  } catch (error) {
    notify(tell(error), { isTrouble: true });
    return;
  }
  location.reload();
}

/**
 * @param {ParentNode} within
 * @param {string} selector
 */
function find(within, selector) {
  return /** @type {HTMLElement} */ (within.querySelector(selector));
}
