// The paper: it turns pointer events into strokes, and shows and exports the drawing.
import { PAPER, snapToGrid } from "./drawing.js";
import {
  blankCanvas,
  contextOf,
  fillBlank,
  inkPixels,
  paintPicture,
  paintStroke,
  toPng,
} from "./painting.js";
import { PalmFilter } from "./palm-filter.js";

/** @import { Drawing, Ink, Stroke } from "./drawing.js" */

const ERASER_FACTOR = 4; // the eraser is wider than the pen
const EXPORT_SIDE = 320; // px of the picture that is sent; the models look at fewer
const MAX_SIDE = 1024; // px of the paper
const MIN_DISTANCE = 1.6; // paper units between two points of a stroke
const MIN_INK = 60; // dark px of the exported picture; the service finds no drawing in much less
const PEN_ERASER_BUTTON = 32; // of PointerEvent.buttons
const PRIMARY_BUTTON = 0;

/**
 * Shows `drawing` and adds the strokes of the pointer to it.
 * Fires "start" when a stroke starts and "grow" when it grows.
 */
export class SketchCanvas extends EventTarget {
  /** @type {Ink} */
  ink = "pen";
  width = 7;
  #element;
  #brush;
  #drawing;
  #context;
  /** @type {Stroke | null} the stroke in progress */
  #stroke = null;
  /** @type {{ id: number, type: string } | null} the pointer that draws it */
  #pointer = null;
  #palms = new PalmFilter();
  #hasInk = false; // what `hasInk` has found since the last change that can remove ink

