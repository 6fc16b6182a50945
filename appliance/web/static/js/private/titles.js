// @ts-check
/** Titles that only this browser can read: opened where they stand, now and whenever a part of the page is new. */

import { fromBase64, toBase64, utf8 } from "../crypto/bytes.js";
import { DocumentType, newDocumentId, newFileKey, openDocument, sealDocument } from "../crypto/envelope.js";
import { say } from "../words.js";
import { keysAt } from "./keys.js";
import { TitleExchanged, TitlesOfPage, holdTitle } from "./title_memory.js";

/**
 * @typedef {import("../vault.js").Vault} Vault
 * @typedef {{document_id: string, sealed: string, wrapped: string, workspace?: string}} SealedTitle - In
 *   base64; the id of the workspace whose key opens it in hex digits, or empty.
 */

const FIRST_VERSION = 1;

/** @type {Map<string, string>} By what was sealed. Titles never change, so each is opened once a page. */
const opened = new Map();

/**
 * Open every sealed title on the page, and those that come later.
 * @param {Vault} vault
 */
export function openTitles(vault) {
  write(vault, document);
  new MutationObserver((changes) => {
    for (const change of changes) {
      for (const node of change.addedNodes) if (node instanceof Element) write(vault, node);
    }
  }).observe(document.body, { childList: true, subtree: true });
}

/**
 * Open the title of a recording, and remember it for that recording alone.
 * @param {Vault} vault
 * @param {string} recording
 * @param {SealedTitle} title
 * @param {import("./title_memory.js").Remembering} [remembering] - Where whoever opens many gathers what is new.
 * @returns {Promise<string>}
 * @throws {import("../crypto/refusal.js").Refusal}
 * @throws {TitleExchanged}
 */
export async function openTitle(vault, recording, title, remembering) {
  const text = await open(vault, title);
  await holdTitle(remembering ?? (await TitlesOfPage.of(vault)), recording, fromBase64(title.sealed));
  return text;
}

/**
 * @param {Vault} vault
 * @param {SealedTitle} title
 * @returns {Promise<string>}
 */
async function open(vault, title) {
  const documentId = fromBase64(title.document_id);
  const known = opened.get(title.sealed);
  if (known !== undefined) return known;
  const text = await openDocument(await titleKey(vault, title), fromBase64(title.sealed), DocumentType.TITLE, documentId, FIRST_VERSION);
  const plain = new TextDecoder().decode(text);
  opened.set(title.sealed, plain);
  return plain;
}

/**
 * @param {Vault} vault
 * @param {SealedTitle} title
 * @returns {Promise<Uint8Array>}
 */
export async function titleKey(vault, title) {
  const keys = await keysAt(vault, title.workspace ?? "");
  const wrap = { kind: keys.kind, holder: keys.holder, wrapped: fromBase64(title.wrapped) };
  return (await keys.fileKey(fromBase64(title.document_id), [wrap])).key;
}

/**
 * @param {import("./keys.js").Keys} keys - Of those who will read it.
 * @param {string} title
 * @returns {Promise<SealedTitle>}
 */
export async function sealTitle(keys, title) {
  const documentId = newDocumentId();
  const fileKey = newFileKey();
  const sealed = await sealDocument(fileKey, DocumentType.TITLE, documentId, FIRST_VERSION, utf8(title));
  const wrapped = await keys.wrapFileKey(documentId, fileKey);
  return { document_id: toBase64(documentId), sealed: toBase64(sealed), wrapped: toBase64(wrapped) };
}

/**
 * @param {Vault} vault
 * @param {Document | Element} within
 */
function write(vault, within) {
  const places = /** @type {HTMLElement[]} */ ([...within.querySelectorAll("[data-sealed-title]")]);
  if (within instanceof HTMLElement && within.matches("[data-sealed-title]")) places.push(within);
  for (const place of places) writeOne(vault, place);
}

/**
 * @param {Vault} vault
 * @param {HTMLElement} place
 */
async function writeOne(vault, place) {
  const sealed = place.dataset.sealedTitle;
  if (!sealed) return;
  try {
    const title = await openTitle(vault, place.dataset.recording ?? "", JSON.parse(sealed));
    place.textContent = title;
    nameButtons(place, title);
  } catch (error) {
    place.textContent = error instanceof TitleExchanged ? error.message : say("title_damaged");
  }
}

/**
 * Buttons of the same row say what they are about; the dialog before a deletion names it.
 * @param {HTMLElement} place
 * @param {string} title
 */
function nameButtons(place, title) {
  const row = place.closest("[data-titled]") ?? document;
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (row.querySelectorAll("[data-delete]"))) {
    button.dataset.title = title;
    if (button.hasAttribute("aria-label")) button.setAttribute("aria-label", say("delete_named", { title }));
  }
}
