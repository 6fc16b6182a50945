// @ts-check
/** An appliance for the vault's own modules: it stores what it is given and answers with it, unless a test makes it lie. */

import { fromBase64, fromHex, sha256, toBase64, toHex, utf8 } from "../../appliance/web/static/js/crypto/bytes.js";
import { DocumentType, newDocumentId, newFileKey, sealDocument } from "../../appliance/web/static/js/crypto/envelope.js";
import { openKey, sealKey, SealedKeyPurpose } from "../../appliance/web/static/js/crypto/hpke.js";
import { Identity, indexKey } from "../../appliance/web/static/js/crypto/identity.js";
import { keyId, unwrap, wrap, WrapKind } from "../../appliance/web/static/js/crypto/keywrap.js";

const RESULT = 0x100 | SealedKeyPurpose.RESULT;
const SENTENCES = { index_rolled_back: "An older state.", index_forked: "Another state.", title_exchanged: "Exchanged." };

/** What a page brings for its scripts, and what a browser keeps; to be there before they are loaded. */
export function pretendPage() {
  const kept = new Map();
  globalThis.localStorage = /** @type {any} */ ({
    getItem: (/** @type {string} */ name) => kept.get(name) ?? null,
    setItem: (/** @type {string} */ name, /** @type {string} */ value) => kept.set(name, value),
    clear: () => kept.clear(),
  });
  globalThis.document = /** @type {any} */ ({
    documentElement: { lang: "en" },
    querySelector: () => null,
    getElementById: (/** @type {string} */ id) => (id === "words" ? { textContent: JSON.stringify(SENTENCES) } : null),
  });
}

/** A person, and the same open vault as vault.js has it, which needs a page to unlock it. */
export class Person {
  /** @returns {Promise<Person>} */
  static async fresh() {
    const [person, uk, own] = [new Person(), newFileKey(), Identity.fresh()];
    return Object.assign(person, { accountId: toHex(newDocumentId()), uk, own, indexKey: await indexKey(uk) });
  }

  /** Another page of this person: it remembers nothing but what the sealed index says. */
  page() {
    const { accountId, uk, own, indexKey: key } = /** @type {any} */ (this);
    const place = async (/** @type {Uint8Array} */ subject) => {
      return { kind: WrapKind.FILE_KEY_UNDER_USER_KEY, epoch: 1, wrappingKeyId: await keyId(uk), subject };
    };
    return {
      accountId,
      uk,
      xPrivate: own.xPrivate,
      edSeed: own.edSeed,
      indexKey: key,
      wrapFileKey: async (/** @type {Uint8Array} */ id, /** @type {Uint8Array} */ fileKey) => wrap(uk, fileKey, await place(id)),
      fileKey: async (/** @type {Uint8Array} */ id, /** @type {{kind: number, wrapped: Uint8Array}[]} */ wraps) => {
        const mine = wraps.find(({ kind }) => kind === WrapKind.FILE_KEY_UNDER_USER_KEY);
        if (mine) return { key: await unwrap(uk, mine.wrapped, await place(id)), isAdopted: true };
        const sealed = /** @type {any} */ (wraps.find(({ kind }) => kind === RESULT));
        const expected = { purpose: SealedKeyPurpose.RESULT, recipient: fromHex(accountId), subject: id };
        return { key: await openKey(own.xPrivate, sealed.wrapped, expected), isAdopted: false };
      },
    };
  }
}

export class Appliance {
  constructor() {
    this.index = { version: 0, sealed: "" };
    /** @type {Map<string, any>} What is served for a recording. */
    this.serving = new Map();
    /** @type {Record<string, (content: any) => [number, any] | Promise<[number, any]>>} By method and address. */
    this.answers = {};
    globalThis.fetch = /** @type {any} */ (this.fetch.bind(this));
  }

  /**
   * @param {string} address
   * @param {{method: string, body?: string}} request
   */
  async fetch(address, { method, body }) {
    const [path] = address.split("?");
    const answer = this.answers[`${method} ${path}`] ?? this.honest(method, path);
    const [status, content] = await answer(body && JSON.parse(body));
    return { ok: status < 300, status, text: async () => JSON.stringify(content) };
  }

  /**
   * @param {string} method
   * @param {string} path
   * @returns {(content: any) => [number, any]}
   */
  honest(method, path) {
    if (path === "/vault/index") return (content) => this.answerIndex(method, content);
    const [, recording] = /^\/recordings\/(\w+)\/sealed$/.exec(path) ?? [];
    if (recording === undefined) throw new Error(`no answer to ${method} ${path}`);
    return (content) => (method === "GET" ? [200, structuredClone(this.serving.get(recording))] : this.save(recording, content));
  }

  /**
   * @param {string} method
   * @param {any} content
   * @returns {[number, any]}
   */
  answerIndex(method, content) {
    if (method === "GET") return [200, { ...this.index, documents: [], packs: [], workspaces: [] }];
    if (content.from_version !== this.index.version) return CONFLICT;
    this.index = { version: content.from_version + 1, sealed: content.sealed };
    return [200, { version: this.index.version }];
  }

  /**
   * @param {string} recording
   * @param {any} content
   * @returns {[number, any]}
   */
  save(recording, { from_version: from, sealed, wrapped }) {
    const before = this.serving.get(recording);
    if (before.version !== from) return CONFLICT;
    const holder = before.wraps[0].holder;
    const wraps = wrapped ? [{ kind: WrapKind.FILE_KEY_UNDER_USER_KEY, holder, wrapped }] : before.wraps;
    this.serving.set(recording, { ...before, version: from + 1, sealed, wraps });
    return [200, { version: from + 1 }];
  }
}

/** @type {[number, any]} */
export const CONFLICT = [409, { code: "access.conflict", message: "Changed somewhere else." }];

/**
 * A transcript sealed to somebody's public key: as the engine does, and as anybody can.
 * @param {any} person
 * @param {string} text
 * @param {{documentId?: Uint8Array, version?: number}} [as]
 */
export async function result(person, text, { documentId = newDocumentId(), version = 1 } = {}) {
  const key = newFileKey();
  const label = { purpose: SealedKeyPurpose.RESULT, recipient: fromHex(person.accountId), subject: documentId };
  const wrapped = await sealKey(await person.own.xPublic(), key, label);
  const wraps = [{ kind: RESULT, holder: toBase64(fromHex(person.accountId)), wrapped: toBase64(wrapped) }];
  return { key, served: await served(documentId, version, key, text, wraps) };
}

/**
 * @param {Uint8Array} documentId
 * @param {number} version
 * @param {Uint8Array} key
 * @param {string} text
 * @param {unknown[]} wraps
 */
export async function served(documentId, version, key, text, wraps) {
  const sealed = await sealDocument(key, DocumentType.TRANSCRIPT, documentId, version, utf8(JSON.stringify(saying(text))));
  return { document_id: toBase64(documentId), version, sealed: toBase64(sealed), workspace: "", organisation: false, wraps };
}

/** @param {string} text */
export function saying(text) {
  const segments = [{ id: 1, start: 0, end: 1, speaker: null, text, words: [] }];
  return { schema: 1, language: "en", duration_s: 1, models: {}, speakers: [], segments, turns: [] };
}

/** @param {any} answer - As it is served. */
export async function digestOf(answer) {
  return toHex(await sha256(fromBase64(answer.sealed)));
}
