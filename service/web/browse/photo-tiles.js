// The photos of a gallery as tiles, which can be opened or selected.
import { thumbnailUrl } from "../shell/pictures.js";
import { element } from "../shell/dom.js";
import { hitName } from "../sketch/hit-text.js";

/** @import { Photo } from "iiae-api" */

/** Fires "select" when the selection changes. */
export class PhotoTiles extends EventTarget {
  #list;
  #onOpen;
  /** @type {Map<number, { photo: Photo, item: HTMLLIElement, button: HTMLButtonElement }>} by id */
  #tiles = new Map();
  /** @type {Set<number>} */
  #selected = new Set();
  #selecting = false;

  /**
   * @param {HTMLElement} list
   * @param {(photo: Photo) => void} onOpen
   */
  constructor(list, onOpen) {
    super();
    this.#list = list;
    this.#onOpen = onOpen;
  }

  get photos() {
    return [...this.#tiles.values()].map(({ photo }) => photo);
  }

  /** The ids of the selected photos. */
  get selected() {
    return [...this.#selected];
  }

  /** Whether a click on a tile selects it instead of opening it. */
  get selecting() {
    return this.#selecting;
  }

  set selecting(selecting) {
    this.#selecting = selecting;
    if (!selecting) this.#selected.clear();
    this.#showSelection();
  }

  selectAll() {
    this.#selected = new Set(this.#tiles.keys());
    this.#showSelection();
  }

  clear() {
    this.#tiles.clear();
    this.#list.replaceChildren();
    this.selecting = false;
  }

  /** @param {Photo[]} photos */
  add(photos) {
    for (const photo of photos) {
      if (this.#tiles.has(photo.id)) continue;
      const tile = this.#tile(photo);
      this.#tiles.set(photo.id, tile);
      this.#list.append(tile.item);
    }
    this.#showSelection();
  }

  /** @param {number} id */
  remove(id) {
    this.#tiles.get(id)?.item.remove();
    this.#tiles.delete(id);
    this.#selected.delete(id);
    this.#showSelection();
  }

  /** @param {Photo} photo */
  #tile(photo) {
    const name = hitName(photo);
    const image = element("img", { alt: name, loading: "lazy", draggable: false, width: 192, height: 192 });
    thumbnailUrl(photo.url).then(
      (url) => {
        image.src = url;
      },
      () => image.classList.add("missing"),
    );
    const caption = element("span", { className: "caption" }, element("span", { className: "label" }, name));
    const onclick = () => (this.#selecting ? this.#toggle(photo.id) : this.#onOpen(photo));
    const button = element("button", { type: "button", onclick }, image, caption);
    return { photo, button, item: element("li", {}, button) };
  }

  /** @param {number} id */
  #toggle(id) {
    if (!this.#selected.delete(id)) this.#selected.add(id);
    this.#showSelection();
  }

  #showSelection() {
    for (const [id, { button }] of this.#tiles) {
      if (this.#selecting) button.setAttribute("aria-pressed", String(this.#selected.has(id)));
      else button.removeAttribute("aria-pressed");
    }
    this.dispatchEvent(new Event("select"));
  }
}
