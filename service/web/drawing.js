// What was drawn, as a history of actions that can be undone; knows nothing of pixels.
//
// An action is {kind: "stroke", ink: "pen" | "eraser", points: [{x, y, width}]} in paper units (0 to 512),
// {kind: "picture", bitmap}, or {kind: "clear"}.

export const PAPER = 512;

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

  get canUndo() {
    return this.#done.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }

  add(action) {
    this.#done.push(action);
    this.#undone = [];
    this.#changed();
  }

  clear() {
    if (this.visible.length > 0) this.add({ kind: "clear" });
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
