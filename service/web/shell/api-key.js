// API keys. The visitor is asked when the service needs one; keys are stored in sessionStorage only.
import { byId } from "./dom.js";

/** @typedef {"read" | "write"} KeyKind a reader's or an administrator's key */

const STORAGE_NAMES = { read: "iiae-api-key", write: "iiae-admin-key" };
const TITLES = { read: "This service needs a key", write: "This needs an administrator’s key" };

/** @type {Map<KeyKind, Promise<boolean>>} dialogs that are open or waiting for another one */
const openDialogs = new Map();
let declined = false;

/**
 * The key to send with calls that read or write; null if there is none.
 * @param {KeyKind} [kind]
 */
export function currentKey(kind = "read") {
  const read = sessionStorage.getItem(STORAGE_NAMES.read);
  const write = sessionStorage.getItem(STORAGE_NAMES.write);
  return kind === "write" ? (write ?? read) : (read ?? write);
}

/** Whether the visitor was asked for a reader's key and declined. */
export function keyDeclined() {
  return declined;
}

/** Ask for a reader's key again after the visitor declined. */
export function askAgain() {
  declined = false;
  return askForKey("read", "");
}

/**
 * Ask the visitor for a key. Calls that need a key at the same time share one dialog.
 * A reader's key is asked for once: after the visitor declined, polling must not open the dialog again.
 * @param {KeyKind} kind
 * @param {string} reason
 * @returns {Promise<boolean>} whether there is a new key
 */
export function askForKey(kind, reason) {
  if (kind === "read" && declined) return Promise.resolve(false);
  const open = openDialogs.get(kind);
  if (open) return open;
  const answer = Promise.all(openDialogs.values())
    .then(() => showDialog(kind, reason))
    .finally(() => openDialogs.delete(kind));
  openDialogs.set(kind, answer);
  return answer;
}

/**
 * @param {KeyKind} kind
 * @param {string} reason
 * @returns {Promise<boolean>}
 */
function showDialog(kind, reason) {
  const dialog = byId("key-dialog", HTMLDialogElement);
  const field = byId("key-value", HTMLInputElement);
  byId("key-title").textContent = TITLES[kind];
  byId("key-reason").textContent = reason;
  field.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  field.focus();
  return new Promise((resolve) => {
    const onclose = () => {
      const key = dialog.returnValue === "ok" ? field.value.trim() : "";
      field.value = "";
      if (kind === "read") declined = key === "";
      if (key) sessionStorage.setItem(STORAGE_NAMES[kind], key);
      resolve(key !== "");
    };
    dialog.addEventListener("close", onclose, { once: true });
  });
}
