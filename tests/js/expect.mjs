// @ts-check
/** What the cases of vector_cases.mjs are made of; like them it knows neither node nor a page. */

/** @typedef {Record<string, any>} Json */
/** @typedef {{name: string, run: () => Promise<void>}} Case */

/**
 * @param {Json[]} group
 * @param {string} what
 * @param {(c: Json) => Promise<void>} check
 * @returns {Case[]}
 */
export function each(group, what, check) {
  return group.map((c) => ({ name: `${c.name ?? "it"} ${what}`, run: () => check(c) }));
}

/**
 * @param {Json[]} group
 * @param {(c: Json) => unknown} open
 * @returns {Case[]}
 */
export function refusals(group, open) {
  return group.map((c) => ({
    name: `${c.name} is refused with ${c.code}`,
    run: async () => {
      const error = await thrown(() => open(c));
      equal([error?.name, error?.code, error?.message], ["Refusal", c.code, c.code]);
    },
  }));
}

/**
 * @param {() => unknown} act
 * @param {Function} kind
 */
export async function fails(act, kind) {
  const error = await thrown(act);
  if (!(error instanceof kind)) throw new Error(`not a ${kind.name} but ${error}`);
}

/**
 * @param {unknown} found
 * @param {unknown} expected
 */
export function equal(found, expected) {
  if (written(found) !== written(expected)) throw new Error(`${written(found)} is not ${written(expected)}`);
}

/**
 * Let the generator give the bytes of a vector. The shipped code has no parameter for a salt, on purpose.
 * @param {string} salt
 * @param {() => Promise<Uint8Array>} act
 */
export async function drawing(salt, act) {
  crypto.getRandomValues = (/** @type {any} */ target) => {
    target.set(hex(salt));
    return target;
  };
  try {
    return await act();
  } finally {
    delete (/** @type {any} */ (crypto).getRandomValues);
  }
}

/**
 * Let the next key pair be the ephemeral one of a vector.
 * @param {Uint8Array} privateKey
 * @param {Uint8Array} publicKey
 * @param {() => Promise<Uint8Array>} act
 */
export async function withEphemeral(privateKey, publicKey, act) {
  const pair = {
    privateKey: await x25519(privateKey),
    publicKey: await crypto.subtle.importKey("raw", publicKey, "X25519", true, []),
  };
  /** @type {any} */ (crypto.subtle).generateKey = async () => pair;
  try {
    return await act();
  } finally {
    delete (/** @type {any} */ (crypto.subtle).generateKey);
  }
}

/**
 * X25519, as the platform does it.
 * @param {Uint8Array} privateKey
 * @param {Uint8Array} publicKey
 */
export async function agreed(privateKey, publicKey) {
  const imported = await crypto.subtle.importKey("raw", publicKey, "X25519", false, []);
  const algorithm = { name: "X25519", public: imported };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, await x25519(privateKey), 256));
}

/** @param {string} text */
export function hex(text) {
  return Uint8Array.from(text.match(/../g) ?? [], (digits) => parseInt(digits, 16));
}

/** @param {string} text */
export function base64(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** @param {Uint8Array} privateKey */
function x25519(privateKey) {
  const pkcs8 = new Uint8Array([...hex("302e020100300506032b656e04220420"), ...privateKey]);
  return crypto.subtle.importKey("pkcs8", pkcs8, "X25519", false, ["deriveBits"]);
}

/** @param {() => unknown} act */
async function thrown(act) {
  try {
    await act();
  } catch (error) {
    return /** @type {any} */ (error);
  }
  throw new Error("it was not refused");
}

/** @param {unknown} value */
function written(value) {
  return JSON.stringify(value, (_, part) => (part instanceof Uint8Array ? { bytes: Array.from(part).join() } : part));
}
