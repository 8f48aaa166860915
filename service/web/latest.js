// Of many requests only the newest matters: one is in flight, one waits, and no answer ever replaces a newer one.

/**
 * A newer request does not abort the one in flight at once, or a slow service would answer nothing while
 * someone draws; it does once the flight has taken thrice as long as flights have been seen to take.
 */
export class Latest {
  #interval;
  #patience;
  #flight = null;
  #waiting = null;
  #timer = 0;
  #notBefore = 0;

  constructor({ interval = 0, patience = 1000 } = {}) {
    this.#interval = interval;
    this.#patience = patience;
  }

  get busy() {
    return this.#flight !== null || this.#waiting !== null;
  }

  /** Runs `run(signal)` soon, then `show(answer)` or `fail(error)`, unless something newer was asked by then. */
  ask({ run, show, fail }) {
    this.#waiting = { run, show, fail };
    this.#wake();
  }

  /** Forgets what waits and aborts what is in flight. */
  cancel() {
    clearTimeout(this.#timer);
    this.#waiting = null;
    this.#abort();
  }

  #abort() {
    const flight = this.#flight;
    this.#flight = null;
    flight?.controller.abort();
  }

  #wake() {
    clearTimeout(this.#timer);
    if (!this.#waiting) return;
    const now = performance.now();
    const age = this.#flight ? now - this.#flight.since : 0;
    const pause = Math.max(this.#notBefore - now, this.#flight ? this.#patience - age : 0);
    if (pause > 0) {
      this.#timer = setTimeout(() => this.#wake(), pause);
      return;
    }
    if (this.#flight) this.#patience = Math.max(this.#patience, 3 * age);
    this.#abort();
    const request = this.#waiting;
    this.#waiting = null;
    this.#start(request, now);
  }

  async #start(request, now) {
    const flight = { controller: new AbortController(), since: now };
    this.#flight = flight;
    this.#notBefore = now + this.#interval;
    try {
      const answer = await request.run(flight.controller.signal);
      if (this.#flight !== flight) return;
      this.#patience = Math.max(1000, 3 * (performance.now() - now));
      request.show(answer);
    } catch (error) {
      if (this.#flight !== flight || error.name === "AbortError") return;
      if (error.retryAfter) {
        this.#notBefore = performance.now() + 1000 * Math.min(error.retryAfter, 30);
        this.#waiting ??= request;
      }
      request.fail(error);
    } finally {
      if (this.#flight === flight) {
        this.#flight = null;
        this.#wake();
      }
    }
  }
}
