// The pictures of a gallery, and pictures that the browser cannot show, as URLs and bytes.
import { currentKey } from "./api-key.js";
import { address, formData, send } from "./http.js";

const MAX_CACHED_PICTURES = 400;

/** @type {Map<string, Promise<string>>} blob URLs by path, least recently used first */
const pictureUrls = new Map();

/**
 * The bytes of a photo.
 * @param {string} path
 */
export const photo = async (path) => (await send(path)).blob();

/**
 * A picture as WebP, for pictures that the browser cannot show.
 * @param {Blob} image
 */
export const preview = async (image) =>
  (await send("/preview", { method: "POST", body: formData({ image }), accept: "image/webp" })).blob();

/**
 * A URL that an <img> can show: the path itself, or a blob URL if a key is needed to fetch the picture.
 * @param {string} path
 * @returns {Promise<string>}
 */
export function pictureUrl(path) {
  if (!currentKey()) return Promise.resolve(address(path));
  const cached = pictureUrls.get(path);
  pictureUrls.delete(path);
  const url = cached ?? photo(path).then((blob) => URL.createObjectURL(blob));
  pictureUrls.set(path, url);
  url.catch(() => pictureUrls.delete(path));
  if (pictureUrls.size > MAX_CACHED_PICTURES) evictOldest();
  return url;
}

/**
 * The URL of a photo's thumbnail, see `pictureUrl`.
 * @param {string} url the photo's URL, as in the service's answer
 */
export function thumbnailUrl(url) {
  return pictureUrl(`${url}${url.includes("?") ? "&" : "?"}size=thumbnail`);
}

/**
 * The URL of a photo as this browser can show it, see `pictureUrl`.
 * @param {string} url the photo's URL, as in the service's answer
 */
export function screenUrl(url) {
  return pictureUrl(`${url}${url.includes("?") ? "&" : "?"}size=screen`);
}

function evictOldest() {
  for (const [path, url] of pictureUrls) {
    pictureUrls.delete(path);
    url.then(URL.revokeObjectURL, () => {});
    return;
  }
}
