/**
 * The client. This is the only file written by hand.
 *
 * It adds three things to the generated code: a class with an address and a key, failures as exceptions, and bytes as
 * uploads. The generator has a hook for each, but does not generate them.
 */
import { createClient, createConfig } from "./generated/client/index.js";
import { Calls } from "./generated/sdk.gen.js";
import type { FieldProblem, Problem } from "./generated/types.gen.js";

export type * from "./generated/types.gen.js";

export interface Options {
  /** Address of the service. On the service's own page, leave it out. */
  baseUrl?: string;
  /** Required if the service has keys. */
  apiKey?: string;
  /** A `fetch` to use instead, for example one with retries. */
  fetch?: typeof fetch;
}

/**
 * A client of the service. Calls are grouped, such as `client.sbir.search({ sketch })`.
 * The second argument of a call has fetch's settings, such as `{ signal }`.
 */
export class Client extends Calls {
  constructor({ baseUrl = "", apiKey, fetch }: Options = {}) {
    const client = createClient(
      createConfig({
        baseUrl,
        auth: () => apiKey,
        throwOnError: true,
        requestValidator: bytesToFiles,
        ...(fetch && { fetch }),
      }),
    );
    client.interceptors.response.use((response) => {
      warnOfOtherVersion(response);
      return response;
    });
    client.interceptors.error.use((error, response: Response | undefined) =>
      response ? new ProblemError(toProblem(error, response), response) : error,
    );
    super({ client });
  }
}

/** Version of the service's API that this client was made for. */
export const API_VERSION = "1";
const warned = new Set<string>();

/** Write a warning, once for each version, if the service's API has another version than this client. */
function warnOfOtherVersion(response: Response): void {
  const version = response.headers.get("X-API-Version");
  if (version !== null && version !== API_VERSION && !warned.has(version)) {
    warned.add(version);
    console.warn(
      `The service has version ${version} of its API, but this client is of version ${API_VERSION}. ` +
        "Install the client of that version.",
    );
  }
}

/**
 * The service rejected a request, or failed.
 * `code` is stable, for programs; `detail` is for people. With `requestId` the operator finds the request in the logs.
 */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly requestId: string | undefined;
  readonly errors: ReadonlyArray<FieldProblem>;
  /** Seconds to wait before a retry, if the service gave a time. */
  readonly retryAfter: number | undefined;

  constructor(problem: Problem, response: Response) {
    super(`${problem.status} ${problem.code}: ${problem.detail}`);
    this.status = problem.status;
    this.code = problem.code;
    this.title = problem.title;
    this.detail = problem.detail;
    this.requestId = problem.request_id;
    this.errors = problem.errors ?? [];
    const wait = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
    this.retryAfter = Number.isNaN(wait) ? undefined : wait;
  }
}

/** Returns the problem in an answer. If a proxy answered instead of the service, `code` is its status: `http_502`. */
function toProblem(error: unknown, response: Response): Problem {
  if (typeof error === "object" && error !== null && "code" in error && "detail" in error) return error as Problem;
  return {
    title: response.statusText,
    status: response.status,
    detail: typeof error === "string" ? error.slice(0, 1000) : JSON.stringify(error),
    code: `http_${response.status}`,
    request_id: response.headers.get("X-Request-ID") ?? undefined,
  };
}

/** Turns bytes in a form into files, because forms accept only files. Node's Buffer is a Uint8Array too. */
async function bytesToFiles(request: unknown): Promise<void> {
  const sent = request as { body?: unknown };
  if (typeof sent.body !== "object" || sent.body === null) return;
  const file = (value: unknown): unknown =>
    value instanceof Uint8Array ? new File([value as Uint8Array<ArrayBuffer>], "upload") : value;
  const fields = Object.entries(sent.body);
  sent.body = Object.fromEntries(
    fields.map(([name, value]) => [name, Array.isArray(value) ? value.map(file) : file(value)]),
  );
}
