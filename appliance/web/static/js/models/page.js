// @ts-check
/** The Models page: files on their way in, and the buttons of what comes and goes by itself. */

import { showConnection } from "../connection.js";
import { agreed } from "../dialogs.js";
import { notify } from "../notices.js";
import { ask } from "../request.js";
import { takeDrops } from "../upload_form.js";
import { say, tell } from "../words.js";
import { UpdateUpload } from "./upload.js";

const SUFFIX = ".cloister";
const A_PART = /\.cloister\.\d{3}$/;
const DONE = { use: "used", back: "went_back", discard: "discarded", stop: "stopping", try: "", seen: "" };

const form = /** @type {HTMLFormElement} */ (document.querySelector("[data-update-upload]"));
const list = /** @type {HTMLElement} */ (document.querySelector("[data-own-upload]"));
const input = /** @type {HTMLInputElement} */ (form.querySelector("input[type=file]"));

/** @type {UpdateUpload | null} */
let upload = null;

form.addEventListener("submit", (event) => event.preventDefault());
input.addEventListener("change", () => {
  take([...(input.files ?? [])]);
  input.value = ""; // So that choosing the same file again is a change again.
});
takeDrops(form, take);
addEventListener("beforeunload", (event) => {
  if (upload?.isSending) event.preventDefault();
});
showConnection();
hideOwnUploads();

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  if (button !== null) act(button).catch((error) => notify(tell(error), { isTrouble: true }));
});

/** @param {File[]} files */
function take(files) {
  const [file] = files;
  if (file === undefined) return;
  if (upload?.isSending) return notify(say("one_at_a_time", { name: upload.file.name }), { isTrouble: true });
  if (A_PART.test(file.name)) return notify(say("parts", { name: file.name }), { isTrouble: true });
  if (!file.name.endsWith(SUFFIX)) return notify(say("no_update", { name: file.name }), { isTrouble: true });
  upload?.remove();
  upload = new UpdateUpload(file, Number(form.dataset.chunkBytes), list, () => {
    upload = null;
    hideOwnUploadsNow();
  });
  upload.run();
}

/** @param {HTMLButtonElement} button */
async function act(button) {
  const { modelsAsk, modelsDo, subject = "", takeIn, forget } = button.dataset;
  const verb = /** @type {keyof typeof DONE | undefined} */ (modelsAsk ?? modelsDo);
  if (verb !== undefined) {
    if (modelsAsk && !(await agreed(`${modelsAsk}-dialog`, subject))) return;
    await whileBusy(button, () => ask("POST", `/models/${verb}`));
    if (DONE[verb]) notify(say(DONE[verb]));
  } else if (button.dataset.import) {
    await whileBusy(button, () => ask("POST", "/models/import", { name: button.dataset.import }));
  } else if (takeIn) {
    await whileBusy(button, () => ask("POST", `/models/uploads/${takeIn}/take-in`));
  } else if (forget) {
    await whileBusy(button, () => ask("DELETE", `/models/uploads/${forget}`));
  }
}

/**
 * @param {HTMLButtonElement} button
 * @param {() => Promise<void>} work
 */
async function whileBusy(button, work) {
  button.disabled = true;
  try {
    await work();
  } finally {
    button.disabled = false;
  }
}

/** The appliance lists every upload for everybody; this page shows its own one more closely, and once is enough. */
function hideOwnUploads() {
  for (const name of ["begun", "htmx:afterSettle"]) document.addEventListener(name, hideOwnUploadsNow);
}

function hideOwnUploadsNow() {
  for (const row of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-arrival]"))) {
    row.hidden = upload !== null && row.dataset.arrival === upload.id;
  }
}
