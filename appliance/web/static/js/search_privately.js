// @ts-check
/** Lets every page search what is private, and loads what that takes only when somebody is about to search. */

import { addSource } from "./search.js";
import { UNLOCKED } from "./vault.js";

export function letPeopleSearchPrivately() {
  const box = document.querySelector("[data-search-box]");
  if (box === null) return;
  const load = () => import("./private/search.js");
  addSource(async (question) => (await load()).searchPrivately(question), true);
  const prepare = async () => (await load()).prepare();
  if (box.contains(document.activeElement)) prepare();
  else box.addEventListener("focusin", prepare, { once: true });
  document.addEventListener(UNLOCKED, async () => (await import("./private/forgetting.js")).clearAfterUnlocking());
}
