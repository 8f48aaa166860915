// Error messages, shown next to the part of the page that they are about.

/** A line of text that shows one error at a time. */
export class Notice {
  #holder;

  /** @param {HTMLElement} holder */
  constructor(holder) {
    this.#holder = holder;
  }

  /** @param {unknown} error */
  show(error) {
    const text = toSentence(error instanceof Error ? error.message : String(error));
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
 * The service's messages start in lower case and have no full stop.
 * @param {string} text
 */
function toSentence(text) {
  const trimmed = text.trim();
  const capitalised = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?…]$/.test(capitalised) ? capitalised : `${capitalised}.`;
}
