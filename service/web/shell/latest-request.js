// Runs one request at a time and keeps only the newest waiting one; an old answer never replaces a newer one.

/**
 * @template Answer
 * @typedef {object} Request
 * @property {(signal: AbortSignal) => Promise<Answer>} run sends the request
 * @property {(answer: Answer) => void} show
 * @property {(error: Error) => void} fail
 * @property {boolean} [urgent]
 */

const MIN_TIMEOUT = 1000; // ms

/**
 * A newer request does not abort the running one at once: a slow service would never answer while someone
 * draws. It does so after a timeout, which is three times the duration of the last answer.
 *
 * An urgent request aborts a running one at once, unless that one is urgent too. The service drops aborted
 * requests. Requests are urgent when the pen is lifted, because the visitor then looks at the hits.
 * @template Answer
 */
export class LatestRequest {
  #minInterval;
  #timeout;
  #onIdle;
  /** @type {{ urgent: boolean, start: number, controller: AbortController } | null} */
  #running = null;
  /** @type {Request<Answer> | null} */
  #waiting = null;
  /** @type {number | undefined} */
  #timer;
  #notBefore = 0; // set by the service's Retry-After
  #lastStart = -Infinity;

  /**
   * All times are in milliseconds.
   * @param {object} [options]
   * @param {number} [options.minInterval] between the starts of two requests
   * @param {number} [options.timeout] before the duration of an answer is known
   * @param {() => void} [options.onIdle] called when no request is running or waiting any more
   */
  constructor({ minInterval = 0, timeout = MIN_TIMEOUT, onIdle = () => {} } = {}) {
    this.#minInterval = minInterval;
    this.#timeout = timeout;
    this.#onIdle = onIdle;
  }

  /**
   * Run `request` soon. It calls `show` or `fail` unless a newer request replaced it.
   * @param {Request<Answer>} request
   */
  submit(request) {
    this.#waiting = request;
    this.#startIfPossible();
  }

  /** Drop the waiting request and abort the running one. */
  cancel() {
    clearTimeout(this.#timer);
    this.#waiting = null;
    this.#abort();
    this.#onIdle();
  }

  #abort() {
    this.#running?.controller.abort();
    this.#running = null;
  }

  #startIfPossible() {
    clearTimeout(this.#timer);
    if (!this.#waiting) return;
    const now = performance.now();
    const { urgent } = this.#waiting;
    if (urgent && !this.#running?.urgent) this.#abort();
    const age = this.#running ? now - this.#running.start : 0;
    const wait = Math.max(
      this.#notBefore - now,
      urgent ? 0 : this.#lastStart + this.#minInterval - now,
      this.#running ? this.#timeout - age : 0,
    );
    if (wait > 0) {
      this.#timer = setTimeout(() => this.#startIfPossible(), wait);
      return;
    }
    if (this.#running) {
      this.#timeout = Math.max(this.#timeout, 3 * age);
      this.#abort();
    }
    const request = this.#waiting;
    this.#waiting = null;
    this.#start(request, now);
  }

  /**
   * @param {Request<Answer>} request
   * @param {number} now
   */
  async #start(request, now) {
    const running = { urgent: request.urgent ?? false, controller: new AbortController(), start: now };
    this.#running = running;
    this.#lastStart = now;
    try {
      const answer = await request.run(running.controller.signal);
      if (this.#running !== running) return;
      this.#timeout = Math.max(MIN_TIMEOUT, 3 * (performance.now() - now));
      request.show(answer);
    } catch (error) {
      if (this.#running !== running || !(error instanceof Error) || error.name === "AbortError") return;
      const retryAfter = "retryAfter" in error ? Number(error.retryAfter) : 0; // seconds
      if (retryAfter > 0) {
        this.#notBefore = performance.now() + 1000 * Math.min(retryAfter, 30);
        this.#waiting ??= request;
      }
      request.fail(error);
    } finally {
      if (this.#running === running) this.#running = null;
      this.#startIfPossible();
      if (!this.#running && !this.#waiting) this.#onIdle();
    }
  }
}
