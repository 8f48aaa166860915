// The search that is shown, kept in the address, copied as a link, and brought back from one.
import { announce } from "../shell/announce.js";
import { byId } from "../shell/dom.js";
import { copyText } from "../shell/clipboard.js";
import { Notice } from "../shell/notice.js";
import { fragmentOf, searchOf } from "./search-link.js";

const REST = 400; // ms without a change before the address is written; browsers limit how often it may be
const SAID = 2000;

export class Share {
  #search;
  #drawing;
  #beside;
  #notice = new Notice(byId("sketch-notice"));
  #button = byId("copy-link");
  #label = byId("copy-link-label");
  #timer = 0;

  constructor(search, drawing, beside) {
    this.#search = search;
    this.#drawing = drawing;
    this.#beside = beside;
    search.addEventListener("change", () => this.#later());
    addEventListener("hashchange", (event) => this.restore(new URL(event.newURL).hash));
    this.#button.addEventListener("click", () => this.#copy());
  }

  /** Does the search that a fragment has, if it has one. */
  async restore(fragment) {
    let search = null;
    try {
      search = searchOf(fragment);
    } catch {
      this.#notice.show(new Error("The link is damaged, so it brings nothing back"));
    }
    if (!search) return this.write();
    if (search.gallery) this.#search.choose(search.gallery);
    this.#search.setExpand(search.expand);
    this.#drawing.replace(search.strokes);
    await this.#beside.restore(search.others);
    if (search.alike !== undefined) this.#search.likePhoto(search.alike);
  }

  /** Puts what is searched for into the address, where the mode is seen. */
  write() {
    clearTimeout(this.#timer);
    if (!byId("sketch").hidden) history.replaceState(null, "", this.#fragment ?? "#sketch");
  }

  #later() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.write(), REST);
  }

  /** "#sketch" where nothing is searched for; null where a picture is, which no link can hold. */
  get #fragment() {
    const { alike, gallery, expand } = this.#search;
    const [drawn, added] = [this.#drawing.strokes, this.#beside.strokes];
    if (alike === undefined && (!drawn || !added || this.#beside.photo)) return null;
    const [strokes, others] = [drawn ?? [], added ?? []];
    if (alike === undefined && strokes.length === 0 && others.length === 0) return "#sketch";
    return fragmentOf({ gallery, strokes, others, alike, expand });
  }

  async #copy() {
    const fragment = this.#fragment;
    if (!fragment) return this.#notice.show(new Error("A link holds drawings, but no pictures; it cannot bring this search back"));
    this.write();
    const done = await copyText(new URL(fragment, location.href).href);
    this.#label.textContent = done ? "Copied" : "It is in the address";
    announce(done ? "The link is copied" : "The link is in the address", 100);
    setTimeout(() => { this.#label.textContent = "Copy link"; }, SAID);
  }
}
