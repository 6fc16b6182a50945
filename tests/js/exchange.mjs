// @ts-check
/**
 * The other side of tests/crypto/test_exchange.py: opens what Python sealed and seals it again, by the modules that the
 * pages import. One exchange in JSON from standard input, its answer to standard output.
 */
import { readFileSync } from "node:fs";
import { argon2, shipped } from "./shipped.mjs";

const { bytes, chunked, envelope, hpke, identity, kdf, keywrap, members, recovery } = shipped;
const { fromBase64, fromHex, toBase64, toHex } = bytes;
const AUDIO = 3;

/** @typedef {Record<string, any>} Json */
/** @type {Record<string, (given: Json) => Promise<Json>>} */
const EXCHANGES = {
  async document({ file_key, kind, subject, version, sealed }) {
    if (kind === AUDIO) return audio(fromHex(file_key), fromBase64(sealed));
    const place = [kind, fromHex(subject), version];
    const text = await envelope.openDocument(fromHex(file_key), fromBase64(sealed), ...place);
    return { sealed: toBase64(await envelope.sealDocument(fromHex(file_key), ...place, text)) };
  },

  async wrap({ wrapping_key, epoch, kind, subject, record, sealed }) {
    const wrappingKey = fromHex(wrapping_key);
    const label = { kind, epoch, wrappingKeyId: await keywrap.keyId(wrappingKey), subject: fromHex(subject) };
    const bound = record === null ? undefined : fromHex(record);
    const key = await keywrap.unwrap(wrappingKey, fromBase64(sealed), label, bound);
    return { sealed: toBase64(await keywrap.wrap(wrappingKey, key, label, bound)) };
  },

  async sealed_key({ private: privateKey, purpose, recipient, subject, sealed, reply_to }) {
    const label = { purpose, recipient: fromHex(recipient), subject: fromHex(subject) };
    const key = await hpke.openKey(fromHex(privateKey), fromBase64(sealed), label);
    return { sealed: toBase64(await hpke.sealKey(fromHex(reply_to), key, label)) };
  },

  async stretch({ passphrase, record }) {
    return { key: toHex(await kdf.stretch(passphrase, kdf.KdfRecord.decode(fromHex(record)), argon2)) };
  },

  async fresh_record({ algorithm }) {
    return { record: toHex(kdf.KdfRecord.fresh(algorithm).encode()) };
  },

  async identity({ encoded, message, signature }) {
    const person = identity.Identity.decode(fromHex(encoded));
    await identity.verify(await person.edPublic(), fromHex(message), fromHex(signature));
    const print = await identity.fingerprint(await person.edPublic(), await person.xPublic());
    const signed = await identity.sign(person.edSeed, fromHex(message));
    return { signature: toHex(signed), words: identity.fingerprintWords(print) };
  },

  async members({ workspace, chain, ed_seed }) {
    const signed = chain.map((/** @type {Json} */ one) => {
      return { encoded: fromBase64(one.encoded), signature: fromHex(one.signature) };
    });
    const newest = await members.verifyChain(signed, fromHex(workspace), null);
    const next = { ...newest, version: newest.version + 1, prev: await newest.digest() };
    const { encoded, signature } = await members.signList(fromHex(ed_seed), new members.MemberList(next));
    return { encoded: toBase64(encoded), signature: toHex(signature) };
  },

  async recovery_code({ text }) {
    return { text: await recovery.writeCode(await recovery.readCode(text)) };
  },
};

/**
 * Audio is for the appliance; what it is made of is chunked encryption bound to its header.
 * @param {Uint8Array} fileKey
 * @param {Uint8Array} sealed
 */
async function audio(fileKey, sealed) {
  const header = sealed.slice(0, 32);
  const again = await chunked.seal(fileKey, header, await chunked.openSealed(fileKey, header, sealed.slice(32)));
  return { sealed: toBase64(bytes.join(header, again)) };
}

const { exchange, ...given } = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(await EXCHANGES[exchange](given)));
