// The API key: asked for when the service wants one, kept in sessionStorage, never elsewhere.
import { byId } from "./dom.js";

const PLACE = "iiae-api-key";
let asking = null;
let declined = false;

/** The key to send, or null. */
export function currentKey() {
  return sessionStorage.getItem(PLACE);
}

/** Whether the person was asked and said "not now". */
export function keyDeclined() {
  return declined;
}

/** Asks again although it was declined before. */
export function askAgain() {
  declined = false;
  return askForKey("");
}

/** Asks once, however many calls want a key at the same time; resolves to whether there is a new one. */
export function askForKey(reason) {
  if (declined) return Promise.resolve(false);
  asking ??= prompt(reason).finally(() => { asking = null; });
  return asking;
}

function prompt(reason) {
  const dialog = byId("key-dialog");
  const field = byId("key-value");
  byId("key-reason").textContent = reason;
  field.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  field.focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const key = dialog.returnValue === "ok" ? field.value.trim() : "";
      field.value = "";
      declined = key === "";
      if (key) sessionStorage.setItem(PLACE, key);
      resolve(key !== "");
    }, { once: true });
  });
}
