// @ts-check
/**
 * What a tab keeps over a reload: the user key, wrapped under a half that only the server has, and only in memory. So
 * what lies here opens nothing by itself, on a disk that was stolen or in a browser that was left, once the session is
 * over. Other tabs of this browser are handed the same wrap when they ask, and forget it together.
 */

const NAME = "cloister-vault";
const ANSWER_MS = 400;

/** @typedef {{accountId: string, wrap: string}} Kept */

const channel = new BroadcastChannel(NAME);

/** @param {Kept} kept */
export function keep(kept) {
  sessionStorage.setItem(NAME, JSON.stringify(kept));
}

/** @returns {Kept | null} */
export function kept() {
  return parse(sessionStorage.getItem(NAME));
}

/** Forget it here. */
export function forget() {
  sessionStorage.removeItem(NAME);
}

/** Forget it here and in every other tab. */
export function forgetEverywhere() {
  forget();
  channel.postMessage({ forget: true });
}

/**
 * Ask the other tabs of this browser.
 * @returns {Promise<Kept | null>} Null where none has it.
 */
export function askOtherTabs() {
  return new Promise((resolve) => {
    const asking = new BroadcastChannel(NAME);
    const end = (/** @type {Kept | null} */ found) => {
      asking.close();
      resolve(found);
    };
    asking.addEventListener("message", ({ data }) => {
      if (data.kept) end(data.kept);
    });
    setTimeout(end, ANSWER_MS, null);
    asking.postMessage({ wanted: true });
  });
}

/**
 * Answer other tabs, and forget when one of them says so.
 * @param {() => void} onForgotten
 */
export function listenToOtherTabs(onForgotten) {
  channel.addEventListener("message", ({ data }) => {
    const own = data.wanted ? kept() : null;
    if (own) channel.postMessage({ kept: own });
    if (data.forget) {
      forget();
      onForgotten();
    }
  });
}

/**
 * @param {string | null} text
 * @returns {Kept | null}
 */
function parse(text) {
  return text === null ? null : JSON.parse(text);
}
