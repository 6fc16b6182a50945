// @ts-check
/**
 * The recovery code as it is printed and typed: 32 random bytes and a checksum in Crockford's base32.
 *
 * appliance/crypto/FORMAT.md section 7.3 is the specification.
 *
 * 35 bytes are exactly 56 characters, so there is no padding and no leftover bit that could be written in two ways.
 */

import { expectSize, join, same, sha256, utf8 } from "./bytes.js";
import { Refusal } from "./refusal.js";

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; // No I, L, O, U: they are misread.
const CODE_BYTES = 32;
const CHECKSUM_BYTES = 3;
const CHARACTERS = 56;
const CHARACTER_BITS = 5;
const LABEL = utf8("cloister/v1/recovery-code\0");

/**
 * @param {Uint8Array} code 32 bytes.
 * @returns {Promise<string>} 14 groups of 4 characters.
 */
export async function writeCode(code) {
  expectSize(code, CODE_BYTES, "a recovery code");
  const bits = Array.from(join(code, await checksum(code)), (byte) => byte.toString(2).padStart(8, "0")).join("");
  const groups = [];
  for (let at = 0; at < bits.length; at += 4 * CHARACTER_BITS) {
    const group = [0, 1, 2, 3].map((i) => parseInt(bits.slice(at + CHARACTER_BITS * i).slice(0, CHARACTER_BITS), 2));
    groups.push(group.map((value) => ALPHABET[value]).join(""));
  }
  return groups.join("-");
}

/**
 * @param {string} text As somebody typed it: lower case, spaces, hyphens or none, O for 0, I or L for 1.
 * @returns {Promise<Uint8Array>} 32 bytes.
 * @throws {Refusal} Recovery code: too long or too short, another character, or a typing error.
 */
export async function readCode(text) {
  // Only ASCII letters are taken for their capitals: elsewhere, other letters have a capital I or S as well.
  const capitals = text.replace(/[ \t\r\n-]/g, "").replace(/[a-z]/g, (letter) => letter.toUpperCase());
  const typed = capitals.replaceAll("O", "0").replace(/[IL]/g, "1");
  const values = Array.from(typed, (character) => ALPHABET.indexOf(character));
  if (values.length !== CHARACTERS || values.includes(-1)) throw new Refusal("recovery_code");
  const bits = values.map((value) => value.toString(2).padStart(CHARACTER_BITS, "0")).join("");
  const bytes = Uint8Array.from({ length: bits.length / 8 }, (_, i) => parseInt(bits.slice(8 * i, 8 * i + 8), 2));
  const code = bytes.slice(0, CODE_BYTES);
  if (!same(bytes.subarray(CODE_BYTES), await checksum(code))) throw new Refusal("recovery_code");
  return code;
}

/** @param {Uint8Array} code */
async function checksum(code) {
  // It catches a typing error. A code has 256 random bits, so three bytes of a hash help nobody to guess it.
  return (await sha256(join(LABEL, code))).slice(0, CHECKSUM_BYTES);
}
