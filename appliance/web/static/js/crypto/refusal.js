// @ts-check
/** Why something sealed was not opened: a code, the same one that Python gives for the same fault. */

/**
 * @typedef {"unknown_format" | "truncated" | "tampered" | "wrong_key" | "wrong_context"} Fault Of sealed bytes.
 * @typedef {"member_list.signer" | "member_list.order" | "member_list.key"} BrokenRule Of a workspace's member list.
 * @typedef {Fault | BrokenRule | "weak_kdf" | "recovery_code"} Reason
 */

/**
 * Thrown for every fault of bytes that came from outside. It carries a code and nothing else, so that no key, no text
 * and no part of either can reach a log by way of an error.
 */
export class Refusal extends Error {
  /** @param {Reason} reason */
  constructor(reason) {
    super(`crypto.${reason}`);
    this.name = "Refusal";
    this.code = `crypto.${reason}`;
  }
}
