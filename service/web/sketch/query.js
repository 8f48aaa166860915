// What is searched for: the drawing on the paper, added drawings, and a photo.
import { retrieve, searchBySketch } from "../shell/api.js";

/** @import { SearchResult } from "iiae-api" */
/** @import { SketchCanvas } from "./canvas.js" */
/** @import { Drawing } from "./drawing.js" */
/** @import { ExtraQueries } from "./extra-queries.js" */
/** @import { Scope } from "./scope.js" */

/** Fires "change" when the query changes, and "grow" while a stroke is drawn. */
export class Query extends EventTarget {
  #canvas;
  #extraQueries;

  /**
   * @param {Drawing} drawing
   * @param {SketchCanvas} canvas
   * @param {ExtraQueries} extraQueries
   */
  constructor(drawing, canvas, extraQueries) {
    super();
    this.#canvas = canvas;
    this.#extraQueries = extraQueries;
    for (const part of [drawing, extraQueries]) {
      part.addEventListener("change", () => this.dispatchEvent(new Event("change")));
    }
    canvas.addEventListener("grow", () => this.dispatchEvent(new Event("grow")));
  }

  get isEmpty() {
    return this.#canvas.isBlank && this.#extraQueries.isEmpty;
  }

  /** Whether there is nothing to search for but a drawing that has just been started. */
  get isTooLittle() {
    return this.#extraQueries.isEmpty && !this.#canvas.isBlank && !this.#canvas.hasInk;
  }

  get isSearchable() {
    return !this.isEmpty && !this.isTooLittle;
  }

  /**
   * Search with the drawings and the photo; with the photo alone if there are no drawings.
   * @param {Scope} scope
   * @param {number} k largest number of hits
   * @param {AbortSignal} signal
   * @returns {Promise<SearchResult>}
   */
  send({ gallery, domain, labels, expand }, k, signal) {
    const { photo, sketches: added } = this.#extraQueries;
    const isBlank = this.#canvas.isBlank || !this.#canvas.hasInk;
    const sketches = isBlank ? added : [...added, this.#canvas.toPicture()];
    const options = { gallery, k, label: labels };
    if (sketches.length > 0) return searchBySketch({ sketch: sketches, photo, expand, ...options }, signal);
    return retrieve({ image: photo, source: domain, ...options }, signal);
  }
}