  /**
   * @param {HTMLCanvasElement} element
   * @param {HTMLElement} brush a ring that shows the size of the tool under the pointer
   * @param {Drawing} drawing
   */
  constructor(element, brush, drawing) {
    super();
    this.#element = element;
    this.#brush = brush;
    this.#drawing = drawing;
    this.#context = contextOf(element);
    drawing.addEventListener("change", () => {
      this.#hasInk = false;
      this.#redraw();
    });
    new ResizeObserver(() => this.#resize()).observe(element);
    this.#resize();
    element.addEventListener("pointerdown", (event) => this.#onDown(event));
    element.addEventListener("pointermove", (event) => this.#onMove(event));
    element.addEventListener("pointerup", (event) => this.#onUp(event));
    element.addEventListener("pointercancel", (event) => this.#onUp(event));
    element.addEventListener("pointerleave", () => {
      brush.hidden = true;
    });
    element.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  /** Whether a stroke is in progress. */
  get isDrawing() {
    return this.#stroke !== null;
  }

  /** Whether nothing is visible, including the stroke in progress. */
  get isBlank() {
    return this.#drawing.isBlank && this.#stroke?.ink !== "pen";
  }

  /** Whether there is enough ink to search for. A picture always counts; the service judges it. */
  get hasInk() {
    this.#hasInk ||= this.#drawing.strokes === null || inkPixels(this.#exported()) >= MIN_INK;
    return this.#hasInk;
  }

  /** The paper as a PNG file. */
  toPicture() {
    return toPng(this.#exported());
  }

  /**
   * These strokes on white, as a PNG file.
   * @param {Stroke[]} strokes
   */
  pictureOf(strokes) {
    const canvas = blankCanvas(EXPORT_SIDE);
    const context = contextOf(canvas);
    context.scale(EXPORT_SIDE / PAPER, EXPORT_SIDE / PAPER);
    for (const stroke of strokes) paintStroke(context, stroke, { complete: true });
    return toPng(canvas);
  }

  #exported() {
    const canvas = blankCanvas(EXPORT_SIDE);
    const context = contextOf(canvas);
    context.imageSmoothingQuality = "high";
    context.drawImage(this.#element, 0, 0, EXPORT_SIDE, EXPORT_SIDE);
    return canvas;
  }

  #resize() {
    const shown = this.#element.clientWidth * devicePixelRatio;
    const side = Math.round(Math.min(MAX_SIDE, Math.max(EXPORT_SIDE, shown)));
    if (this.#element.width === side && this.#element.height === side) return;
    this.#element.width = this.#element.height = side;
    this.#redraw();
  }

  #redraw() {
    const context = this.#context;
    context.setTransform(this.#element.width / PAPER, 0, 0, this.#element.height / PAPER, 0, 0);
    fillBlank(context, PAPER);
    for (const action of this.#drawing.visible) {
      if (action.kind === "picture") paintPicture(context, action.bitmap);
      else paintStroke(context, action, { complete: true });
    }
    if (this.#stroke) paintStroke(context, this.#stroke, { complete: false });
  }

  /** @param {PointerEvent} event */
  #onDown(event) {
    this.#palms.note(event);
    const isOtherButton = event.pointerType === "mouse" && event.button !== PRIMARY_BUTTON;
    if (this.#palms.isPalm(event) || isOtherButton) return;
    if (event.pointerType === "pen" && this.#pointer?.type === "touch") this.#discardStroke(); // of a palm
    if (this.#pointer) return;
    event.preventDefault();
    this.dispatchEvent(new Event("start"));
    this.#element.setPointerCapture(event.pointerId);
    this.#pointer = { id: event.pointerId, type: event.pointerType };
    const isPenEraser = event.pointerType === "pen" && (event.buttons & PEN_ERASER_BUTTON) !== 0;
    const stroke = {
      kind: /** @type {const} */ ("stroke"),
      ink: isPenEraser ? "eraser" : this.ink,
      points: [],
    };
    this.#stroke = stroke;
    this.#extend(stroke, [event]);
  }

  /** @param {PointerEvent} event */
  #onMove(event) {
    this.#palms.note(event);
    this.#showBrush(event);
    if (event.pointerId !== this.#pointer?.id || !this.#stroke) return;
    const events = event.getCoalescedEvents?.() ?? [];
    this.#extend(this.#stroke, events.length > 0 ? events : [event]);
  }

  /** @param {PointerEvent} event */
  #onUp(event) {
    this.#palms.note(event);
    if (event.pointerId !== this.#pointer?.id || !this.#stroke) return;
    const stroke = this.#stroke;
    this.#pointer = this.#stroke = null;
    if (event.pointerType !== "mouse") this.#brush.hidden = true;
    this.#drawing.add(stroke);
  }

  #discardStroke() {
    this.#pointer = this.#stroke = null;
    this.#hasInk = false;
    this.#redraw();
  }

  /**
   * Add points to the stroke in progress.
   * @param {Stroke} stroke
   * @param {PointerEvent[]} events
   */
  #extend(stroke, events) {
    const box = this.#element.getBoundingClientRect();
    const { points, ink } = stroke;
    const before = points.length;
    for (const event of events) {
      const x = ((event.clientX - box.left) / box.width) * PAPER;
      const y = ((event.clientY - box.top) / box.height) * PAPER;
      const last = points.at(-1);
      if (last && Math.hypot(x - last.x, y - last.y) < MIN_DISTANCE) continue;
      const pressure = event.pointerType === "pen" && event.pressure > 0 ? 0.45 + 1.1 * event.pressure : 1;
      const width = this.width * (ink === "eraser" ? ERASER_FACTOR : pressure);
      points.push(snapToGrid({ x, y, width: last ? 0.6 * last.width + 0.4 * width : width }));
    }
    if (points.length === before) return;
    paintStroke(this.#context, stroke, { first: before, complete: false });
    if (ink === "eraser") this.#hasInk = false;
    this.dispatchEvent(new Event("grow"));
  }

  /** @param {PointerEvent} event */
  #showBrush(event) {
    const box = this.#element.getBoundingClientRect();
    const size = (this.width * (this.ink === "eraser" ? ERASER_FACTOR : 1) * box.width) / PAPER;
    const { style } = this.#brush;
    this.#brush.hidden = event.pointerType === "touch";
    style.width = style.height = `${Math.max(5, size)}px`;
    style.translate = `calc(${event.clientX - box.left}px - 50%) calc(${event.clientY - box.top}px - 50%)`;
  }
}
