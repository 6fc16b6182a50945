// @ts-check
/** The page of one's own data: take everything along, or delete it. */

import { deleteHere } from "./takeout/deletion.js";
import { takeAlongHere } from "./takeout/form.js";

const place = find(document, "[data-your-data]");
const [privateCount, sealedBytes, partBytes] = ["private", "sealedBytes", "partBytes"].map((name) => Number(place.dataset[name]));

takeAlongHere(/** @type {HTMLFormElement} */ (find(place, "[data-take-along]")), { private: privateCount, sealedBytes, partBytes });
deleteHere(/** @type {HTMLFormElement} */ (find(place, "[data-delete-all]")), showEnd);

/** @param {string} said */
function showEnd(said) {
  const end = find(place, "[data-end]");
  find(end, "[data-said]").textContent = said;
  for (const section of place.querySelectorAll("section")) /** @type {HTMLElement} */ (section).hidden = section !== end;
  end.hidden = false;
  end.focus();
}

/**
 * @param {ParentNode} within
 * @param {string} selector
 */
function find(within, selector) {
  return /** @type {HTMLElement} */ (within.querySelector(selector));
}
