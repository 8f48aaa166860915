// A drawing as a history of actions that can be undone. It knows nothing of pixels.
// Coordinates and widths are in paper units: the paper is a square of PAPER × PAPER units.

/** @typedef {{ x: number, y: number, width: number }} Point */
/** @typedef {"pen" | "eraser"} Ink */
/** @typedef {{ kind: "stroke", ink: Ink, points: Point[] }} Stroke */
/** @typedef {{ kind: "picture", bitmap: ImageBitmap }} PictureAction */
/** @typedef {{ kind: "clear" }} ClearAction */
/** @typedef {Stroke | PictureAction} VisibleAction */
/** @typedef {VisibleAction | ClearAction} Action */

export const PAPER = 512;
export const GRID = 0.5; // points lie on a grid, which links encode without loss
export const WIDTH_GRID = 0.25;

/**
 * Round a point to the grid.
 * @param {Point} point
 * @returns {Point}
 */
export function snapToGrid({ x, y, width }) {
  return { x: roundTo(x, GRID), y: roundTo(y, GRID), width: roundTo(width, WIDTH_GRID) };
}

/** Fires "change" whenever the visible actions change. */
export class Drawing extends EventTarget {
  /** @type {Action[]} */
  #done = [];
  /** @type {Action[]} */
  #undone = [];

  /** The actions since the last clear. */
  get visible() {
    const start = this.#done.findLastIndex((action) => action.kind === "clear") + 1;
    return /** @type {VisibleAction[]} */ (this.#done.slice(start));
  }

  get isBlank() {
    return !this.visible.some((action) => action.kind === "picture" || action.ink === "pen");
  }

  /** The visible strokes, or null if there is a picture among the actions. */
  get strokes() {
    const strokes = this.visible.filter((action) => action.kind === "stroke");
    return strokes.length === this.visible.length ? strokes : null;
  }

  get canUndo() {
    return this.#done.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }

  /** @param {Action[]} actions */
  add(...actions) {
    this.#done.push(...actions);
    this.#undone = [];
    this.#reportChange();
  }

  clear() {
    if (this.visible.length > 0) this.add({ kind: "clear" });
  }

  /**
   * Replace the visible actions by these strokes.
   * @param {Stroke[]} strokes
   */
  replace(strokes) {
    /** @type {ClearAction[]} */
    const clear = this.visible.length > 0 ? [{ kind: "clear" }] : [];
    this.add(...clear, ...strokes);
  }

  undo() {
    this.#moveLast(this.#done, this.#undone);
  }

  redo() {
    this.#moveLast(this.#undone, this.#done);
  }

  /**
   * @param {Action[]} from
   * @param {Action[]} to
   */
  #moveLast(from, to) {
    const action = from.pop();
    if (!action) return;
    to.push(action);
    this.#reportChange();
  }

  #reportChange() {
    this.dispatchEvent(new Event("change"));
  }
}

/**
 * @param {number} value
 * @param {number} step
 */
function roundTo(value, step) {
  return Math.round(value / step) * step;
}
