// @ts-check
/** An appliance in memory that stores workspaces and the sealed index, and can be made to lie; with people before it. */

import { Identity, indexKey } from "../../appliance/web/static/js/crypto/identity.js";
import { fromBase64, fromHex, toHex } from "../../appliance/web/static/js/crypto/bytes.js";
import { newDocumentId, newFileKey } from "../../appliance/web/static/js/crypto/envelope.js";
import { MemberList, Role } from "../../appliance/web/static/js/crypto/members.js";
import { makeWorkspace } from "../../appliance/web/static/js/workspaces/changes.js";

const MOMENT = "2026-11-25T09:00:00Z";
const CONFLICT = [409, { code: "access.conflict", message: "changed meanwhile" }];

/** What modules look for while they are imported, and what they ask; nothing of it is a page. */
export function beforeImporting() {
  const kept = new Map();
  globalThis.localStorage = { getItem: (place) => kept.get(place) ?? null, setItem: (place, text) => kept.set(place, text) };
  globalThis.navigator ??= { language: "en", languages: ["en"] };
  globalThis.document = {
    querySelector: () => null,
    getElementById: (id) => (id === "words" ? { textContent: JSON.stringify(SENTENCES) } : null),
    createElement: () => new FakeOption(),
    documentElement: { lang: "en" },
  };
}

/** Every sentence is its own name here, with its facts. */
const SENTENCES = new Proxy({}, {
  ownKeys: () => WORDS,
  getOwnPropertyDescriptor: (_, name) => ({ value: String(name), enumerable: true, configurable: true }),
  get: (_, name) => (WORDS.includes(String(name)) ? String(name) : undefined),
});
const WORDS = [
  "to_me_alone", "workspace_refused", "place_unseen", "other_name", "name_taken", "somebody_else", "called_otherwise",
  "known_elsewhere", "known_other", "not_let_in", "gone", "not_newer", "not_kept", "list_order",
];

/** As much of an option as choices need. */
export class FakeOption {
  constructor(value = "", label = "") {
    Object.assign(this, { value, label, textContent: label, disabled: false });
  }
}

/** As much of a select as choices need. */
export class FakeSelect {
  constructor(...options) {
    Object.assign(this, { options, value: options[0]?.value ?? "", disabled: true });
  }

  replaceChildren(...options) {
    this.options = options;
  }

  get selectedOptions() {
    return this.options.filter(({ value }) => value === this.value).slice(0, 1);
  }
}

/** @param {string} name */
export async function person(name) {
  const identity = Identity.fresh();
  const [ed, x, uk] = [await identity.edPublic(), await identity.xPublic(), newFileKey()];
  const accountId = toHex(newDocumentId());
  return { name, accountId, uk, ed, x, xPrivate: identity.xPrivate, edSeed: identity.edSeed, indexKey: await indexKey(uk) };
}

export const memberOf = ({ accountId, ed, x }, role = Role.EDITOR) => ({ account: fromHex(accountId), ed, x, role });

/** One person's appliance: it answers what that person's browser asks. */
export class LyingAppliance {
  constructor(...people) {
    this.names = new Map(people.map(({ accountId, name }) => [accountId, name]));
    this.asking = people[0];
    this.index = { version: 0, sealed: "" };
    this.workspaces = new Map();
    this.sent = [];
    /** Answers a search for somebody; a test puts a lie here. */
    this.find = () => ({});
    /** What becomes of the next lists: "stored", "conflict" for a 409, or "dropped" for a 200 without storing. */
    this.lies = [];
    globalThis.fetch = async (address, { method, body }) => {
      const [status, content] = this.answer(method, address.split("?")[0], body && JSON.parse(body));
      return { ok: status < 300, status, text: async () => JSON.stringify(content) };
    };
  }

  /** Store a workspace that somebody makes. */
  async make(owner, name) {
    const { id, sent } = await makeWorkspace(owner, name);
    this.workspaces.set(id, { lists: [], keys: new Map(), earlier: [] });
    this.store(id, sent);
    return id;
  }

  store(id, { body, signature, keys, earlier }) {
    const there = this.workspaces.get(id);
    there.lists.push({ body, signature, created_at: MOMENT });
    for (const { account, sealed } of keys) there.keys.set(account, sealed);
    const { epoch } = MemberList.decode(fromBase64(body));
    if (earlier !== null) there.earlier.unshift({ epoch, wrapped: earlier });
  }

  serve(id, { accountId } = this.asking) {
    const { lists, keys, earlier } = this.workspaces.get(id);
    const people = [...this.names].map(([account, name]) => ({ account, name, is_let_in: true }));
    return { lists: [...lists], key: keys.get(accountId), earlier: [...earlier], people };
  }

  answer(method, address, content) {
    const [, id = "", part] = /^\/workspaces\/([0-9a-f]{32})\/(\w+)$/.exec(address) ?? [];
    if (address === "/vault/index" && method === "GET") return [200, { ...this.index, documents: [], packs: [], workspaces: [] }];
    if (address === "/vault/index") {
      if (content.from_version !== this.index.version) return CONFLICT;
      this.index = { version: content.from_version + 1, sealed: content.sealed };
      return [200, {}];
    }
    if (address === "/workspaces/people") return [200, this.find(content.name)];
    if (part === "sealed") return this.workspaces.has(id) ? [200, this.serve(id)] : [404, { code: "access.not_found", message: "nothing" }];
    if (part === "lists") return this.take(id, content);
    throw new Error(`nobody answers ${method} ${address}`);
  }

  take(id, sent) {
    this.sent.push(sent);
    const lie = this.lies.shift() ?? "stored";
    if (lie === "conflict") return CONFLICT;
    if (lie === "stored") this.store(id, sent);
    else if (lie !== "dropped") lie(sent);
    return [201, {}];
  }
}
