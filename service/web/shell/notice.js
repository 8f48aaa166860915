// A problem, said kindly at the place where it matters.

/** The line `holder` shows one problem at a time. */
export class Notice {
  #holder;

  constructor(holder) {
    this.#holder = holder;
  }

  show(problem) {
    const text = sentence(problem.message);
    if (!this.#holder.hidden && this.#holder.textContent === text) return;
    this.#holder.textContent = text;
    this.#holder.hidden = false;
  }

  clear() {
    this.#holder.hidden = true;
    this.#holder.textContent = "";
  }
}

function sentence(text) {
  const said = text.trim();
  const capital = said.charAt(0).toUpperCase() + said.slice(1);
  return /[.!?…]$/.test(capital) ? capital : `${capital}.`;
}
