// The service's HTTP calls: answers as JSON, failures as `Problem`, with an API key if one is set.
// The types of the answers are the TypeScript client's, which are generated from the OpenAPI document.
import { askForKey, currentKey } from "./api-key.js";

/** @import { Galleries, Gallery, Health, Image as ApiImage, Models } from "iiae-api" */
/** @import { Photo, PhotoPage, PhotosAdded, SearchResult, Translation as ApiTranslation } from "iiae-api" */
/** @import { KeyKind } from "./api-key.js" */

/** @typedef {Omit<ApiImage, "data"> & { data: string }} EncodedImage `data` is base64 */
/** @typedef {Omit<ApiTranslation, "images"> & { images: EncodedImage[] }} Translation */
/** @typedef {{ url: string, domain: string }} Sample */
/** @typedef {Blob | string | number | boolean | null | undefined} FieldValue */
/** @typedef {Record<string, FieldValue | FieldValue[]>} Fields of a form; a list is sent as several parts */
/**
 * @typedef {object} RequestOptions
 * @property {string} [method]
 * @property {BodyInit} [body]
 * @property {AbortSignal} [signal]
 * @property {number} [timeout] ms after which the service counts as unreachable; instead of `signal`
 * @property {string} [type] the body's content type, if the browser does not set it
 * @property {string} [accept]
 * @property {KeyKind} [kind] whether the call needs a reader's or an administrator's key
 */

const MAX_CACHED_PICTURES = 400;
const STATE_TIMEOUT = 12_000; // ms; the service itself gives up after ten seconds

/** @type {Map<string, Promise<string>>} blob URLs by path, least recently used first */
const pictureUrls = new Map();

/** An error answer of the service, or none at all. `message` is for people, `code` for programs. */
export class Problem extends Error {
  /**
   * @param {string} message
   * @param {{ status?: number, code?: string, retryAfter?: number | null }} [details] `retryAfter` in seconds
   */
  constructor(message, { status = 0, code = "unreachable", retryAfter = null } = {}) {
    super(message);
    this.name = "Problem";
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

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

/**
 * A picture as WebP, for pictures that the browser cannot show.
 * @param {Blob} image
 */
export const preview = async (image) =>
  (await send("/preview", { method: "POST", body: formData({ image }), accept: "image/webp" })).blob();

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

/**
 * The bytes of a photo.
 * @param {string} path
 */
export const photo = async (path) => (await send(path)).blob();

/**
 * The sample pictures of a model; an empty list if the package has none for it.
 * @param {string} model
 * @returns {Promise<Sample[]>}
 */
export async function samples(model) {
  const response = await fetch("static/samples/manifest.json").catch(() => null);
  if (!response?.ok) return [];
  /** @type {Record<string, { file: string, domain: string }[]>} */
  const manifest = await response.json();
  const folder = `static/samples/${encodeURIComponent(model)}`;
  return (manifest[model] ?? []).map(({ file, domain }) => ({ url: `${folder}/${file}`, domain }));
}

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

/**
 * The address of a path of the service, which may be published below a path of a proxy, as the page is.
 * @param {string} path
 */
const address = (path) => path.replace(/^\//, "");

/** @param {string} gallery */
const photosPath = (gallery) => `/galleries/${encodeURIComponent(gallery)}/photos`;

/** @param {string[]} wanted */
const labelQuery = (wanted) => wanted.map((label) => `&label=${encodeURIComponent(label)}`).join("");

/** @param {string} path */
async function remove(path) {
  try {
    await send(path, { method: "DELETE", kind: "write" });
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 404) throw error;
  }
}

/**
 * @param {string} path
 * @param {Fields} fields
 * @param {RequestOptions} options
 */
function post(path, fields, options) {
  return json(path, { ...options, method: "POST", body: formData(fields) });
}

/**
 * @param {string} path
 * @param {RequestOptions} [options]
 */
async function json(path, options) {
  const response = await send(path, options);
  return response.json().catch(rethrow);
}

/**
 * Throw the failure of a request as a `Problem`; one that the page has aborted, as it is.
 * @param {unknown} error
 * @returns {never}
 */
function rethrow(error) {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "AbortError") throw error;
  if (name === "TimeoutError") throw new Problem("The service does not answer. It may be busy.");
  throw new Problem("The service cannot be reached. Is it still running?");
}

/**
 * Send a request. If the service asks for a key, ask the visitor and send the request again.
 * @param {string} path
 * @param {RequestOptions} [options]
 * @returns {Promise<Response>}
 */
async function send(path, options = {}) {
  const { method = "GET", body, timeout, type, accept = "application/json", kind = "read" } = options;
  const signal = timeout ? AbortSignal.timeout(timeout) : options.signal;
  const key = currentKey(kind);
  const headers = { Accept: accept, ...(type && { "Content-Type": type }), ...(key && { "X-API-Key": key }) };
  const response = await fetch(address(path), { method, body, signal, headers }).catch(rethrow);
  if (response.ok) return response;
  const problem = await readProblem(response);
  if (problem.code === "key_missing" || problem.code === "key_refused") {
    const keyChanged = currentKey(kind) !== key;
    const reason =
      key && problem.code === "key_refused" ? refusal(kind) : "Ask the operator of this service for a key.";
    if (keyChanged || (await askForKey(kind, reason))) return send(path, options);
  }
  throw problem;
}

/** @param {KeyKind} kind */
function refusal(kind) {
  return kind === "write" ? "This key does not allow changes." : "The key was not accepted.";
}

/**
 * @param {Response} response
 * @returns {Promise<Problem>}
 */
async function readProblem(response) {
  const body = await response.json().catch(() => ({}));
  const message = body.detail || body.title || `The service answered with status ${response.status}.`;
  const wait = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  const retryAfter = Number.isNaN(wait) ? null : wait;
  return new Problem(message, { status: response.status, code: body.code ?? "", retryAfter });
}

/**
 * A form with these fields. Null, undefined and "" are left out.
 * @param {Fields} fields
 */
function formData(fields) {
  const form = new FormData();
  for (const [name, values] of Object.entries(fields)) {
    for (const value of [values].flat()) {
      if (value instanceof Blob) form.append(name, value, value instanceof File ? value.name : `${name}.png`);
      else if (value !== null && value !== undefined && value !== "") form.append(name, String(value));
    }
  }
  return form;
}
