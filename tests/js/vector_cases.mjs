// @ts-check
/**
 * Every vector as a case: a name and what to run. This file knows neither node nor a page, so that the same cases run
 * in node (formats.test.mjs) and in Chromium under the appliance's own policy (tests/browser/test_formats.py).
 */

import { agreed, base64, drawing, each, equal, fails, hex, refusals, withEphemeral } from "./expect.mjs";

/** Files that are for Python alone: no browser ever sees the root key, or judges a model bundle. */
export const PYTHON_ONLY = ["root_key", "bundles"];

/** Files of other parts of the pages, which have tests of their own. */
const OF_OTHERS = ["file_names", "search", "vocabulary"];

/** @typedef {import("./expect.mjs").Json} Json */
/** @typedef {import("./expect.mjs").Case} Case */

/**
 * @param {Json} vectors The content of each file, by its name.
 * @param {Json} shipped The modules of js/crypto, by their names.
 * @param {any} argon2
 * @returns {Case[]}
 */
export function cases(vectors, shipped, argon2) {
  /** @type {Record<string, (vectors: Json, shipped: Json, argon2: any) => Case[]>} */
  const readers = {
    ...{ chunked, content, keywrap, kdf, identity, recovery, members, rfc9180 },
    ...{ sealed_key: sealedKey, sealed_export: sealedExport },
  };
  const files = Object.keys(vectors).filter((file) => ![...PYTHON_ONLY, ...OF_OTHERS].includes(file));
  return files.flatMap((file) => {
    if (readers[file] === undefined) throw new Error(`nothing here reads the vectors ${file}`);
    return readers[file](vectors[file], shipped, argon2).map((c) => ({ ...c, name: `${file}: ${c.name}` }));
  });
}

/** @type {(vectors: Json, shipped: Json) => Case[]} */
function chunked(vectors, { chunked: { openSealed, seal } }) {
  /** @param {Json} c */
  const plaintext = (c) => Uint8Array.from({ length: c.plaintext_bytes }, (_, i) => i % 251);
  return [
    ...each(vectors.opens, "opens", async (c) => {
      equal(await openSealed(hex(c.key), hex(c.context), base64(c.sealed)), plaintext(c));
    }),
    ...each(vectors.opens, "seals to the same bytes", async (c) => {
      equal(await drawing(c.salt, () => seal(hex(c.key), hex(c.context), plaintext(c))), base64(c.sealed));
    }),
    ...refusals(vectors.refuses, (c) => openSealed(hex(c.key), hex(c.context), base64(c.sealed))),
  ];
}

/** @type {(vectors: Json, shipped: Json) => Case[]} */
function content(vectors, { chunked: { openSealed, seal }, envelope: { openDocument } }) {
  /** @param {Json} c */
  const open = async (c) => {
    // Audio is for the appliance; what it is made of is chunked encryption bound to its header, so that opens.
    if (c.kind === 3) return openSealed(hex(c.file_key), base64(c.sealed).slice(0, 32), base64(c.sealed).slice(32));
    return openDocument(hex(c.file_key), base64(c.sealed), c.kind, hex(c.subject), Number(c.version));
  };
  return [
    ...each(vectors.opens, "opens", async (c) => {
      // A page counts to 2^53 and refuses to round: a version beyond is the program's mistake.
      if (BigInt(c.version) >= 2n ** 53n) await fails(() => open(c), RangeError);
      else equal(await open(c), base64(c.plaintext));
    }),
    ...each(vectors.opens, "seals its body to the same bytes", async (c) => {
      const context = base64(c.sealed).slice(0, 32);
      const sealed = await drawing(c.salt, () => seal(hex(c.file_key), context, base64(c.body)));
      equal(sealed, base64(c.sealed).slice(32));
    }),
    ...refusals(vectors.refuses, open),
  ];
}

