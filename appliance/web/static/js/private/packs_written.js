// @ts-check
/**
 * Search packs, changed: what is new goes in, what is gone comes out, each as the next version of a pack. Whoever calls
 * this is alone (`Packs.alone`), and has looked.
 *
 * A pack is stored before the index says so and forgotten by the index before it is deleted: whatever is cut off in
 * between, no browser sees a pack that is older than it should be, or misses one.
 */

import { fromHex, sha256, toBase64, toHex } from "../crypto/bytes.js";
import { newDocumentId, newFileKey } from "../crypto/envelope.js";
import { forgetPacks, rememberPack } from "../pure/memory.js";
import { choosePack, sizeOf } from "../pure/packs.js";
import { Problem, ask } from "../request.js";

/**
 * @typedef {import("./packs.js").Packs} Packs
 * @typedef {import("../pure/packs.js").PackEntry} PackEntry
 */

const NOT_THERE = [404, 409]; // Deleted, or stored in another version: by another browser of this person.
const ATTEMPTS = 5;

/**
 * Put transcripts into packs.
 * @param {Packs} packs
 * @param {PackEntry[]} entries
 */
export async function write(packs, entries) {
  let left = entries;
  for (let attempt = 1; left.length > 0; attempt += 1) {
    for (const [pack, put] of plan(packs, left)) {
      if (await change(packs, pack, put)) left = left.filter((entry) => !put.includes(entry));
      else if (attempt === ATTEMPTS) throw new Error("the packs change all the time");
      else await packs.bring([pack]);
    }
  }
}

/**
 * Take out of packs what is not as the vault remembers, or not there any more.
 * @param {Packs} packs
 * @param {string[]} untidy
 */
export async function clear(packs, untidy) {
  for (const pack of untidy) await change(packs, pack, []);
}

/**
 * Forget packs that are not what the vault remembers, and let the appliance delete them: everything in them was read
 * again.
 * @param {Packs} packs
 */
export async function forgetLies(packs) {
  const { memory } = packs.index;
  const known = [...packs.lies.keys()].filter((pack) => pack in memory.packs);
  if (known.length > 0) await packs.index.save((before) => forgetPacks(before, known));
  for (const [pack, version] of packs.lies) {
    if (packs.listed.get(pack)?.version === version) await erase(packs, pack, version);
  }
}

/**
 * @param {Packs} packs
 * @param {PackEntry[]} entries
 * @returns {Map<string, PackEntry[]>} By the pack into which they go.
 */
function plan(packs, entries) {
  const isThere = (/** @type {[string, unknown]} */ [pack]) => packs.listed.has(pack) && !packs.lies.has(pack);
  const room = new Map([...Object.entries(packs.index.memory.packs).filter(isThere), ...packs.opened]);
  /** @type {Map<string, PackEntry[]>} */
  const planned = new Map();
  for (const entry of entries) {
    const size = sizeOf(entry);
    const pack = choosePack(room, entry.document, size) ?? toHex(newDocumentId());
    const { bytes, covers } = room.get(pack) ?? { bytes: 0, covers: {} };
    room.set(pack, { bytes: bytes + size, covers: { ...covers, [entry.document]: entry.version } });
    planned.set(pack, [...(planned.get(pack) ?? []), entry]);
  }
  return planned;
}

/**
 * @param {Packs} packs
 * @param {string} pack
 * @param {PackEntry[]} put
 * @returns {Promise<boolean>} Whether it was done; otherwise the pack is another one than was thought.
 */
async function change(packs, pack, put) {
  const isNew = !packs.listed.has(pack) && put.length > 0;
  if (!isNew && !packs.opened.has(pack)) await packs.bring([pack]);
  if (!isNew && !packs.opened.has(pack)) return false;
  const [key, before] = [newFileKey(), packs.opened.get(pack)?.version ?? 0];
  const keep = packs.coverage().fresh.get(pack) ?? new Set();
  const made = await packs.thread.ask("change", { pack, key, put, keep });
  try {
    if (made === null) await forget(packs, pack, before);
    else await store(packs, pack, isNew ? key : null, made);
  } catch (error) {
    packs.drop(pack);
    if (error instanceof Problem && NOT_THERE.includes(error.status)) return false;
    throw error;
  }
  return true;
}

/**
 * @param {Packs} packs
 * @param {string} pack
 * @param {Uint8Array | null} key - Of a pack that is new.
 * @param {import("./packs.js").Opened & {sealed: Uint8Array}} made
 */
async function store(packs, pack, key, { sealed, ...made }) {
  const content = { sealed: toBase64(sealed) };
  if (key !== null) {
    const wrapped = await packs.vault.wrapFileKey(fromHex(pack), key);
    await ask("POST", `/vault/packs/${pack}`, { ...content, wrapped: toBase64(wrapped) });
    packs.listed.set(pack, { pack, version: made.version, wrapped });
  } else {
    await ask("PUT", `/vault/packs/${pack}`, { ...content, from_version: made.version - 1 });
    const { wrapped = new Uint8Array() } = packs.listed.get(pack) ?? {};
    packs.listed.set(pack, { pack, version: made.version, wrapped });
  }
  packs.opened.set(pack, made);
  const seen = { ...made, sha256: toHex(await sha256(sealed)) };
  await packs.index.save((memory) => rememberPack(memory, pack, seen));
}

/**
 * @param {Packs} packs
 * @param {string} pack
 * @param {number} version
 */
async function forget(packs, pack, version) {
  await packs.index.save((memory) => forgetPacks(memory, [pack]));
  packs.drop(pack);
  await erase(packs, pack, version);
}

/**
 * @param {Packs} packs
 * @param {string} pack
 * @param {number} version
 */
async function erase(packs, pack, version) {
  packs.listed.delete(pack);
  try {
    await ask("DELETE", `/vault/packs/${pack}/${version}`);
  } catch (error) {
    if (!(error instanceof Problem)) throw error; // Refused: somebody has put something into it, or deleted it before.
  }
}
