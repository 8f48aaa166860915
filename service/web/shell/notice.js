// Error messages, shown next to the part of the page that they are about.

/** A line of text that shows one error at a time. */
export class Notice {
  #holder;

  /** @param {HTMLElement} holder */
  constructor(holder) {
    this.#holder = holder;
  }

  /**
   * @param {unknown} error
   * @param {{ repeats?: boolean }} [options] whether the request is repeated if the service says when
   */
  show(error, { repeats = false } = {}) {
    const sentence = toSentence(error instanceof Error ? error.message : String(error));
    const wait = repeats && error instanceof Error && "retryAfter" in error ? Number(error.retryAfter) : 0;
    const text = wait > 0 ? `${sentence} The page tries again in ${wait} s.` : sentence;
    if (!this.#holder.hidden && this.#holder.textContent === text) return; // screen readers would repeat it
    this.#holder.textContent = text;
    this.#holder.hidden = false;
  }

  clear() {
    this.#holder.hidden = true;
    this.#holder.textContent = "";
  }
}

/**
 * The service's messages start in lower case and have no full stop. A name that starts one stays as it is.
 * @param {string} text
 */
function toSentence(text) {
  const trimmed = text.trim();
  const startsWithWord = /^[a-z]+[ ,]/.test(trimmed);
  const capitalised = startsWithWord ? trimmed.charAt(0).toUpperCase() + trimmed.slice(1) : trimmed;
  return /[.!?…]$/.test(capitalised) ? capitalised : `${capitalised}.`;
}