/** @type {(vectors: Json, shipped: Json) => Case[]} */
function keywrap(vectors, { keywrap: { keyId, readLabel, unwrap, wrap } }) {
  /** @param {Json} c */
  const label = (c) => {
    return { kind: c.kind, epoch: c.epoch, wrappingKeyId: hex(c.wrapping_key_id), subject: hex(c.subject) };
  };
  /** @param {Json} c */
  const open = (c) => unwrap(hex(c.wrapping_key), base64(c.sealed), label(c), c.record && hex(c.record));
  return [
    ...each(vectors.opens, "opens", async (c) => equal(await open(c), hex(c.key))),
    ...each(vectors.opens, "wraps to the same bytes", async (c) => {
      const again = () => wrap(hex(c.wrapping_key), hex(c.key), label(c), c.record && hex(c.record));
      equal(await drawing(c.salt, again), base64(c.sealed));
    }),
    ...each(vectors.opens, "says what it is", async (c) => equal(readLabel(base64(c.sealed)), label(c))),
    ...refusals(vectors.refuses, open),
    ...each(vectors.key_ids, "has the same id", async (c) => equal(await keyId(hex(c.key)), hex(c.id))),
  ];
}

/** @type {(vectors: Json, shipped: Json, argon2: any) => Case[]} */
function kdf(vectors, { kdf: { hkdf256, KdfRecord, stretch } }, argon2) {
  /** @param {Json} c */
  const stretched = (c) => stretch(c.passphrase, KdfRecord.decode(hex(c.record)), argon2);
  return [
    ...each(vectors.records, "is read", async (c) => {
      const { algorithm, lanes, cost, passes, salt } = KdfRecord.decode(hex(c.record));
      equal([algorithm, lanes, cost, passes, salt], [c.algorithm, c.lanes, c.cost, c.passes, hex(c.salt)]);
      equal(KdfRecord.decode(hex(c.record)).encode(), hex(c.record));
    }),
    ...refusals(vectors.refuses, (c) => KdfRecord.decode(hex(c.record))),
    ...each(vectors.stretches, "gives the same key", async (c) => {
      if (c.passphrase === "") await fails(() => stretched(c), RangeError);
      else equal(await stretched(c), hex(c.key));
    }),
    ...each(vectors.hkdf, "is derived", async (c) => equal(await hkdf256(hex(c.ikm), c.info, c.length), hex(c.key))),
  ];
}

/** @type {(vectors: Json, shipped: Json) => Case[]} */
function sealedKey(vectors, { hpke: { openKey, readSealedLabel, sealKey, xPublicOf } }) {
  /** @param {Json} c */
  const label = (c) => ({ purpose: c.purpose, recipient: hex(c.recipient), subject: hex(c.subject) });
  /** @param {Json} c */
  const open = (c) => openKey(hex(c.private), base64(c.sealed), label(c));
  return [
    ...each(vectors.opens, "opens", async (c) => equal(await open(c), hex(c.key))),
    ...each(vectors.opens, "says what it is", async (c) => equal(readSealedLabel(base64(c.sealed)), label(c))),
    ...each(vectors.opens, "seals to the same bytes", async (c) => {
      const enc = await xPublicOf(hex(c.ephemeral));
      const seal = () => sealKey(hex(c.public), hex(c.key), label(c));
      equal(await withEphemeral(hex(c.ephemeral), enc, seal), base64(c.sealed));
    }),
    ...refusals(vectors.refuses, open),
    ...refusals(vectors.seal_refuses, (c) => sealKey(hex(c.public), new Uint8Array(32), label(vectors.opens[0]))),
  ];
}

/** @type {(vectors: Json, shipped: Json) => Case[]} */
function rfc9180(vectors, { hpke: { schedule, sharedSecret, xPublicOf } }) {
  const AES_256_GCM = 2;
  const ours = vectors.cases.filter((/** @type {Json} */ c) => c.aead_id === AES_256_GCM);
  return [
    ...each(vectors.cases, "gives the same shared secret", async (c) => {
      equal(await xPublicOf(hex(c.skRm)), hex(c.pkRm));
      equal(await sharedSecret(await agreed(hex(c.skEm), hex(c.pkRm)), hex(c.enc), hex(c.pkRm)), hex(c.shared_secret));
      equal(await sharedSecret(await agreed(hex(c.skRm), hex(c.enc)), hex(c.enc), hex(c.pkRm)), hex(c.shared_secret));
    }),
    ...each(ours, "has the same key and nonce, by which its first message opens", async (c) => {
      const { cipher, iv } = await schedule(hex(c.shared_secret), hex(c.info));
      equal(iv, hex(c.base_nonce));
      const [first] = c.encryptions;
      const algorithm = { name: "AES-GCM", iv, additionalData: hex(first.aad) };
      equal(new Uint8Array(await crypto.subtle.decrypt(algorithm, cipher, hex(first.ct))), hex(first.pt));
    }),
  ];
}

