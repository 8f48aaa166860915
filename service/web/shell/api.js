// The service's calls over HTTP: JSON out, problems as errors, the key where one is set.
import { askForKey, currentKey } from "./api-key.js";

const KEPT_PICTURES = 400;
const pictures = new Map(); // path -> Promise of a blob URL, least recently used first

/** An answer that is not a success. `message` is for people, `code` for programs. */
export class Problem extends Error {
  constructor(message, { status = 0, code = "unreachable", retryAfter = null } = {}) {
    super(message);
    this.name = "Problem";
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

export const models = (signal) => json("/models", { signal });
export const galleries = (signal) => json("/galleries", { signal });
export const ready = (signal) => json("/health/ready", { signal });
export const searchBySketch = (fields, signal) => json("/sbir/search", { method: "POST", body: form(fields), signal });
export const similar = (gallery, id, k, signal) => json(`/galleries/${encodeURIComponent(gallery)}/photos/${id}/similar?k=${k}`, { signal });
export const retrieve = (fields, signal) => json("/retrieve", { method: "POST", body: form(fields), signal });
export const translate = (fields, signal) => json("/translate", { method: "POST", body: form(fields), signal });
export const analogy = (fields, signal) => json("/analogy", { method: "POST", body: form(fields), signal });
export const createGallery = (gallery) => json("/galleries", { method: "POST", body: JSON.stringify(gallery), type: "application/json", kind: "write" });
export const addPhoto = (gallery, fields, signal) => json(`/galleries/${encodeURIComponent(gallery)}/photos`, { method: "POST", body: form(fields), kind: "write", signal });

/** The service's metrics without labels, by name. */
export async function metrics(signal) {
  const text = await (await send("/metrics", { signal, accept: "text/plain" })).text();
  return Object.fromEntries([...text.matchAll(/^iiae_(\w+) ([\d.e+-]+)$/gm)].map(([, name, value]) => [name, Number(value)]));
}

/** A photo's bytes. */
export const photo = async (path) => (await send(path, {})).blob();

/** Sample pictures of a model, [{url, domain}]; none where the package brings none. */
export async function samples(model) {
  const folder = `/static/samples/${encodeURIComponent(model)}`;
  const response = await fetch(`${folder}/manifest.json`).catch(() => null);
  if (!response?.ok) return [];
  return (await response.json()).map(({ file, domain }) => ({ url: `${folder}/${file}`, domain }));
}

/** An address that an img can show: the path itself, or a blob's where a key is needed to fetch it. */
export function pictureUrl(path) {
  if (!currentKey()) return Promise.resolve(path);
  const known = pictures.get(path);
  pictures.delete(path);
  const url = known ?? photo(path).then((blob) => URL.createObjectURL(blob));
  pictures.set(path, url);
  url.catch(() => pictures.delete(path));
  if (pictures.size > KEPT_PICTURES) {
    const [oldest, old] = pictures.entries().next().value;
    pictures.delete(oldest);
    old.then((blobUrl) => URL.revokeObjectURL(blobUrl), () => {});
  }
  return url;
}

async function json(path, options) {
  return (await send(path, options)).json();
}

async function send(path, options) {
  const { method = "GET", body, signal, type, accept = "application/json", kind = "read" } = options;
  const key = currentKey(kind);
  let response;
  try {
    response = await fetch(path, { method, body, signal, headers: { Accept: accept, ...(type && { "Content-Type": type }), ...(key && { "X-API-Key": key }) } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("The service cannot be reached. Is it still running?");
  }
  if (response.ok) return response;
  const problem = await read(response);
  if (problem.code === "key_missing" || problem.code === "key_refused") {
    const fresher = currentKey(kind) !== key;
    const reason = key && problem.code === "key_refused" ? refusal(kind) : "Whoever runs it can give you one.";
    if (fresher || (await askForKey(kind, reason))) return send(path, options);
  }
  throw problem;
}

function refusal(kind) {
  return kind === "write" ? "The key that was sent does not allow changes." : "The key was not accepted.";
}

async function read(response) {
  const body = await response.json().catch(() => ({}));
  const message = body.detail || body.title || `The service answered ${response.status}.`;
  const wait = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  return new Problem(message, { status: response.status, code: body.code ?? "", retryAfter: Number.isNaN(wait) ? null : wait });
}

/** A form of fields; an array is sent as several parts of one name. */
function form(fields) {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields).flatMap(([each, values]) => [values].flat().map((one) => [each, one]))) {
    if (value instanceof Blob) data.append(name, value, value.name ?? `${name}.png`);
    else if (value !== null && value !== undefined && value !== "") data.append(name, String(value));
  }
  return data;
}
