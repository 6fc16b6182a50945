// @ts-check
/** Requests to the appliance, with the token that proves they come from its page; refusals become a Problem. */

/** What the appliance refused, in words for the person. */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {string} code
   * @param {string} message
   */
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The appliance could not be reached, or the way to it broke. */
export class Unreachable extends Error {}

/** Something that this page itself refuses; its message is a sentence for the person. */
export class InWords extends Error {}

/** The person stopped it. */
export class Stopped extends Error {}

/**
 * @param {string} method
 * @param {string} address
 * @param {unknown} [content] - Sent as JSON.
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>} What the appliance answered, or null where it said nothing.
 * @throws {Problem} It refused.
 * @throws {Unreachable} No answer came.
 */
export async function ask(method, address, content, signal) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json", "X-CSRF-Token": csrfToken() };
  if (content !== undefined) headers["Content-Type"] = "application/json";
  const body = content === undefined ? undefined : JSON.stringify(content);
  let answer;
  try {
    answer = await fetch(address, { method, headers, body, signal, credentials: "same-origin", redirect: "error" });
    return read(answer.status, await answer.text());
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw signal?.aborted ? new Stopped() : new Unreachable();
  }
}

/**
 * Get bytes as they are.
 * @param {string} address
 * @returns {Promise<Uint8Array>}
 * @throws {Problem} It refused.
 * @throws {Unreachable} No answer came, or only a part of it.
 */
export async function askForBytes(address) {
  let answer;
  try {
    answer = await fetch(address, { headers: { Accept: "application/json" }, credentials: "same-origin", redirect: "error" });
    if (answer.ok) return new Uint8Array(await answer.arrayBuffer());
    return read(answer.status, await answer.text());
  } catch (error) {
    throw error instanceof Problem ? error : new Unreachable();
  }
}

/**
 * Send bytes as they are. XMLHttpRequest, because fetch does not tell how much of a body has left.
 * @param {string} address
 * @param {Blob} bytes
 * @param {(sentBytes: number) => void} onSent
 * @param {AbortSignal} signal
 * @returns {Promise<any>}
 * @throws {Problem} It refused.
 * @throws {Unreachable} No answer came.
 * @throws {Stopped} The signal said so.
 */
export function send(address, bytes, onSent, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    request.open("PUT", address);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-CSRF-Token", csrfToken());
    request.upload.onprogress = (event) => onSent(event.loaded);
    request.onload = () => {
      try {
        resolve(read(request.status, request.responseText));
      } catch (problem) {
        reject(problem);
      }
    };
    request.onerror = () => reject(new Unreachable());
    request.onabort = () => reject(new Stopped());
    request.onloadend = () => signal.removeEventListener("abort", stop);
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    request.send(bytes);
  });
}

/**
 * Take the token of a session that has just begun, so that this page can go on with changes.
 * @param {string} token
 */
export function useCsrfToken(token) {
  document.querySelector('meta[name="csrf-token"]')?.setAttribute("content", token);
}

/** @returns {string} */
function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
}

/**
 * @param {number} status
 * @param {string} text
 */
function read(status, text) {
  const content = parse(text);
  if (status >= 200 && status < 300) return content;
  if (content?.message) throw new Problem(status, content.code, content.message);
  throw new Unreachable();
}

/** @param {string} text */
function parse(text) {
  try {
    return text === "" ? null : JSON.parse(text);
  } catch {
    return null;
  }
}
