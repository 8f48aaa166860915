// Requests to the service: answers as JSON, failures as `Problem`, with an API key if one is set.
import { askForKey, currentKey } from "./api-key.js";

/** @import { KeyKind } from "./api-key.js" */

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

/**
 * The address of a path of the service, which may be published below a path of a proxy, as the page is.
 * @param {string} path
 */
export const address = (path) => path.replace(/^\//, "");

/** @param {string} path */
export async function remove(path) {
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
export function post(path, fields, options) {
  return json(path, { ...options, method: "POST", body: formData(fields) });
}

/**
 * @param {string} path
 * @param {RequestOptions} [options]
 */
export async function json(path, options) {
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
export async function send(path, options = {}) {
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
export function formData(fields) {
  const form = new FormData();
  for (const [name, values] of Object.entries(fields)) {
    for (const value of [values].flat()) {
      if (value instanceof Blob) form.append(name, value, value instanceof File ? value.name : `${name}.png`);
      else if (value !== null && value !== undefined && value !== "") form.append(name, String(value));
    }
  }
  return form;
}
