// The service's calls, by name.
// The types of the answers are the TypeScript client's, which are generated from the OpenAPI document.
import { json, post, remove, send } from "./http.js";

/** @import { Galleries, Gallery, Health, Image as ApiImage, Models } from "iiae-api" */
/** @import { Photo, PhotoPage, PhotosAdded, SearchResult, Translation as ApiTranslation } from "iiae-api" */
/** @import { Fields } from "./http.js" */

/** @typedef {Omit<ApiImage, "data"> & { data: string }} EncodedImage `data` is base64 */
/** @typedef {Omit<ApiTranslation, "images"> & { images: EncodedImage[] }} Translation */

const STATE_TIMEOUT = 12_000; // ms; the service itself gives up after ten seconds

/** @returns {Promise<Models>} */
export const models = () => json("/models", { timeout: STATE_TIMEOUT });

/** @returns {Promise<Galleries>} */
export const galleries = () => json("/galleries", { timeout: STATE_TIMEOUT });

/** @returns {Promise<Health>} */
export const ready = () => json("/health/ready", { timeout: STATE_TIMEOUT });

/** @type {(fields: Fields, signal: AbortSignal) => Promise<SearchResult>} */
export const searchBySketch = (fields, signal) => post("/sbir/search", fields, { signal });

/** @type {(fields: Fields, signal: AbortSignal) => Promise<SearchResult>} */
export const retrieve = (fields, signal) => post("/retrieve", fields, { signal });

/** @typedef {{ id: number, k: number, labels: string[] }} SimilarRequest */
/** @type {(gallery: string, request: SimilarRequest, signal: AbortSignal) => Promise<SearchResult>} */
export const similar = (gallery, { id, k, labels: wanted }, signal) =>
  json(`${photosPath(gallery)}/${id}/similar?k=${k}${labelQuery(wanted)}`, { signal });

/** @type {(fields: Fields, signal: AbortSignal) => Promise<Translation>} */
export const translate = (fields, signal) => post("/translate", fields, { signal });

/** @type {(fields: Fields, signal: AbortSignal) => Promise<Translation>} */
export const analogy = (fields, signal) => post("/analogy", fields, { signal });

/** @type {(gallery: { name: string, model: string }) => Promise<Gallery>} */
export const createGallery = (gallery) =>
  json("/galleries", {
    method: "POST",
    body: JSON.stringify(gallery),
    type: "application/json",
    kind: "write",
  });

/** @type {(gallery: string, fields: Fields, signal: AbortSignal) => Promise<PhotosAdded>} */
export const addPhoto = (gallery, fields, signal) =>
  post(`/galleries/${encodeURIComponent(gallery)}/photos`, fields, { signal, kind: "write" });

/** @typedef {{ after: number, limit: number, labels: string[] }} PageRequest no labels: all photos */
/** @type {(gallery: string, page: PageRequest, signal: AbortSignal) => Promise<PhotoPage>} */
export const listPhotos = (gallery, { after, limit, labels: wanted }, signal) =>
  json(`${photosPath(gallery)}?after=${after}&limit=${limit}${labelQuery(wanted)}`, { signal });

/**
 * The most frequent labels of a gallery; null stands for photos without one.
 * @type {(gallery: string, limit: number) => Promise<{ labels: { label: string | null, photos: number }[] }>}
 */
export const labels = (gallery, limit) =>
  json(`/galleries/${encodeURIComponent(gallery)}/labels?limit=${limit}`, { timeout: STATE_TIMEOUT });

/** @type {(gallery: string, id: number, changes: { label: string | null }) => Promise<Photo>} */
export const changePhoto = (gallery, id, changes) =>
  json(`${photosPath(gallery)}/${id}`, {
    method: "PATCH",
    body: JSON.stringify(changes),
    type: "application/json",
    kind: "write",
  });

/**
 * Delete a photo. One that is gone already is no error.
 * @param {string} gallery
 * @param {number} id
 */
export const deletePhoto = (gallery, id) => remove(`${photosPath(gallery)}/${id}`);

/** @param {string} gallery */
export const deleteGallery = (gallery) => remove(`/galleries/${encodeURIComponent(gallery)}`);

/**
 * The service's metrics that have no labels, by name without the prefix "iiae_".
 * @returns {Promise<Record<string, number>>}
 */
export async function metrics() {
  const text = await (await send("/metrics", { accept: "text/plain", timeout: STATE_TIMEOUT })).text();
  const lines = text.matchAll(/^iiae_(\w+) ([\d.e+-]+)$/gm);
  return Object.fromEntries([...lines].map(([, name, value]) => [name, Number(value)]));
}

/** @param {string} gallery */
const photosPath = (gallery) => `/galleries/${encodeURIComponent(gallery)}/photos`;

/** @param {string[]} wanted */
const labelQuery = (wanted) => wanted.map((label) => `&label=${encodeURIComponent(label)}`).join("");
