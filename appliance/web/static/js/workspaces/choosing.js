// @ts-check
/**
 * Choices of where something goes. What a choice is called and what it stands for come from one id here, because the
 * appliance fills the page, and could put the id of one workspace under the name of another.
 */

import { InWords } from "../request.js";
import { say } from "../words.js";
import { workspaceOf } from "./loading.js";

/**
 * @typedef {import("../vault.js").Vault} Vault
 * @typedef {{id: string, name: string, refusal: unknown}} Place - An empty id is the person's own; the refusal is null
 *   where the workspace was verified.
 */

/**
 * What each choice stands for. It is held here and not in the page: of a choice that the appliance puts beside these, or
 * in the place of one, nothing is known.
 * @type {WeakMap<HTMLOptionElement, Place>}
 */
const offered = new WeakMap();

/**
 * Make the choices anew from the ids that the appliance put in, each called as its own keys call it.
 * @param {HTMLSelectElement} select
 * @param {Vault} vault
 */
export async function offerPlaces(select, vault) {
  const wanted = select.value;
  const ids = [...new Set([...select.options].map(({ value }) => value))];
  const places = await Promise.all(ids.map((id) => placeOf(vault, id)));
  select.replaceChildren(...places.map(optionOf));
  select.value = wanted;
  select.disabled = false;
}

/**
 * @param {HTMLSelectElement} select
 * @returns {string} Id of the workspace that the person was shown by name, or empty for to themselves alone.
 * @throws {InWords} Nobody could see which one it is.
 * @throws {import("../crypto/refusal.js").Refusal} It is not what its owners signed, or not what this vault has seen.
 */
export function chosenPlace(select) {
  const option = select.selectedOptions[0];
  if (select.disabled && option?.value === "") return ""; // A locked vault still takes what is for oneself.
  const place = offered.get(option);
  if (place === undefined) throw new InWords(say("place_unseen"));
  if (place.refusal !== null) throw place.refusal;
  return place.id;
}

/**
 * @param {Vault} vault
 * @param {string} id
 * @returns {Promise<Place>}
 */
async function placeOf(vault, id) {
  if (id === "") return { id, name: say("to_me_alone"), refusal: null };
  try {
    const { name } = await workspaceOf(vault, id);
    return { id, name, refusal: null };
  } catch (refusal) {
    return { id, name: say("workspace_refused"), refusal };
  }
}

/** @param {Place} place */
function optionOf(place) {
  const option = document.createElement("option");
  option.value = place.id;
  option.textContent = place.name;
  option.label = place.name; // Shown rather than the text, should anything be swapped into the page.
  option.disabled = place.refusal !== null;
  offered.set(option, place);
  return option;
}
