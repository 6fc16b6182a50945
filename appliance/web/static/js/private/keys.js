// @ts-check
/** Whose keys open what is at a place: this person's own, or those of a workspace. */

import { WrapKind } from "../crypto/keywrap.js";
import { workspaceOf } from "../workspaces/loading.js";

/**
 * @typedef {import("../vault.js").Vault} Vault
 * @typedef {import("../workspaces/opened.js").Wrap} Wrap
 * @typedef {object} Keys
 * @property {string} holder - Who the wraps are for, as hex digits.
 * @property {number} kind - Of their wraps.
 * @property {boolean} mayWrite
 * @property {(documentId: Uint8Array, wraps: Wrap[]) => Promise<{key: Uint8Array, isAdopted: boolean, epoch?: number}>}
 *   fileKey
 * @property {(documentId: Uint8Array, key: Uint8Array) => Promise<Uint8Array>} wrapFileKey
 */

/**
 * @param {Vault} vault
 * @param {string} workspace - Id, or empty for this person's own.
 * @returns {Promise<Keys>}
 * @throws {import("../crypto/refusal.js").Refusal} The workspace is not what it should be.
 */
export async function keysAt(vault, workspace) {
  return workspace === "" ? new OwnKeys(vault) : workspaceOf(vault, workspace);
}

/** @implements {Keys} */
class OwnKeys {
  /** @param {Vault} vault */
  constructor(vault) {
    this.vault = vault;
    this.holder = vault.accountId;
    this.kind = WrapKind.FILE_KEY_UNDER_USER_KEY;
    this.mayWrite = true;
  }

  /**
   * @param {Uint8Array} documentId
   * @param {Wrap[]} wraps
   */
  async fileKey(documentId, wraps) {
    return this.vault.fileKey(documentId, wraps.filter(({ holder }) => holder === this.holder));
  }

  /**
   * @param {Uint8Array} documentId
   * @param {Uint8Array} key
   */
  async wrapFileKey(documentId, key) {
    return this.vault.wrapFileKey(documentId, key);
  }
}
