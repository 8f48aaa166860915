// Keeps the address up to date with the search, copies it as a link, and restores the search of a link.
import { announce } from "../shell/announce.js";
import { copyText } from "../shell/clipboard.js";
import { byId } from "../shell/dom.js";
import { Notice } from "../shell/notice.js";
import { fragmentOf, searchOf } from "./search-link.js";

/** @import { Drawing } from "./drawing.js" */
/** @import { ExtraQueries } from "./extra-queries.js" */
/** @import { LinkedSearch } from "./search-link.js" */
/** @import { SketchSearch } from "./search.js" */

const WRITE_DELAY = 400; // ms without a change; browsers limit how often the address may be written
const COPIED_DURATION = 2000; // ms for which the button says "Copied"

export class LinkSync {
  #search;
  #drawing;
  #extraQueries;
  #notice = new Notice(byId("sketch-notice"));
  #button = byId("copy-link");
  #label = byId("copy-link-label");
  /** @type {number | undefined} */
  #timer;

  /**
   * @param {SketchSearch} search
   * @param {Drawing} drawing
   * @param {ExtraQueries} extraQueries
   */
  constructor(search, drawing, extraQueries) {
    this.#search = search;
    this.#drawing = drawing;
    this.#extraQueries = extraQueries;
    search.addEventListener("change", () => this.#writeLater());
    addEventListener("hashchange", (event) => this.restore(new URL(event.newURL).hash));
    this.#button.addEventListener("click", () => this.#copy());
  }

  /**
   * Run the search of a fragment, if it has one.
   * @param {string} fragment
   */
  restore(fragment) {
    /** @type {LinkedSearch | null} */
    let linked = null;
    try {
      linked = searchOf(fragment);
    } catch {
      this.#notice.show(new Error("This link is damaged; ask for a new one"));
    }
    if (!linked) {
      this.write();
      return;
    }
    this.#search.scope.restore(linked);
    this.#drawing.replace(linked.strokes);
    this.#extraQueries.restore(linked.others);
    if (linked.similarTo !== undefined) this.#search.showSimilar(linked.similarTo);
  }

  /** Write the search into the address if the mode is open. */
  write() {
    clearTimeout(this.#timer);
    if (!byId("sketch-mode").hidden) history.replaceState(null, "", this.#fragment ?? "#sketch");
  }

  #writeLater() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.write(), WRITE_DELAY);
  }

  /** "#sketch" if there is no search; null if the search contains a picture, which no link can hold. */
  get #fragment() {
    const { similarTo, gallery } = this.#search;
    const { labels, expand } = this.#search.scope;
    const [strokes, others] = [this.#drawing.strokes, this.#extraQueries.strokes];
    if (similarTo === undefined) {
      if (!strokes || !others || this.#extraQueries.photo) return null;
      const isBlank = strokes.length === 0 && others.length === 0;
      if (isBlank && labels.length === 0) return "#sketch";
    }
    const drawn = { strokes: strokes ?? [], others: others ?? [] };
    return fragmentOf({ gallery, labels, ...drawn, similarTo, expand });
  }

  async #copy() {
    const fragment = this.#fragment;
    if (!fragment) {
      this.#notice.show(new Error("A link can hold drawings only; remove the picture or the photo"));
      return;
    }
    this.write();
    const copied = await copyText(new URL(fragment, location.href).href);
    this.#label.textContent = copied ? "Copied" : "Copy it from the address bar";
    announce(copied ? "The link is copied" : "The link is in the address bar", 100);
    setTimeout(() => {
      this.#label.textContent = "Copy link";
    }, COPIED_DURATION);
  }
}
