// Deletes photos and galleries, after the visitor has agreed.
import * as api from "../shell/api.js";
import { confirmed } from "../shell/confirm.js";
import { countText } from "../sketch/hit-text.js";

/**
 * Delete these photos, one after another; resolves to whether the visitor agreed.
 * @param {string} gallery
 * @param {number[]} ids
 * @param {(id: number) => void} onDeleted called for each
 */
export async function deletePhotos(gallery, ids, onDeleted) {
  const agreed = await confirmed({
    title: `Delete ${countText(ids.length)}?`,
    text: `They are removed from the gallery ${gallery} and cannot be brought back.`,
    action: "Delete",
  });
  if (!agreed) return false;
  for (const id of ids) {
    await api.deletePhoto(gallery, id);
    onDeleted(id);
  }
  return true;
}

/**
 * Delete a gallery; resolves to whether the visitor agreed.
 * @param {string} gallery
 * @param {number} photos
 */
export async function deleteGallery(gallery, photos) {
  const agreed = await confirmed({
    title: `Delete the gallery ${gallery}?`,
    text: `It has ${countText(photos)}, which are deleted with it and cannot be brought back.`,
    action: "Delete the gallery",
  });
  if (agreed) await api.deleteGallery(gallery);
  return agreed;
}
