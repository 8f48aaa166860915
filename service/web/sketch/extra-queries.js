// What is searched with beside the drawing on the paper: other drawings of the same thing, and a photo.
import { byId, element, icon } from "../shell/dom.js";
import { takeDrops } from "../shell/drag-and-drop.js";

const MOST_SKETCHES = 8; // of one search, the one on the paper included

/** Fires "change"; `sketches` are PNGs, `photo` is a Blob or null. */
export class Beside extends EventTarget {
  photo = null;
  #added = []; // {blob, url, strokes}, strokes being null where there is a picture among them
  #photoUrl = null;
  #drawing;
  #canvas;

  constructor(drawing, canvas) {
    super();
    this.#drawing = drawing;
    this.#canvas = canvas;
    byId("add-sketch").addEventListener("click", () => this.add());
    byId("add-photo").addEventListener("click", () => byId("photo-file").click());
    byId("photo-file").addEventListener("change", (event) => {
      if (event.target.files[0]) this.setPhoto(event.target.files[0]);
      event.target.value = "";
    });
    takeDrops(byId("beside"), (picture) => this.setPhoto(picture));
    drawing.addEventListener("change", () => this.#update());
    this.#update();
  }

  get sketches() {
    return this.#added.map(({ blob }) => blob);
  }

  /** The added drawings' strokes, or null where one of them is a picture. */
  get strokes() {
    const all = this.#added.map(({ strokes }) => strokes);
    return all.includes(null) ? null : all;
  }

  get empty() {
    return this.#added.length === 0 && this.photo === null;
  }

  /** The drawing joins the added ones, and the paper is free for another. */
  add() {
    if (this.#drawing.blank || this.#added.length >= MOST_SKETCHES - 1) return;
    const strokes = this.#drawing.strokes;
    const blob = this.#canvas.picture();
    this.#added.push({ blob, strokes, url: URL.createObjectURL(blob) });
    this.#drawing.clear();
    this.#changed();
  }

  /** These drawings' strokes instead of what was added; no photo. */
  restore(drawings) {
    const added = drawings.slice(0, MOST_SKETCHES - 1).map((strokes) => ({ strokes, blob: this.#canvas.pictureOf(strokes) }));
    for (const { url } of this.#added) URL.revokeObjectURL(url);
    this.#added = added.map((each) => ({ ...each, url: URL.createObjectURL(each.blob) }));
    this.setPhoto(null);
  }

  setPhoto(photo) {
    if (this.#photoUrl) URL.revokeObjectURL(this.#photoUrl);
    this.photo = photo;
    this.#photoUrl = photo ? URL.createObjectURL(photo) : null;
    this.#changed();
  }

  #remove(which) {
    URL.revokeObjectURL(which.url);
    this.#added = this.#added.filter((each) => each !== which);
    this.#changed();
  }

  #changed() {
    this.#update();
    const cells = this.#added.map((each, index) => cell(each.url, `Drawing ${index + 1}`, () => this.#remove(each)));
    if (this.photo) cells.push(cell(this.#photoUrl, "Photo", () => this.setPhoto(null)));
    byId("beside-list").replaceChildren(...cells);
    byId("beside-list").hidden = this.empty;
    this.dispatchEvent(new Event("change"));
  }

  #update() {
    const full = this.#added.length >= MOST_SKETCHES - 1;
    byId("add-sketch").disabled = this.#drawing.blank || full;
    byId("add-sketch").title = full ? `A search takes ${MOST_SKETCHES} drawings at most` : "Search with this drawing and another of the same thing (A)";
  }
}

function cell(url, name, remove) {
  const take = () => {
    remove();
    byId("add-photo").focus();
  };
  const button = element("button", { type: "button", className: "tool remove", "aria-label": `Remove: ${name}`, title: `Remove: ${name}`, onclick: take }, icon("close"));
  return element("li", {}, element("img", { src: url, alt: name, width: 48, height: 48, draggable: false }), button);
}
