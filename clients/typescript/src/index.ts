/**
 * The one file that is written by hand: a class that is made with an address and a key, failures as exceptions, and bytes as files.
 * The generator has a place for each (a client's settings, an interceptor, a hook before sending) but nothing that fills it.
 */
import { createClient, createConfig } from "./generated/client/index.js";
import { Calls } from "./generated/sdk.gen.js";
import type { FieldProblem, Problem } from "./generated/types.gen.js";

export type * from "./generated/types.gen.js";

export interface Options {
  /** Where the service is; in its own page, leave it out. */
  baseUrl?: string;
  /** Needed where the service was given keys. */
  apiKey?: string;
  /** Another `fetch`, with retries for example. */
  fetch?: typeof fetch;
}

/** The service. Calls are grouped: `client.sbir.search({ sketch })`; each takes `{ signal }` and fetch's other settings after its fields. */
export class Client extends Calls {
  constructor({ baseUrl = "", apiKey, fetch }: Options = {}) {
    const client = createClient(createConfig({ baseUrl, auth: () => apiKey, throwOnError: true, requestValidator: filesOfBytes, ...(fetch && { fetch }) }));
    client.interceptors.error.use((error, response: Response | undefined) => (response ? new ProblemError(problemOf(error, response), response) : error));
    super({ client });
  }
}

/** An answer that is not a success. `code` is stable and for programs, `detail` for people; by `requestId` the operator finds the request. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly requestId: string | undefined;
  readonly errors: ReadonlyArray<FieldProblem>;
  /** Seconds after which another try may succeed, where the service says so. */
  readonly retryAfter: number | undefined;

  constructor(problem: Problem, response: Response) {
    super(`${problem.status} ${problem.code}: ${problem.detail}`);
    ({ status: this.status, code: this.code, title: this.title, detail: this.detail, request_id: this.requestId } = problem);
    this.errors = problem.errors ?? [];
    const wait = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
    this.retryAfter = Number.isNaN(wait) ? undefined : wait;
  }
}

/** What was answered as a problem, also where a proxy between us and the service answered (`code` is then `http_502` or so). */
function problemOf(error: unknown, response: Response): Problem {
  if (typeof error === "object" && error !== null && "code" in error && "detail" in error) return error as Problem;
  const detail = typeof error === "string" ? error.slice(0, 1000) : JSON.stringify(error);
  return { title: response.statusText, status: response.status, detail, code: `http_${response.status}`, request_id: response.headers.get("X-Request-ID") ?? undefined };
}

/** A form takes files; bytes (Node's Buffer too) are made one. */
async function filesOfBytes(request: unknown): Promise<void> {
  const sent = request as { body?: unknown };
  if (typeof sent.body !== "object" || sent.body === null) return;
  const file = (value: unknown): unknown => (value instanceof Uint8Array ? new File([value as Uint8Array<ArrayBuffer>], "upload") : value);
  sent.body = Object.fromEntries(Object.entries(sent.body).map(([name, value]) => [name, Array.isArray(value) ? value.map(file) : file(value)]));
}
