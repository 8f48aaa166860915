// A dialog that shows one picture large, with facts about it and actions.
import { byId, element, icon } from "./dom.js";
import { Notice } from "./notice.js";

/**
 * @typedef {object} Action
 * @property {string} label
 * @property {string} icon
 * @property {() => unknown} [run]
 * @property {boolean} [stays] whether the viewer stays open; it then shows the error if the action fails
 * @property {string} [href] the action is a link to this URL, in a new tab unless it is a download
 * @property {string} [download] the file name of the link
 */
/**
 * @typedef {object} Content
 * @property {string} title
 * @property {Promise<string> | string} url
 * @property {string} [preview] URL of a small picture to show until the large one is loaded
 * @property {Promise<string> | string} [thumbnail] URL of its thumbnail, to show if it cannot be loaded
 * @property {[name: string, value: string][]} facts
 * @property {Action[]} actions
 * @property {(by: number) => void} [step] shows the next (1) or the previous (-1) picture
 */

export const PIXEL_ART = 64; // px; smaller pictures are enlarged without smoothing
const MAX_ENLARGEMENT = 2; // of larger ones, which would look blurred

export class Viewer {
  #dialog = byId("viewer", HTMLDialogElement);
  #image = byId("viewer-image", HTMLImageElement);
  #notice = new Notice(byId("viewer-notice"));
  /** @type {Content["step"]} */
  #step;
  #generation = 0; // changes with every picture; a picture that loads late is ignored

  constructor() {
    byId("viewer-close").addEventListener("click", () => this.close());
    byId("viewer-previous").addEventListener("click", () => this.#step?.(-1));
    byId("viewer-next").addEventListener("click", () => this.#step?.(1));
    this.#dialog.addEventListener("click", (event) => {
      if (event.target === this.#dialog) this.close(); // a click on the backdrop
    });
    this.#dialog.addEventListener("keydown", (event) => {
      if (event.key === "ArrowLeft") this.#step?.(-1);
      if (event.key === "ArrowRight") this.#step?.(1);
    });
  }

  /** @param {Content} content */
  show({ title, preview, url, thumbnail, facts, actions, step }) {
    const generation = ++this.#generation;
    this.#notice.clear();
    byId("viewer-title").textContent = title;
    byId("viewer-facts").replaceChildren(
      ...facts.flatMap(([name, value]) => [
        element("dt", { textContent: name }),
        element("dd", { textContent: value }),
      ]),
    );
    byId("viewer-actions").replaceChildren(
      ...actions.map((action, index) => this.#button(action, index === 0)),
    );
    byId("viewer-steps").hidden = !step;
    this.#step = step;
    this.#image.alt = title;
    this.#image.classList.remove("pixels");
    this.#limit(0);
    if (preview) this.#image.src = preview;
    else this.#image.removeAttribute("src");
    Promise.resolve(url)
      .then((loaded) => this.#showLarge(loaded, generation))
      .catch(() => this.#showThumbnail(thumbnail, generation));
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  close() {
    this.#generation++;
    this.#dialog.close();
  }

  /**
   * Replace the preview when the large picture is decoded. The dialog is never empty in between.
   * @param {string} url
   * @param {number} generation
   */
  async #showLarge(url, generation) {
    const large = new Image();
    large.src = url;
    await large.decode().catch(() => {});
    if (large.naturalWidth === 0) throw new Error("the picture cannot be loaded");
    if (generation !== this.#generation) return;
    this.#image.src = url;
    const isPixelArt = large.naturalWidth <= PIXEL_ART;
    this.#image.classList.toggle("pixels", isPixelArt);
    this.#limit(isPixelArt ? 0 : MAX_ENLARGEMENT * Math.max(large.naturalWidth, large.naturalHeight));
  }

  /**
   * Show the thumbnail of a picture that cannot be loaded, and say so. An imported gallery has such photos.
   * @param {Content["thumbnail"]} url
   * @param {number} generation
   */
  async #showThumbnail(url, generation) {
    const small = url && (await Promise.resolve(url).catch(() => undefined));
    if (generation !== this.#generation) return;
    if (small) this.#image.src = small;
    byId("viewer-facts").append(
      element("dt", { textContent: "Original" }),
      element("dd", {
        textContent: small ? "cannot be loaded; this is its thumbnail" : "cannot be loaded",
      }),
    );
  }

  /** @param {number} side px that the shown picture is at most wide and high; 0 for no limit */
  #limit(side) {
    this.#image.style.maxWidth = this.#image.style.maxHeight = side > 0 ? `${side}px` : "";
  }

  /**
   * @param {Action} action
   * @param {boolean} primary
   */
  #button({ label, icon: name, run, stays, href, download }, primary) {
    const className = primary ? "button primary" : "button";
    const tab = download ? {} : { target: "_blank", rel: "noopener noreferrer" };
    if (href) return element("a", { className, href, download, ...tab }, icon(name), label);
    const onclick = () => {
      if (!stays) {
        this.close();
        run?.();
        return;
      }
      const generation = this.#generation;
      this.#notice.clear();
      Promise.resolve(run?.()).catch((error) => {
        if (generation === this.#generation) this.#notice.show(error);
      });
    };
    return element("button", { type: "button", className, onclick }, icon(name), label);
  }
}
