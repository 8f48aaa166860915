// The tools around the paper: buttons, shortcuts, a picture instead of a drawing, examples.
import { byId } from "../shell/dom.js";
import { PAPER } from "./drawing.js";
import { EXAMPLES, exampleStrokes } from "./examples.js";
import { takeDrops } from "../shell/drag-and-drop.js";

const STROKE_EVERY = 110; // ms between the strokes of an example

export class Easel {
  #drawing;
  #canvas;
  #notice;
  #widths = [...document.querySelectorAll("[data-width]")];
  #example = { next: 0, timer: 0 };

  constructor(drawing, canvas, notice) {
    this.#drawing = drawing;
    this.#canvas = canvas;
    this.#notice = notice;
    const on = (id, run) => byId(id).addEventListener("click", run);
    on("pen", () => this.#take("pen"));
    on("eraser", () => this.#take("eraser"));
    on("undo", () => this.#edit(() => drawing.undo()));
    on("redo", () => this.#edit(() => drawing.redo()));
    on("clear", () => this.#edit(() => drawing.clear()));
    on("choose-sketch", () => byId("sketch-file").click());
    on("example", () => this.drawNext());
    for (const button of this.#widths) button.addEventListener("click", () => this.#setWidth(button));
    byId("sketch-file").addEventListener("change", (event) => {
      if (event.target.files[0]) this.receive(event.target.files[0]);
      event.target.value = "";
    });
    takeDrops(byId("sketch"), (file) => this.receive(file));
    document.addEventListener("keydown", (event) => this.#key(event));
    drawing.addEventListener("change", () => this.#update());
    canvas.addEventListener("grab", () => { this.#stopExample(); byId("paper-hint").hidden = true; });
    this.#update();
  }

  /** A picture of a sketch takes the drawing's place. */
  async receive(file) {
    this.#stopExample();
    try {
      const bitmap = await createImageBitmap(file);
      this.#drawing.clear();
      this.#drawing.add({ kind: "picture", bitmap });
    } catch {
      this.#notice.show(new Error(`${file.name || "This"} cannot be read as a picture; PNG, JPEG, WebP, GIF and BMP can`));
    }
  }

  drawNext() {
    const names = Object.keys(EXAMPLES);
    this.draw(names[this.#example.next++ % names.length]);
  }

  /** Draws an example, stroke by stroke. */
  draw(name) {
    this.#stopExample();
    this.#drawing.clear();
    this.#example.next = Object.keys(EXAMPLES).indexOf(name) + 1;
    const strokes = exampleStrokes(name, PAPER, 7);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const next = () => {
      this.#drawing.add(strokes.shift());
      if (strokes.length === 0) return;
      if (still) next();
      else this.#example.timer = setTimeout(next, STROKE_EVERY);
    };
    next();
  }

  #stopExample() {
    clearTimeout(this.#example.timer);
  }

  #edit(change) {
    this.#stopExample();
    if (!this.#canvas.drawingNow) change();
  }

  #take(ink) {
    this.#canvas.ink = ink;
    for (const id of ["pen", "eraser"]) byId(id).setAttribute("aria-pressed", String(id === ink));
  }

  #setWidth(chosen) {
    if (!chosen) return;
    this.#canvas.width = Number(chosen.dataset.width);
    for (const button of this.#widths) button.setAttribute("aria-pressed", String(button === chosen));
  }

  #update() {
    byId("undo").disabled = !this.#drawing.canUndo;
    byId("redo").disabled = !this.#drawing.canRedo;
    byId("clear").disabled = this.#drawing.visible.length === 0;
    byId("paper-hint").hidden = this.#drawing.visible.length > 0;
  }

  #key(event) {
    const typing = event.target.closest?.("input, select, textarea, dialog");
    if (typing || byId("sketch").hidden || event.altKey) return;
    const run = this.#shortcut(event);
    if (!run) return;
    event.preventDefault();
    run();
  }

  #shortcut(event) {
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) {
      if (key === "z") return () => this.#edit(() => (event.shiftKey ? this.#drawing.redo() : this.#drawing.undo()));
      return key === "y" ? () => this.#edit(() => this.#drawing.redo()) : null;
    }
    const at = this.#widths.findIndex((button) => button.getAttribute("aria-pressed") === "true");
    return {
      a: () => byId("add-sketch").click(), b: () => this.#take("pen"), e: () => this.#take("eraser"), x: () => this.drawNext(),
      delete: () => this.#edit(() => this.#drawing.clear()),
      "[": () => this.#setWidth(this.#widths[at - 1]), "]": () => this.#setWidth(this.#widths[at + 1]),
    }[key];
  }
}
