// What a search combines with the drawing on the paper: other drawings of the same object, and a photo.
import { byId, element, icon, onFileChosen } from "../shell/dom.js";
import { acceptPicture } from "../shell/drag-and-drop.js";
import { shownPicture } from "../shell/picture-files.js";

/** @import { SketchCanvas } from "./canvas.js" */
/** @import { Drawing, Stroke } from "./drawing.js" */

/**
 * An added drawing as a PNG file; `strokes` is null if it contains a picture.
 * @typedef {{ blob: Blob, url: string, strokes: Stroke[] | null }} AddedDrawing
 */

const MAX_SKETCHES = 8; // of one search, including the one on the paper

/** Fires "change" when a drawing or the photo is added or removed. */
export class ExtraQueries extends EventTarget {
  /** @type {Blob | null} */
  photo = null;
  /** @type {string | null} */
  #photoUrl = null;
  /** @type {AddedDrawing[]} */
  #drawings = [];
  #drawing;
  #canvas;
  #list = byId("extra-queries-list");
  #addButton = byId("add-sketch", HTMLButtonElement);

  /**
   * @param {Drawing} drawing
   * @param {SketchCanvas} canvas
   */
  constructor(drawing, canvas) {
    super();
    this.#drawing = drawing;
    this.#canvas = canvas;
    const photoFile = byId("photo-file", HTMLInputElement);
    this.#addButton.addEventListener("click", () => this.#addDrawing());
    byId("add-photo").addEventListener("click", () => photoFile.click());
    onFileChosen(photoFile, (file) => this.setPhoto(file));
    acceptPicture(byId("extra-queries"), (picture) => this.setPhoto(picture));
    drawing.addEventListener("change", () => this.#updateButton());
    this.#updateButton();
  }

  /** The added drawings as PNG files. */
  get sketches() {
    return this.#drawings.map(({ blob }) => blob);
  }

  /** The strokes of the added drawings, or null if one of them contains a picture. */
  get strokes() {
    const strokes = this.#drawings.map((added) => added.strokes).filter((each) => each !== null);
    return strokes.length === this.#drawings.length ? strokes : null;
  }

  get isEmpty() {
    return this.#drawings.length === 0 && this.photo === null;
  }

  /**
   * Replace all added drawings, and remove the photo.
   * @param {Stroke[][]} drawings
   */
  restore(drawings) {
    for (const { url } of this.#drawings) URL.revokeObjectURL(url);
    this.#drawings = drawings
      .slice(0, MAX_SKETCHES - 1)
      .map((strokes) => addedDrawing(this.#canvas.pictureOf(strokes), strokes));
    this.setPhoto(null);
  }

  /** @param {Blob | null} photo */
  setPhoto(photo) {
    this.photo = photo;
    this.#updateButton();
    this.#showPhoto(photo);
    this.dispatchEvent(new Event("change"));
    if (photo) this.#convert(photo);
  }

  /**
   * Show a photo that this browser cannot show as the service has converted it.
   * @param {Blob} photo
   */
  async #convert(photo) {
    const shown = await shownPicture(photo).catch(() => photo);
    if (shown !== photo && this.photo === photo) this.#showPhoto(shown);
  }

  /** @param {Blob | null} photo */
  #showPhoto(photo) {
    if (this.#photoUrl) URL.revokeObjectURL(this.#photoUrl);
    this.#photoUrl = photo ? URL.createObjectURL(photo) : null;
    this.#showList();
  }

  get #isFull() {
    return this.#drawings.length >= MAX_SKETCHES - 1;
  }

  /** Move the drawing from the paper to the added ones. */
  #addDrawing() {
    if (this.#drawing.isBlank || this.#isFull) return;
    this.#drawings.push(addedDrawing(this.#canvas.toPicture(), this.#drawing.strokes));
    this.#drawing.clear();
    this.#update();
  }

  /** @param {AddedDrawing} drawing */
  #removeDrawing(drawing) {
    URL.revokeObjectURL(drawing.url);
    this.#drawings = this.#drawings.filter((each) => each !== drawing);
    this.#update();
  }

  #update() {
    this.#updateButton();
    this.#showList();
    this.dispatchEvent(new Event("change"));
  }

  #showList() {
    const items = this.#drawings.map((drawing, index) =>
      thumbnail(drawing.url, `Drawing ${index + 1}`, () => this.#removeDrawing(drawing)),
    );
    if (this.#photoUrl)
      items.push(thumbnail(this.#photoUrl, photoName(this.photo), () => this.setPhoto(null)));
    this.#list.replaceChildren(...items);
    this.#list.hidden = this.isEmpty;
  }

  #updateButton() {
    this.#addButton.disabled = this.#drawing.isBlank || this.#isFull;
    this.#addButton.title = this.#isFull
      ? `A search takes at most ${MAX_SKETCHES} drawings`
      : "Keep this drawing and add another one of the same object (A)";
  }
}

/**
 * @param {Blob} blob
 * @param {Stroke[] | null} strokes
 * @returns {AddedDrawing}
 */
function addedDrawing(blob, strokes) {
  return { blob, strokes, url: URL.createObjectURL(blob) };
}

/**
 * A photo keeps the name of its file.
 * @param {Blob | null} photo
 */
function photoName(photo) {
  return (photo instanceof File && photo.name) || "Photo";
}

/**
 * @param {string} url
 * @param {string} name
 * @param {() => void} remove
 */
function thumbnail(url, name, remove) {
  const title = `Remove: ${name}`;
  const onclick = () => {
    remove();
    byId("add-photo").focus(); // the button that had the focus is gone
  };
  const properties = { type: /** @type {const} */ ("button"), className: "tool remove", title, onclick };
  const button = element("button", { ...properties, "aria-label": title }, icon("close"));
  const size = { width: 48, height: 48 };
  return element("li", {}, element("img", { src: url, alt: name, draggable: false, ...size }), button);
}
