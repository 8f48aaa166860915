// API keys: asked for when the service wants one, kept in sessionStorage, never elsewhere.
import { byId } from "./dom.js";

const PLACES = { read: "iiae-api-key", write: "iiae-admin-key" };
const TITLES = { read: "This service wants a key", write: "This needs an administrator’s key" };
const asking = {};
let declined = false;

/** The key to send with calls that "read", or with those that "write"; null where there is none. */
export function currentKey(kind = "read") {
  const [read, write] = [PLACES.read, PLACES.write].map((place) => sessionStorage.getItem(place));
  return kind === "write" ? (write ?? read) : (read ?? write);
}

/** Whether the person was asked for a key to read with and said "not now". */
export function keyDeclined() {
  return declined;
}

/** Asks again although it was declined before. */
export function askAgain() {
  declined = false;
  return askForKey("read", "");
}

/** Asks once, however many calls want a key at the same time; resolves to whether there is a new one. What is looked at again and again asks no more once declined. */
export function askForKey(kind, reason) {
  if (kind === "read" && declined) return Promise.resolve(false);
  asking[kind] ??= Promise.all(Object.values(asking)).then(() => prompt(kind, reason)).finally(() => { delete asking[kind]; });
  return asking[kind];
}

function prompt(kind, reason) {
  const dialog = byId("key-dialog");
  const field = byId("key-value");
  byId("key-title").textContent = TITLES[kind];
  byId("key-reason").textContent = reason;
  field.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  field.focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const key = dialog.returnValue === "ok" ? field.value.trim() : "";
      field.value = "";
      if (kind === "read") declined = key === "";
      if (key) sessionStorage.setItem(PLACES[kind], key);
      resolve(key !== "");
    }, { once: true });
  });
}
