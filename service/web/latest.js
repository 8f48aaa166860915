// Of many requests only the newest matters: a few are in flight, one waits, and no answer ever replaces a newer one.

/**
 * A newer request does not abort those in flight at once, or a slow service would answer nothing while someone
 * draws; it does once the oldest has taken thrice as long as flights have been seen to take. Two at a time let
 * the service prepare the newer one while it computes the older.
 */
export class Latest {
  #interval;
  #patience;
  #most;
  #rest;
  #flights = []; // {number, since, controller}, oldest first
  #count = 0;
  #waiting = null;
  #timer = 0;
  #notBefore = 0;

  constructor({ interval = 0, patience = 1000, atATime = 1, rest = () => {} } = {}) {
    this.#interval = interval;
    this.#patience = patience;
    this.#most = atATime;
    this.#rest = rest; // called when nothing is in flight or waits any more
  }

  /** Runs `run(signal)` soon, then `show(answer)` or `fail(error)`, unless something newer was answered by then. */
  ask({ run, show, fail }) {
    this.#waiting = { run, show, fail };
    this.#wake();
  }

  /** Forgets what waits and aborts what is in flight. */
  cancel() {
    clearTimeout(this.#timer);
    this.#waiting = null;
    this.#giveUp(this.#flights);
    this.#rest();
  }

  #giveUp(flights) {
    this.#flights = this.#flights.filter((flight) => !flights.includes(flight));
    for (const { controller } of flights) controller.abort();
  }

  #wake() {
    clearTimeout(this.#timer);
    if (!this.#waiting) return;
    const now = performance.now();
    const [oldest] = this.#flights.length >= this.#most ? this.#flights : [];
    const age = oldest ? now - oldest.since : 0;
    const pause = Math.max(this.#notBefore - now, oldest ? this.#patience - age : 0);
    if (pause > 0) {
      this.#timer = setTimeout(() => this.#wake(), pause);
      return;
    }
    if (oldest) {
      this.#patience = Math.max(this.#patience, 3 * age);
      this.#giveUp([oldest]);
    }
    const request = this.#waiting;
    this.#waiting = null;
    this.#start(request, now);
  }

  async #start(request, now) {
    const flight = { number: ++this.#count, controller: new AbortController(), since: now };
    this.#flights.push(flight);
    this.#notBefore = now + this.#interval;
    try {
      const answer = await request.run(flight.controller.signal);
      if (!this.#flights.includes(flight)) return;
      this.#patience = Math.max(1000, 3 * (performance.now() - now));
      this.#settle(flight);
      request.show(answer);
    } catch (error) {
      if (!this.#flights.includes(flight) || error.name === "AbortError") return;
      this.#settle(flight);
      if (error.retryAfter) {
        this.#notBefore = performance.now() + 1000 * Math.min(error.retryAfter, 30);
        this.#waiting ??= request;
      }
      request.fail(error);
    } finally {
      this.#giveUp([flight]);
      this.#wake();
      if (this.#flights.length === 0 && !this.#waiting) this.#rest();
    }
  }

  /** This one is answered: what is older has become useless. */
  #settle(flight) {
    this.#giveUp(this.#flights.filter(({ number }) => number < flight.number));
  }
}
