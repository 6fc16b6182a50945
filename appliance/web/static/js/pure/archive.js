// @ts-check
/** Names within an archive: one folder a recording, no two the same, short enough for every system. */

import { safeStem } from "./filename.js";

const MOST_CHARACTERS = 80; // Folder and file have the name, and some systems take 260 characters for the whole path.
const ENDS = /^[ .]+|[ .]+$/gu;

/** Hands out names, each once. Two that differ only in case are one on some systems. */
export class DistinctNames {
  constructor() {
    /** @type {Map<string, number>} How often a name was wanted. */
    this.wanted = new Map();
    /** @type {Set<string>} */
    this.taken = new Set();
  }

  /**
   * @param {string} title - As the person named the recording; anything at all.
   * @returns {string} A name for a folder and for the files in it.
   */
  next(title) {
    const stem = shortStem(title);
    let number = this.wanted.get(folded(stem)) ?? 0;
    let name;
    do {
      number += 1;
      name = number === 1 ? stem : `${stem} (${number})`;
    } while (this.taken.has(folded(name)));
    this.wanted.set(folded(stem), number);
    this.taken.add(folded(name));
    return name;
  }
}

/** @param {string} title */
function shortStem(title) {
  const stem = safeStem(title);
  const characters = [...stem];
  return characters.length <= MOST_CHARACTERS ? stem : characters.slice(0, MOST_CHARACTERS).join("").replace(ENDS, "");
}

/** @param {string} name */
function folded(name) {
  return name.normalize("NFKC").toUpperCase().toLowerCase();
}
