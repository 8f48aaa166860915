// Of many requests only the newest matters: one is in flight, one waits, and no answer ever replaces a newer one.

/**
 * A newer request does not abort the one in flight at once, or a slow service would answer nothing while someone
 * draws; it does once that has taken thrice as long as flights have been seen to take. An urgent one does at once,
 * unless that one is urgent too: what stands when the pen is lifted is what is looked at, and the service drops the rest.
 */
export class Latest {
  #interval;
  #patience;
  #rest;
  #flight = null; // {urgent, since, controller}
  #waiting = null;
  #timer = 0;
  #notBefore = 0; // as the service asked
  #lastStart = -Infinity;

  constructor({ interval = 0, patience = 1000, rest = () => {} } = {}) {
    this.#interval = interval;
    this.#patience = patience;
    this.#rest = rest; // called when nothing is in flight or waits any more
  }

  /** Runs `run(signal)` soon, then `show(answer)` or `fail(error)`, unless it was given up for something newer by then. */
  ask({ run, show, fail, urgent = false }) {
    this.#waiting = { run, show, fail, urgent };
    this.#wake();
  }

  /** Forgets what waits and aborts what is in flight. */
  cancel() {
    clearTimeout(this.#timer);
    this.#waiting = null;
    this.#giveUp();
    this.#rest();
  }

  #giveUp() {
    this.#flight?.controller.abort();
    this.#flight = null;
  }

  #wake() {
    clearTimeout(this.#timer);
    if (!this.#waiting) return;
    const now = performance.now();
    const { urgent } = this.#waiting;
    if (urgent && !this.#flight?.urgent) this.#giveUp();
    const age = this.#flight ? now - this.#flight.since : 0;
    const pause = Math.max(this.#notBefore - now, urgent ? 0 : this.#lastStart + this.#interval - now, this.#flight ? this.#patience - age : 0);
    if (pause > 0) {
      this.#timer = setTimeout(() => this.#wake(), pause);
      return;
    }
    if (this.#flight) {
      this.#patience = Math.max(this.#patience, 3 * age);
      this.#giveUp();
    }
    const request = this.#waiting;
    this.#waiting = null;
    this.#start(request, now);
  }

  async #start(request, now) {
    const flight = { urgent: request.urgent, controller: new AbortController(), since: now };
    this.#flight = flight;
    this.#lastStart = now;
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
      if (this.#flight === flight) this.#flight = null;
      this.#wake();
      if (!this.#flight && !this.#waiting) this.#rest();
    }
  }
}
