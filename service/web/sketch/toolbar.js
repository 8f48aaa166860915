// The drawing tools: their buttons and shortcuts, opening a picture as the drawing, and the examples.
import { byId, onFileChosen } from "../shell/dom.js";
import { acceptPicture } from "../shell/drag-and-drop.js";
import { FORMATS, shownPicture } from "../shell/picture-files.js";
import { PAPER } from "./drawing.js";
import { EXAMPLE_NAMES, exampleStrokes } from "./examples.js";

/** @import { Notice } from "../shell/notice.js" */
/** @import { SketchCanvas } from "./canvas.js" */
/** @import { Drawing, Ink } from "./drawing.js" */

const EXAMPLE_INTERVAL = 110; // ms between the strokes of an example
const EXAMPLE_WIDTH = 7;

export class Toolbar {
  #drawing;
  #canvas;
  #notice;
  #pen = byId("pen");
  #eraser = byId("eraser");
  #undo = byId("undo", HTMLButtonElement);
  #redo = byId("redo", HTMLButtonElement);
  #clear = byId("clear", HTMLButtonElement);
  #widthButtons = [...byId("widths").querySelectorAll("button")];
  #nextExample = 0;
  /** @type {number | undefined} */
  #exampleTimer;

  /**
   * @param {Drawing} drawing
   * @param {SketchCanvas} canvas
   * @param {Notice} notice
   */
  constructor(drawing, canvas, notice) {
    this.#drawing = drawing;
    this.#canvas = canvas;
    this.#notice = notice;
    const sketchFile = byId("sketch-file", HTMLInputElement);
    this.#pen.addEventListener("click", () => this.#setInk("pen"));
    this.#eraser.addEventListener("click", () => this.#setInk("eraser"));
    this.#undo.addEventListener("click", () => this.#edit(() => drawing.undo()));
    this.#redo.addEventListener("click", () => this.#edit(() => drawing.redo()));
    this.#clear.addEventListener("click", () => this.#edit(() => drawing.clear()));
    byId("choose-sketch").addEventListener("click", () => sketchFile.click());
    byId("example").addEventListener("click", () => this.#drawNextExample());
    for (const button of this.#widthButtons) button.addEventListener("click", () => this.#setWidth(button));
    onFileChosen(sketchFile, (file) => this.receive(file));
    acceptPicture(byId("sketch-mode"), (picture) => this.receive(picture));
    document.addEventListener("keydown", (event) => this.#onKey(event));
    drawing.addEventListener("change", () => this.#update());
    canvas.addEventListener("start", () => {
      this.#stopExample();
      byId("paper-hint").hidden = true;
    });
    this.#update();
  }

  /**
   * Replace the drawing by a picture of a sketch.
   * @param {Blob} file
   */
  async receive(file) {
    this.#stopExample();
    try {
      const bitmap = await createImageBitmap(await shownPicture(file));
      this.#drawing.clear();
      this.#drawing.add({ kind: "picture", bitmap });
    } catch {
      const name = file instanceof File && file.name ? `“${file.name}”` : "This file";
      this.#notice.show(new Error(`${name} is not a picture; use ${FORMATS}`));
    }
  }

  /**
   * Draw an example, stroke by stroke.
   * @param {string} name
   */
  drawExample(name) {
    this.#stopExample();
    this.#drawing.clear();
    this.#nextExample = EXAMPLE_NAMES.indexOf(name) + 1;
    const strokes = exampleStrokes(name, PAPER, EXAMPLE_WIDTH);
    const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const drawNext = () => {
      const stroke = strokes.shift();
      if (!stroke) return;
      this.#drawing.add(stroke);
      if (reducedMotion) drawNext();
      else this.#exampleTimer = setTimeout(drawNext, EXAMPLE_INTERVAL);
    };
    drawNext();
  }

  #drawNextExample() {
    const name = EXAMPLE_NAMES[this.#nextExample % EXAMPLE_NAMES.length];
    if (name) this.drawExample(name);
  }

  #stopExample() {
    clearTimeout(this.#exampleTimer);
  }

  /** @param {() => void} change */
  #edit(change) {
    this.#stopExample();
    if (!this.#canvas.isDrawing) change();
  }

  /** @param {Ink} ink */
  #setInk(ink) {
    this.#canvas.ink = ink;
    this.#pen.setAttribute("aria-pressed", String(ink === "pen"));
    this.#eraser.setAttribute("aria-pressed", String(ink === "eraser"));
  }

  /** @param {HTMLButtonElement | undefined} chosen */
  #setWidth(chosen) {
    if (!chosen) return;
    this.#canvas.width = Number(chosen.dataset.width);
    for (const button of this.#widthButtons) button.setAttribute("aria-pressed", String(button === chosen));
  }

  #update() {
    this.#undo.disabled = !this.#drawing.canUndo;
    this.#redo.disabled = !this.#drawing.canRedo;
    this.#clear.disabled = this.#drawing.visible.length === 0;
    byId("paper-hint").hidden = this.#drawing.visible.length > 0;
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const isTyping =
      event.target instanceof Element && event.target.closest("input, select, textarea, dialog") !== null;
    if (isTyping || byId("sketch-mode").hidden || event.altKey) return;
    const run = this.#shortcut(event);
    if (!run) return;
    event.preventDefault();
    run();
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {(() => void) | undefined}
   */
  #shortcut(event) {
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) {
      const redo = key === "y" || (key === "z" && event.shiftKey);
      if (redo) return () => this.#edit(() => this.#drawing.redo());
      return key === "z" ? () => this.#edit(() => this.#drawing.undo()) : undefined;
    }
    const width = this.#widthButtons.findIndex((button) => button.getAttribute("aria-pressed") === "true");
    /** @type {Record<string, () => void>} */
    const shortcuts = {
      a: () => byId("add-sketch").click(),
      b: () => this.#setInk("pen"),
      e: () => this.#setInk("eraser"),
      x: () => this.#drawNextExample(),
      delete: () => this.#edit(() => this.#drawing.clear()),
      "[": () => this.#setWidth(this.#widthButtons[width - 1]),
      "]": () => this.#setWidth(this.#widthButtons[width + 1]),
    };
    return shortcuts[key];
  }
}
