// Changes the label of a photo, in a dialog.
import * as api from "../shell/api.js";
import { byId } from "../shell/dom.js";

/**
 * Ask for a new label and store it; resolves to whether the label was changed.
 * @param {string} gallery
 * @param {{ id: number, label: string | null }} photo
 */
export async function changeLabel(gallery, { id, label }) {
  const entered = await enteredLabel(label ?? "");
  if (entered === null || entered === (label ?? "")) return false;
  await api.changePhoto(gallery, id, { label: entered || null });
  return true;
}

/**
 * @param {string} current
 * @returns {Promise<string | null>} null if the visitor cancels
 */
function enteredLabel(current) {
  const dialog = byId("label-dialog", HTMLDialogElement);
  const field = byId("label-value", HTMLInputElement);
  field.value = current;
  dialog.returnValue = "";
  dialog.showModal();
  field.select();
  return new Promise((resolve) => {
    const onclose = () => resolve(dialog.returnValue === "ok" ? field.value.trim() : null);
    dialog.addEventListener("close", onclose, { once: true });
  });
}