/** @type {(vectors: Json, shipped: Json) => Case[]} */
function identity(vectors, { identity: shipped, links }) {
  /** @type {Record<string, (c: Json) => Uint8Array>} */
  const messages = {
    login: (c) => shipped.loginMessage(c.origin, hex(c.nonce)),
    recover: (c) => shipped.recoveryMessage(c.origin, hex(c.nonce)),
    passphrase: (c) => shipped.passphraseMessage(c.origin, hex(c.nonce), hex(c.changed)),
    recovery: (c) => shipped.recoveryChangeMessage(c.origin, hex(c.nonce), hex(c.changed)),
    deletion: (c) => shipped.deletionMessage(c.origin, hex(c.nonce), false),
    "deletion with account": (c) => shipped.deletionMessage(c.origin, hex(c.nonce), true),
    consent: (c) => shipped.consentMessage(c.origin, hex(c.nonce), hex(c.changed)),
    "consent taken back": (c) => shipped.consentMessage(c.origin, hex(c.nonce), null),
    "let back in": (c) => shipped.letBackInMessage(c.origin, hex(c.nonce), hex(c.nonce).slice(0, 16), hex(c.changed)),
  };
  return [
    ...each(vectors.persons, "has the same keys", async (c) => {
      const { wrapKey, loginSeed } = await shipped.personKeys(hex(c.master_key));
      equal([wrapKey, loginSeed], [hex(c.wrap_key), hex(c.login_seed)]);
      equal(await shipped.publicOfSeed(loginSeed), hex(c.login_public));
    }),
    ...each(vectors.recoveries, "gives the same keys", async (c) => {
      const { wrapKey, seed } = await shipped.recoveryKeys(hex(c.bytes));
      equal([wrapKey, seed, await shipped.publicOfSeed(seed)], [hex(c.wrap_key), hex(c.seed), hex(c.public)]);
    }),
    ...each(vectors.organisations, "gives the same keys", async (c) => {
      const keys = await shipped.organisationIdentity(hex(c.bytes));
      equal(keys.encode(), hex(c.encoded));
      equal([await keys.xPublic(), await keys.edPublic()], [hex(c.x_public), hex(c.ed_public)]);
      equal(await shipped.organisationId(hex(c.x_public)), hex(c.id));
    }),
    ...each(vectors.indexes, "has the same key", async (c) => {
      equal(await shipped.indexKey(hex(c.user_key)), hex(c.index_key));
    }),
    ...each(vectors.identities, "is shown by the same words", async (c) => {
      const person = shipped.Identity.decode(hex(c.encoded));
      const [x, ed] = [await person.xPublic(), await person.edPublic()];
      const print = await shipped.fingerprint(ed, x);
      equal([x, ed, print], [hex(c.x_public), hex(c.ed_public), hex(c.fingerprint)]);
      equal(shipped.fingerprintWords(print), c.words);
      equal(person.encode(), hex(c.encoded));
    }),
    ...each(vectors.fingerprints, "has the same words", async (c) => {
      equal(shipped.fingerprintWords(hex(c.fingerprint)), c.words);
    }),
    ...each(vectors.links, "gives the same token and key", async (c) => {
      const pin = c.stretched_pin === "" ? undefined : hex(c.stretched_pin);
      equal(await links.accessToken(hex(c.secret)), hex(c.access_token));
      equal(await links.linkKey(hex(c.secret), pin), hex(c.link_key));
    }),
    ...each(vectors.signatures, "is signed to the same bytes, and holds", async (c) => {
      equal(messages[c.name](c), hex(c.message));
      equal(await shipped.publicOfSeed(hex(c.seed)), hex(c.public));
      equal(await shipped.sign(hex(c.seed), hex(c.message)), hex(c.signature));
      await shipped.verify(hex(c.public), hex(c.message), hex(c.signature));
    }),
    ...refusals(vectors.refuses, (c) => shipped.verify(hex(c.public), hex(c.message), hex(c.signature))),
  ];
}

