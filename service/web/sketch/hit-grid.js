// The grid of hits: pictures that stay are moved, never loaded again, so that nothing flickers while someone draws.
import { photo, pictureUrl } from "../shell/api.js";
import { element } from "../shell/dom.js";
import { makeDraggable } from "../shell/drag-and-drop.js";

const KEPT = 400;
const SEEN = 12; // hits that one sees without scrolling
const HEAD_START = 150; // ms that new pictures among them may take before the grid changes without them

export class Hits {
  #list;
  #onopen;
  #cells = new Map(); // url -> {item, image, loaded, label, score}
  #shown = [];

  constructor(list, onopen) {
    this.#list = list;
    this.#onopen = onopen;
  }

  get shown() {
    return this.#shown;
  }

  /** Loads the pictures that are new and will be seen, for a moment at most. */
  async prepare(hits) {
    const loading = hits.slice(0, SEEN).map((hit) => this.#cell(hit).loaded);
    await Promise.race([Promise.all(loading), new Promise((resolve) => setTimeout(resolve, HEAD_START))]);
  }

  /** Shows exactly these, in this order; `scores` is what their scores are. */
  show(hits, scores) {
    this.#shown = hits;
    const focused = document.activeElement;
    const cells = hits.map((hit) => this.#update(hit, scores));
    const wanted = new Set(cells.map((cell) => cell.item));
    for (const item of [...this.#list.children]) if (!wanted.has(item)) item.remove();
    cells.forEach(({ item }, index) => {
      if (this.#list.children[index] !== item) this.#list.insertBefore(item, this.#list.children[index] ?? null);
    });
    if (this.#list.contains(focused) && focused !== document.activeElement) focused.focus({ preventScroll: true });
    this.#forget(wanted);
  }

  #update(hit, scores) {
    const cell = this.#cell(hit);
    const label = hit.label ?? `photo ${hit.id}`;
    cell.hit = hit;
    cell.image.alt = label;
    cell.label.textContent = label;
    cell.score.textContent = scoreText(hit.score, scores);
    cell.item.dataset.id = hit.id;
    return cell;
  }

  #cell(hit) {
    const known = this.#cells.get(hit.url);
    if (known) {
      this.#cells.delete(hit.url);
      this.#cells.set(hit.url, known);
      return known;
    }
    const image = element("img", { alt: "", decoding: "async", draggable: false, width: 192, height: 192 });
    const label = element("span", { className: "label" });
    const score = element("span", { className: "score" });
    const cell = { hit, image, label, score };
    const button = element("button", { type: "button", onclick: () => this.#onopen(cell.hit) }, image, element("span", { className: "caption" }, label, score));
    cell.item = element("li", {}, button);
    makeDraggable(cell.item, async () => ({ blob: await photo(hit.url) }));
    cell.loaded = load(image, hit.url);
    this.#cells.set(hit.url, cell);
    return cell;
  }

  #forget(wanted) {
    for (const [url, cell] of this.#cells) {
      if (this.#cells.size <= KEPT) return;
      if (!wanted.has(cell.item)) this.#cells.delete(url);
    }
  }
}

async function load(image, url) {
  try {
    image.src = await pictureUrl(`${url}?size=thumbnail`);
    await image.decode();
  } catch {
    image.classList.add("missing");
  }
}

/** A probability in per cent, anything else as it is. */
export function scoreText(score, scores) {
  if (scores !== "probability") return score.toFixed(2);
  return score < 0.005 ? "< 1 %" : `${Math.round(score * 100)} %`;
}
