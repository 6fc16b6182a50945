// @ts-check
/**
 * Everything of a person in the format that opens offline with the recovery code (FORMAT.md, section 11). What is private
 * goes as it is kept; what the appliance can open is sealed here, under a key of its own, before it is written.
 */

import { makeZip } from "../../vendor/client-zip-2.5.1.min.js";
import { fromBase64, toBase64, toHex, utf8 } from "../crypto/bytes.js";
import { DocumentType, newDocumentId, newFileKey, sealDocument } from "../crypto/envelope.js";
import { encoded } from "../export/json.js";
import { sealTitle } from "../private/titles.js";

/**
 * @typedef {import("../vault.js").Vault} Vault
 * @typedef {import("./opening.js").Opened} Opened
 * @typedef {import("./opening.js").LeftOut} LeftOut
 * @typedef {{id: string, type: number, version: number, recording: string, wrap: string, sealed: string}} Document
 */

const FORMAT = "cloister-sealed-export-1";
const FIRST_VERSION = 1;

/**
 * One file with all documents.
 * @param {AsyncIterable<Opened | LeftOut>} opening
 * @param {Vault} vault
 * @param {string} slot - KW1 kind 2, in base64.
 * @returns {AsyncGenerator<Uint8Array>}
 */
export async function* sealedFile(opening, vault, slot) {
  yield* file(documentsOf(opening, vault)[Symbol.asyncIterator](), vault, slot, Infinity);
}

/**
 * Several such files in one archive, each of which opens by itself.
 * @param {AsyncIterable<Opened | LeftOut>} opening
 * @param {Vault} vault
 * @param {string} slot
 * @param {number} partBytes - About as large is each of them.
 * @returns {ReadableStream<Uint8Array>}
 */
export function sealedParts(opening, vault, slot, partBytes) {
  const documents = new Ahead(documentsOf(opening, vault)[Symbol.asyncIterator]());
  async function* parts() {
    for (let number = 1; number === 1 || !(await documents.isOver()); number += 1) {
      const name = `cloister-sealed-${String(number).padStart(3, "0")}.json`;
      yield { name, lastModified: new Date(), input: file(documents, vault, slot, partBytes) };
    }
  }
  return makeZip(parts(), { buffersAreUTF8: true });
}

/**
 * @param {AsyncIterator<Document[]>} documents
 * @param {Vault} vault
 * @param {string} slot
 * @param {number} mostBytes
 * @returns {AsyncGenerator<Uint8Array>}
 */
async function* file(documents, vault, slot, mostBytes) {
  const [format, account] = [JSON.stringify(FORMAT), JSON.stringify(vault.accountId)];
  yield utf8(`{"format":${format},"account":${account},"slot":${JSON.stringify(slot)},"documents":[`);
  let written = 0;
  while (written < mostBytes) {
    const { value, done } = await documents.next();
    if (done) break;
    const text = utf8(value.map((document) => JSON.stringify(document)).join(","));
    if (written > 0) yield utf8(",");
    yield text;
    written += text.length;
  }
  yield utf8("]}");
}

/**
 * Title and transcript of each recording, together.
 * @param {AsyncIterable<Opened | LeftOut>} opening
 * @param {Vault} vault
 * @returns {AsyncGenerator<Document[]>}
 */
async function* documentsOf(opening, vault) {
  for await (const item of opening) {
    if ("transcript" in item) yield item.source ? kept(item, item.source) : await sealedHere(item, vault);
  }
}

/**
 * @param {Opened} item
 * @param {import("../private/source.js").PrivateTranscript} source
 */
async function kept({ belonging }, source) {
  const { documentId, fileKey, version, vault, sealed } = source;
  const wrap = toBase64(await vault.wrapFileKey(documentId, fileKey));
  const title = /** @type {import("../private/titles.js").SealedTitle} */ (belonging.sealed_title);
  return [
    titleDocument(belonging.id, title),
    { id: toHex(documentId), type: DocumentType.TRANSCRIPT, version, recording: belonging.id, wrap, sealed },
  ];
}

/**
 * @param {Opened} item
 * @param {Vault} vault
 */
async function sealedHere({ belonging, title, transcript }, vault) {
  const [documentId, fileKey] = [newDocumentId(), newFileKey()];
  const text = utf8(encoded(transcript));
  const sealed = await sealDocument(fileKey, DocumentType.TRANSCRIPT, documentId, FIRST_VERSION, text);
  return [
    titleDocument(belonging.id, await sealTitle(vault, title)),
    {
      id: toHex(documentId),
      type: DocumentType.TRANSCRIPT,
      version: FIRST_VERSION,
      recording: belonging.id,
      wrap: toBase64(await vault.wrapFileKey(documentId, fileKey)),
      sealed: toBase64(sealed),
    },
  ];
}

/**
 * @param {string} recording
 * @param {import("../private/titles.js").SealedTitle} title
 */
function titleDocument(recording, { document_id, wrapped, sealed }) {
  const id = toHex(fromBase64(document_id));
  return { id, type: DocumentType.TITLE, version: FIRST_VERSION, recording, wrap: wrapped, sealed };
}

/**
 * An iterator that can tell whether more comes, without losing it.
 * @template Item
 */
class Ahead {
  /** @param {AsyncIterator<Item>} items */
  constructor(items) {
    this.items = items;
    /** @type {Promise<IteratorResult<Item>> | null} */
    this.peeked = null;
  }

  async isOver() {
    this.peeked ??= this.items.next();
    return (await this.peeked).done === true;
  }

  /** @returns {Promise<IteratorResult<Item>>} */
  async next() {
    const next = this.peeked ?? this.items.next();
    this.peeked = null;
    return next;
  }
}
