// What was drawn, as a history of actions that can be undone; knows nothing of pixels.
//
// An action is {kind: "stroke", ink: "pen" | "eraser", points: [{x, y, width}]} in paper units (0 to 512),
// {kind: "picture", bitmap}, or {kind: "clear"}.

export const PAPER = 512;
export const GRID = 0.5; // points lie on it, so that a link holds them without loss
export const WIDTH_GRID = 0.25;

/** A point on the grid. */
export function onGrid({ x, y, width }) {
  return { x: round(x, GRID), y: round(y, GRID), width: round(width, WIDTH_GRID) };
}

/** Fires "change" whenever what is to be seen has changed. */
export class Drawing extends EventTarget {
  #done = [];
  #undone = [];

  /** The actions that can be seen: those after the last clear. */
  get visible() {
    return this.#done.slice(this.#done.findLastIndex((action) => action.kind === "clear") + 1);
  }

  get blank() {
    return !this.visible.some((action) => action.kind === "picture" || action.ink === "pen");
  }

  /** The strokes that can be seen, or null where there is a picture among them. */
  get strokes() {
    const { visible } = this;
    return visible.every((action) => action.kind === "stroke") ? visible : null;
  }

  get canUndo() {
    return this.#done.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }

  add(...actions) {
    this.#done.push(...actions);
    this.#undone = [];
    this.#changed();
  }

  clear() {
    if (this.visible.length > 0) this.add({ kind: "clear" });
  }

  /** Other strokes in the place of what is to be seen. */
  replace(strokes) {
    this.add(...(this.visible.length > 0 ? [{ kind: "clear" }] : []), ...strokes);
  }

  undo() {
    this.#move(this.#done, this.#undone);
  }

  redo() {
    this.#move(this.#undone, this.#done);
  }

  #move(from, to) {
    if (from.length === 0) return;
    to.push(from.pop());
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

function round(value, step) {
  return Math.round(value / step) * step;
}
