// @ts-check
/** A session ends when nobody is there for half an hour. Reading and typing is being there, so say so now and then. */

import { ask } from "./request.js";

const STEP_MS = 5 * 60 * 1000;

export function staySignedInWhileActive() {
  if (!("signedIn" in document.body.dataset)) return;
  let saidAt = Date.now();
  const note = () => {
    if (Date.now() - saidAt < STEP_MS) return;
    saidAt = Date.now();
    ask("POST", "/still-here").catch(() => {}); // A lost connection or session shows at the next thing the person does.
  };
  for (const act of ["pointerdown", "keydown", "scroll"]) addEventListener(act, note, { passive: true });
}
