// One picture, large, in a dialog: what is known of it and what can be done with it.
import { byId, element, icon } from "./dom.js";

export class Viewer {
  #dialog = byId("viewer");
  #image = byId("viewer-image");
  #step = null;
  #turn = 0;

  constructor() {
    byId("viewer-close").addEventListener("click", () => this.close());
    byId("viewer-previous").addEventListener("click", () => this.#step?.(-1));
    byId("viewer-next").addEventListener("click", () => this.#step?.(1));
    this.#dialog.addEventListener("click", (event) => { if (event.target === this.#dialog) this.close(); });
    this.#dialog.addEventListener("keydown", (event) => {
      if (event.key === "ArrowLeft") this.#step?.(-1);
      if (event.key === "ArrowRight") this.#step?.(1);
    });
  }

  /**
   * Shows a picture.
   * @param {{title: string, preview?: string, url: Promise<string> | string, facts: [string, string][],
   *   actions: {label: string, icon: string, run: () => void, href?: string, name?: string}[], step?: (by: number) => void}} what
   */
  show({ title, preview, url, facts, actions, step }) {
    const turn = ++this.#turn;
    byId("viewer-title").textContent = title;
    byId("viewer-facts").replaceChildren(...facts.flatMap(([name, value]) => [element("dt", { textContent: name }), element("dd", { textContent: value })]));
    byId("viewer-actions").replaceChildren(...actions.map((action, index) => this.#button(action, index === 0)));
    byId("viewer-steps").hidden = !step;
    this.#step = step ?? null;
    this.#image.alt = title;
    this.#image.classList.remove("pixels");
    if (preview) this.#image.src = preview;
    else this.#image.removeAttribute("src");
    Promise.resolve(url).then((address) => {
      if (turn === this.#turn) this.#large(address, turn);
    }, () => {});
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  close() {
    this.#turn++;
    this.#dialog.close();
  }

  /** The picture itself, once it can be shown without a gap. */
  async #large(address, turn) {
    const next = new Image();
    next.src = address;
    await next.decode().catch(() => {});
    if (turn !== this.#turn) return;
    this.#image.src = address;
    this.#image.classList.toggle("pixels", next.naturalWidth > 0 && next.naturalWidth <= 64);
  }

  #button({ label, icon: name, run, href, download }, first) {
    const className = first ? "button primary" : "button";
    if (href) return element("a", { className, href, download }, icon(name), label);
    return element("button", { type: "button", className, onclick: () => { this.close(); run(); } }, icon(name), label);
  }
}
