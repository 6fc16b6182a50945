// @ts-check
/** A file that was made in the browser. */

const KEPT_MS = 60_000; // Some browsers read a Blob only after they asked where to put it.

/**
 * Let the browser save it as it saves any file.
 * @param {Blob} file
 * @param {string} name
 */
export function saveFile(file, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
}
