// Asks before something is deleted.
import { byId } from "./dom.js";

/**
 * Ask in a dialog; resolves to whether the visitor agreed. Escape and "Cancel" do not.
 * @param {{ title: string, text: string, action: string }} question `action` is the button that agrees
 * @returns {Promise<boolean>}
 */
export function confirmed({ title, text, action }) {
  const dialog = byId("confirm-dialog", HTMLDialogElement);
  byId("confirm-title").textContent = title;
  byId("confirm-text").textContent = text;
  byId("confirm-yes").textContent = action;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