/** @type {(vectors: Json, shipped: Json) => Case[]} */
function recovery(vectors, { recovery: { readCode, writeCode } }) {
  return [
    ...each(vectors.writes, "is written the same", async (c) => equal(await writeCode(hex(c.bytes)), c.text)),
    ...each(vectors.reads, "is read", async (c) => equal(await readCode(c.text), hex(c.bytes))),
    ...refusals(vectors.refuses, (c) => readCode(c.text)),
  ];
}

/** @type {(vectors: Json, shipped: Json) => Case[]} */
function members(vectors, { keywrap: { keyId }, members: { inboxPrivate, MemberList, verifyChain } }) {
  /** @param {Json} c */
  const verified = async (c) => {
    const chain = c.lists.map((/** @type {Json} */ one) => {
      return { encoded: new TextEncoder().encode(one.list), signature: hex(one.signature) };
    });
    const seen = c.seen === undefined ? null : { version: c.seen.version, digest: hex(c.seen.digest) };
    return verifyChain(chain, hex(c.workspace), seen);
  };
  /** @param {Json} c */
  const required = (c) => MemberList.decode(new TextEncoder().encode(c.list)).requireKey(hex(c.workspace_key));
  return [
    ...each(vectors.opens, "holds", async (c) => {
      const newest = await verified(c);
      equal([newest.version, newest.epoch, newest.members.length], [c.version, c.epoch, c.members]);
      equal(await newest.digest(), hex(c.digest));
    }),
    ...refusals(vectors.refuses, verified),
    ...each(vectors.keys, "belongs to its list", async (c) => {
      equal(await keyId(hex(c.workspace_key)), hex(c.key_id));
      equal(await inboxPrivate(hex(c.workspace_key)), hex(c.inbox_private));
      await required(c);
    }),
    ...refusals(vectors.key_refuses, required),
  ];
}

/** @type {(vectors: Json, shipped: Json) => Case[]} */
function sealedExport(vectors, { bytes, envelope, identity: person, keywrap, recovery: code }) {
  const { fromBase64, fromHex } = bytes;
  /** @type {(key: Uint8Array, wrapped: string, kind: number, subject: string) => Promise<Uint8Array>} */
  const unwrapped = async (key, wrapped, kind, subject) => {
    const label = { kind, epoch: 1, wrappingKeyId: await keywrap.keyId(key), subject: fromHex(subject) };
    return keywrap.unwrap(key, fromBase64(wrapped), label);
  };
  /** @param {Json} c */
  const opened = async (c) => {
    const file = JSON.parse(c.file);
    const { wrapKey } = await person.recoveryKeys(await code.readCode(c.code_text));
    const userKey = await unwrapped(wrapKey, file.slot, keywrap.WrapKind.USER_KEY_UNDER_RECOVERY, file.account);
    const documents = [];
    for (const { id, type, version, wrap, sealed } of file.documents) {
      const fileKey = await unwrapped(userKey, wrap, keywrap.WrapKind.FILE_KEY_UNDER_USER_KEY, id);
      const text = await envelope.openDocument(fileKey, fromBase64(sealed), type, fromHex(id), version);
      documents.push({ id, type, text: new TextDecoder().decode(text) });
    }
    return documents;
  };
  // A page writes such files and reads none, so what is wrong with the file around the seals is Python's alone.
  const sealedWrong = vectors.refuses.filter((/** @type {Json} */ c) => c.code !== "crypto.unknown_format");
  return [
    ...each(vectors.opens, "opens", async (c) => equal(await opened(c), c.documents)),
    ...refusals(sealedWrong, opened),
  ];
}
