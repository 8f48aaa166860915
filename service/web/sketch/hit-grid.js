// The grid of hits. Pictures that stay are moved, not loaded again: nothing flickers while someone draws.
import { photo, thumbnailUrl } from "../shell/pictures.js";
import { element } from "../shell/dom.js";
import { makeDraggable } from "../shell/drag-and-drop.js";
import { gradeText, hitName, scoreName, scoreText } from "./hit-text.js";

/** @import { Hit } from "iiae-api" */

/**
 * @typedef {object} Cell
 * @property {Hit} hit
 * @property {HTMLLIElement} item
 * @property {HTMLImageElement} image
 * @property {HTMLElement} label
 * @property {HTMLElement} score
 * @property {Promise<void>} loaded
 */

const MAX_CACHED_CELLS = 400;
const ABOVE_THE_FOLD = 12; // hits that are visible without scrolling
const MAX_WAIT = 150; // ms to wait for the pictures of these hits before the grid changes without them

export class HitGrid {
  #list;
  #onOpen;
  /** @type {Map<string, Cell>} by URL, least recently used first */
  #cells = new Map();
  /** @type {Hit[]} */
  #shown = [];

  /**
   * @param {HTMLElement} list
   * @param {(hit: Hit) => void} onOpen
   */
  constructor(list, onOpen) {
    this.#list = list;
    this.#onOpen = onOpen;
  }

  get shown() {
    return this.#shown;
  }

  /**
   * Load the new pictures that will be visible, for a moment at most.
   * @param {Hit[]} hits
   */
  async prepare(hits) {
    const loading = hits.slice(0, ABOVE_THE_FOLD).map((hit) => this.#cell(hit).loaded);
    await Promise.race([Promise.all(loading), new Promise((resolve) => setTimeout(resolve, MAX_WAIT))]);
  }

  /**
   * Show exactly these hits, in this order.
   * @param {Hit[]} hits
   * @param {string} scores the kind of the hits' scores, as in the service's answer
   */
  show(hits, scores) {
    this.#shown = hits;
    const focused = document.activeElement;
    const items = hits.map((hit) => this.#update(hit, scores).item);
    const wanted = new Set(items);
    for (const item of this.#list.querySelectorAll("li")) if (!wanted.has(item)) item.remove();
    items.forEach((item, index) => {
      const current = this.#list.children[index] ?? null;
      if (current !== item) this.#list.insertBefore(item, current);
    });
    const hasLostFocus = focused !== document.activeElement && this.#list.contains(focused);
    if (hasLostFocus && focused instanceof HTMLElement) focused.focus({ preventScroll: true });
    this.#evict(wanted);
  }

  /**
   * The URL of a hit's thumbnail, if the hit is shown.
   * @param {Hit} hit
   */
  thumbnailUrl(hit) {
    return this.#cells.get(hit.url)?.image.src;
  }

  /**
   * @param {Hit} hit
   * @param {string} scores
   */
  #update(hit, scores) {
    const cell = this.#cell(hit);
    cell.hit = hit;
    cell.image.alt = cell.label.textContent = hitName(hit);
    cell.score.textContent = gradeText(hit, scores);
    cell.score.title = `${scoreName(scores)} ${scoreText(hit.score, scores)}`;
    cell.score.dataset.grade = hit.grade ?? "";
    return cell;
  }

  /**
   * The cached cell of a hit, or a new one.
   * @param {Hit} hit
   */
  #cell(hit) {
    const cell = this.#cells.get(hit.url) ?? this.#newCell(hit);
    this.#cells.delete(hit.url);
    this.#cells.set(hit.url, cell);
    return cell;
  }

  /**
   * @param {Hit} hit
   * @returns {Cell}
   */
  #newCell(hit) {
    const size = { width: 192, height: 192 };
    const image = element("img", { alt: "", decoding: "async", draggable: false, ...size });
    const label = element("span", { className: "label" });
    const score = element("span", { className: "score" });
    const caption = element("span", { className: "caption" }, label, score);
    const onclick = () => this.#onOpen(cell.hit);
    const item = element("li", {}, element("button", { type: "button", onclick }, image, caption));
    item.dataset.id = String(hit.id);
    makeDraggable(item, async () => ({ blob: await photo(hit.url) }));
    const cell = { hit, item, image, label, score, loaded: loadThumbnail(image, hit.url) };
    return cell;
  }

  /** @param {Set<HTMLLIElement>} wanted */
  #evict(wanted) {
    for (const [url, cell] of this.#cells) {
      if (this.#cells.size <= MAX_CACHED_CELLS) return;
      if (!wanted.has(cell.item)) this.#cells.delete(url);
    }
  }
}

/**
 * @param {HTMLImageElement} image
 * @param {string} url
 */
async function loadThumbnail(image, url) {
  try {
    image.src = await thumbnailUrl(url);
    await image.decode();
  } catch {
    image.classList.add("missing");
  }
}
