// Says that a request is in progress, and that the service is slow if it takes long.

const QUIET = 400; // ms; a fast answer needs no words
const SLOW = 6000; // ms

/** A text in one place of the page, which is hidden while nothing is in progress. */
export class Progress {
  #place;
  /** @type {HTMLElement | null} */
  #shown = null;
  #text;
  /** @type {number[]} */
  #timers = [];

  /**
   * @param {() => HTMLElement} place where to say it; asked each time
   * @param {string} text what is in progress, such as "Searching"
   */
  constructor(place, text) {
    this.#place = place;
    this.#text = text;
  }

  /** Start, unless something is in progress already. */
  start() {
    if (this.#timers.length > 0) return;
    this.#timers = [
      setTimeout(() => this.#show(`${this.#text}…`), QUIET),
      setTimeout(() => this.#show(`${this.#text}… The service is slow.`), SLOW),
    ];
  }

  stop() {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
    this.#show("");
  }

  /** @param {string} text */
  #show(text) {
    if (this.#shown) this.#shown.hidden = true;
    this.#shown = text === "" ? null : this.#place();
    if (!this.#shown) return;
    this.#shown.textContent = text;
    this.#shown.hidden = false;
  }
}
