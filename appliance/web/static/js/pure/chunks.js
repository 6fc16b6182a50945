// @ts-check
/** Arithmetic of an upload: which bytes come next, how far it is, how long to wait. No document, no network. */

/**
 * How many chunks a file has.
 * @param {number} sizeBytes
 * @param {number} chunkBytes
 * @returns {number}
 */
export function chunkCount(sizeBytes, chunkBytes) {
  return Math.ceil(sizeBytes / chunkBytes);
}

/**
 * First byte and end of a chunk.
 * @param {number} number
 * @param {number} sizeBytes
 * @param {number} chunkBytes
 * @returns {[number, number]}
 */
export function chunkRange(number, sizeBytes, chunkBytes) {
  const start = number * chunkBytes;
  return [start, Math.min(start + chunkBytes, sizeBytes)];
}

/**
 * The chunk to send first. An upload that goes on sends its last chunk again: the appliance compares it, so that
 * another file of the same name and size is noticed before it is mixed in.
 * @param {number} nextChunk - Number of the chunk that is due.
 * @returns {number}
 */
export function firstToSend(nextChunk) {
  return Math.max(0, nextChunk - 1);
}

/**
 * Share of a file that has arrived, 0 to 1.
 * @param {number} nextChunk - Chunks that are taken.
 * @param {number} sentBytes - Of the chunk on its way.
 * @param {number} sizeBytes
 * @param {number} chunkBytes
 * @returns {number}
 */
export function fraction(nextChunk, sentBytes, sizeBytes, chunkBytes) {
  return sizeBytes === 0 ? 0 : Math.min(1, (nextChunk * chunkBytes + sentBytes) / sizeBytes);
}

/**
 * How long to wait before the next try, in milliseconds.
 * @param {number} failures - In a row.
 * @returns {number}
 */
export function patience(failures) {
  return Math.min(15_000, 500 * 2 ** Math.min(failures, 5));
}
