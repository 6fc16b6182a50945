// @ts-check
/** Changes of the sealed index, gathered: a thousand results that are opened in a row make ten versions, not a thousand. */

const TOGETHER = 200; // A transcript and its title each change it.

/**
 * Stands in the place of a SealedIndex for whoever reads its memory and changes it. What is lost when the page is left
 * before the next version is written is remembered at the next opening.
 */
export class GatheredChanges {
  /** @param {import("../private/index.js").SealedIndex} index */
  constructor(index) {
    this.index = index;
    this.memory = index.memory;
    /** @type {((memory: import("../pure/memory.js").Memory) => import("../pure/memory.js").Memory)[]} */
    this.changes = [];
  }

  /** @param {(memory: import("../pure/memory.js").Memory) => import("../pure/memory.js").Memory} change */
  async save(change) {
    this.memory = change(this.memory);
    this.changes.push(change);
    if (this.changes.length >= TOGETHER) await this.flush();
  }

  async flush() {
    const gathered = this.changes;
    this.changes = [];
    if (gathered.length === 0) return;
    await this.index.save((memory) => gathered.reduce((before, change) => change(before), memory));
    this.memory = this.index.memory;
  }
}
