// @ts-check
/**
 * The visitor's page: takes the key out of the address, asks for what the link is for, opens it here and shows it.
 *
 * The key is in this script's memory and nowhere else on the page. So a page that is loaded again asks for the link
 * again: whatever kept the key for it would keep it for others as well.
 */

import { argon2, Argon2Unavailable } from "../argon2.js";
import { toBase64, toBase64Url } from "../crypto/bytes.js";
import { accessToken } from "../crypto/links.js";
import { Refusal } from "../crypto/refusal.js";
import { offerDownloads } from "../downloads.js";
import { momentInWords } from "../moments.js";
import { readMoment } from "../pure/clock.js";
import { ask } from "../request.js";
import { TranscriptView } from "../transcript_view.js";
import { say, tell } from "../words.js";
import { WrongPin, openShared, readLink } from "./sealing.js";

const before = /** @type {HTMLElement} */ (document.querySelector("[data-before]"));
const after = /** @type {HTMLElement} */ (document.querySelector("[data-opened]"));
const pinForm = /** @type {HTMLFormElement} */ (part("pin"));
const wholeForm = /** @type {HTMLFormElement} */ (part("whole"));
const { openAt = "" } = before.dataset;

/** @type {Uint8Array | null} */
let secret = null;

begin(takeFragment());
// Who pastes the link into the address bar of a page that is open already only changes its fragment.
addEventListener("hashchange", () => {
  const fragment = takeFragment();
  if (fragment !== "" && after.hidden) begin(fragment);
});
wholeForm.addEventListener("submit", (event) => {
  event.preventDefault();
  const input = /** @type {HTMLInputElement} */ (wholeForm.elements.namedItem("link"));
  begin(input.value);
  input.value = "";
});
document.addEventListener("submit", keepKeyOverLanguage);

/**
 * Take the key out of the address bar, and out of the list that Back goes through. What the browser wrote down before
 * this line ran, no page can take back.
 */
function takeFragment() {
  const fragment = location.hash;
  if (fragment === "" || readMoment(fragment) !== null) return "";
  history.replaceState(null, "", location.pathname);
  return fragment;
}

/** @param {string} text - A fragment, a whole link, or nothing. */
async function begin(text) {
  pinForm.hidden = true;
  wholeForm.hidden = true;
  if (!isAble()) {
    show(say("old_browser"));
    return;
  }
  secret = text === "" ? askForLink("keyless") : read(text);
  if (secret === null) return;
  show(`${say("opening")} …`);
  try {
    const shared = await ask("POST", openAt, { token: toBase64(await accessToken(secret)) });
    if (shared.kdf === null) await open(secret, shared, "");
    else askForPin(secret, shared);
  } catch (error) {
    show(inWords(error));
  }
}

/** @param {string} text */
function read(text) {
  try {
    const link = readLink(text);
    return link.id === null || openAt === `/s/${link.id}/open` ? link.secret : askForLink("other_link");
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return askForLink("broken");
  }
}

/**
 * @param {string} why
 * @returns {null}
 */
function askForLink(why) {
  show(say(why));
  wholeForm.hidden = false;
  return null;
}

/**
 * @param {Uint8Array} key
 * @param {any} shared
 */
function askForPin(key, shared) {
  const input = /** @type {HTMLInputElement} */ (pinForm.elements.namedItem("pin"));
  const button = /** @type {HTMLButtonElement} */ (pinForm.querySelector("[type=submit]"));
  show(factsOf(shared).join(" · "));
  tellAtPin("");
  pinForm.hidden = false;
  input.focus();
  pinForm.onsubmit = async (event) => {
    event.preventDefault();
    button.disabled = true;
    tellAtPin("");
    show(say("stretching"));
    try {
      await open(key, shared, input.value);
    } catch (error) {
      pinForm.hidden = !(error instanceof WrongPin);
      show(error instanceof WrongPin ? factsOf(shared).join(" · ") : inWords(error));
      tellAtPin(say("wrong_pin"));
      input.select();
    } finally {
      button.disabled = false;
    }
  };
}

/**
 * @param {Uint8Array} key
 * @param {any} shared
 * @param {string} pin
 */
async function open(key, shared, pin) {
  const { title, version, transcript } = await openShared(key, shared, pin, argon2);
  before.hidden = true;
  after.hidden = false;
  part("title").textContent = title;
  const [by, until] = factsOf(shared);
  part("by").textContent = by;
  part("until").textContent = until;
  part("title").closest("h1")?.focus();
  const save = () => Promise.reject(new Error("a visitor changes nothing"));
  offerDownloads(Promise.resolve({ title, version, transcript, save }));
  await new TranscriptView(part("place"), () => {}).draw(transcript);
}

/**
 * Who shared it, and until when; what the appliance says, before anything is opened.
 * @param {{shared_by: string, expires_at: string}} shared
 */
function factsOf({ shared_by: name, expires_at: expires }) {
  // Isolated, so that a name in another script does not turn the sentence round.
  return [say("shared_by", { name: `\u2068${name}\u2069` }), say("until", { moment: momentInWords(expires) })];
}

/** @param {unknown} error */
function inWords(error) {
  if (error instanceof Refusal) return say(error.code === "crypto.weak_kdf" ? "weak" : "damaged");
  return error instanceof Argon2Unavailable ? say("slow_browser") : tell(error);
}

/** What this page needs and older browsers lack. */
function isAble() {
  return isSecureContext && "DecompressionStream" in globalThis && "isWellFormed" in String.prototype;
}

/**
 * The form for another language loads the page again, which would then ask for the link, so this gives the key to the
 * page that comes. It goes to another address: Chromium lists what only changed its fragment, and leaves out a page
 * that it asked for anew and that was not found.
 * @param {SubmitEvent} event
 */
async function keepKeyOverLanguage(event) {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.method !== "post" || secret === null) return;
  event.preventDefault();
  const body = new URLSearchParams();
  if (event.submitter instanceof HTMLButtonElement) body.set(event.submitter.name, event.submitter.value);
  await fetch("/preferences", { method: "POST", body, redirect: "manual" });
  location.replace(`${location.pathname}?${Date.now()}#${toBase64Url(secret)}`);
}

/** @param {string} text */
function show(text) {
  part("said").textContent = text;
}

/** @param {string} trouble - Empty for none. */
function tellAtPin(trouble) {
  part("trouble").textContent = trouble;
  part("trouble").hidden = trouble === "";
}

/**
 * @param {string} name
 * @returns {HTMLElement}
 */
function part(name) {
  return /** @type {HTMLElement} */ (document.querySelector(`main [data-${name}]`));
}
