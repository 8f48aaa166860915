// The paper: pointer events to smooth strokes, a drawing to pixels.
import { PAPER, onGrid } from "./drawing.js";

const INK = "#15171a";
const BLANK = "#ffffff";
const ERASER_FACTOR = 4;
const SENT = 320; // side of the picture that is sent; models look at less

/** Draws `drawing` on a canvas and adds what the pointer draws; fires "move" while a stroke grows, "grab" when one starts. */
export class Canvas extends EventTarget {
  ink = "pen";
  width = 7;
  #element;
  #brush;
  #drawing;
  #context;
  #stroke = null;
  #pointer = null;
  #penSeen = false;

  constructor(element, brush, drawing) {
    super();
    this.#element = element;
    this.#brush = brush;
    this.#drawing = drawing;
    this.#context = element.getContext("2d");
    drawing.addEventListener("change", () => this.#redraw());
    new ResizeObserver(() => this.#resize()).observe(element);
    this.#resize();
    element.addEventListener("pointerdown", (event) => this.#down(event));
    element.addEventListener("pointermove", (event) => this.#move(event));
    element.addEventListener("pointerup", (event) => this.#up(event));
    element.addEventListener("pointercancel", (event) => this.#up(event));
    element.addEventListener("pointerleave", () => { brush.hidden = true; });
    element.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  get drawingNow() {
    return this.#stroke !== null;
  }

  /** Whether anything can be seen, the stroke in progress included. */
  get blank() {
    return this.#drawing.blank && !(this.#stroke?.ink === "pen");
  }

  /** What is to be seen now, as a PNG on white. */
  picture() {
    const [small, context] = sheet(SENT);
    context.imageSmoothingQuality = "high";
    context.drawImage(this.#element, 0, 0, SENT, SENT);
    return png(small);
  }

  /** What these strokes give, as a PNG on white. */
  pictureOf(strokes) {
    const [small, context] = sheet(SENT);
    context.scale(SENT / PAPER, SENT / PAPER);
    for (const stroke of strokes) paint(context, stroke, 0, true);
    return png(small);
  }

  #resize() {
    const side = Math.round(Math.min(1024, Math.max(SENT, this.#element.clientWidth * devicePixelRatio)));
    if (this.#element.width === side && this.#element.height === side) return;
    this.#element.width = this.#element.height = side;
    this.#redraw();
  }

  #redraw() {
    const context = this.#context;
    context.setTransform(this.#element.width / PAPER, 0, 0, this.#element.height / PAPER, 0, 0);
    context.fillStyle = BLANK;
    context.fillRect(0, 0, PAPER, PAPER);
    for (const action of this.#drawing.visible) {
      if (action.kind === "picture") this.#place(action.bitmap);
      else paint(context, action, 0, true);
    }
    if (this.#stroke) paint(context, this.#stroke, 0, false);
  }

  #place(bitmap) {
    const scale = PAPER / Math.max(bitmap.width, bitmap.height);
    const [width, height] = [bitmap.width * scale, bitmap.height * scale];
    this.#context.imageSmoothingQuality = "high";
    this.#context.drawImage(bitmap, (PAPER - width) / 2, (PAPER - height) / 2, width, height);
  }

  #down(event) {
    if (event.pointerType === "pen") this.#penSeen = true;
    const palm = this.#penSeen && event.pointerType === "touch";
    if (palm || this.#pointer !== null || (event.pointerType === "mouse" && event.button !== 0)) return;
    event.preventDefault();
    this.dispatchEvent(new Event("grab"));
    this.#element.setPointerCapture(event.pointerId);
    this.#pointer = event.pointerId;
    const erasing = this.ink === "eraser" || (event.pointerType === "pen" && (event.buttons & 32) !== 0);
    this.#stroke = { kind: "stroke", ink: erasing ? "eraser" : "pen", points: [] };
    this.#extend([event]);
  }

  #move(event) {
    this.#showBrush(event);
    if (event.pointerId !== this.#pointer) return;
    const all = event.getCoalescedEvents?.() ?? [];
    this.#extend(all.length > 0 ? all : [event]);
  }

  #up(event) {
    if (event.pointerId !== this.#pointer) return;
    const stroke = this.#stroke;
    this.#pointer = this.#stroke = null;
    if (event.pointerType !== "mouse") this.#brush.hidden = true;
    this.#drawing.add(stroke);
  }

  #extend(events) {
    const box = this.#element.getBoundingClientRect();
    const { points, ink } = this.#stroke;
    const before = points.length;
    for (const event of events) {
      const x = ((event.clientX - box.left) / box.width) * PAPER;
      const y = ((event.clientY - box.top) / box.height) * PAPER;
      const last = points.at(-1);
      if (last && Math.hypot(x - last.x, y - last.y) < 1.6) continue;
      const pressed = event.pointerType === "pen" && event.pressure > 0 ? 0.45 + 1.1 * event.pressure : 1;
      const width = this.width * (ink === "eraser" ? ERASER_FACTOR : pressed);
      points.push(onGrid({ x, y, width: last ? 0.6 * last.width + 0.4 * width : width }));
    }
    if (points.length === before) return;
    paint(this.#context, this.#stroke, before, false);
    this.dispatchEvent(new Event("move"));
  }

  /** A ring as large as what the tool will mark. */
  #showBrush(event) {
    const box = this.#element.getBoundingClientRect();
    const size = (this.width * (this.ink === "eraser" ? ERASER_FACTOR : 1) * box.width) / PAPER;
    this.#brush.hidden = event.pointerType === "touch";
    this.#brush.style.width = this.#brush.style.height = `${Math.max(5, size)}px`;
    this.#brush.style.translate = `calc(${event.clientX - box.left}px - 50%) calc(${event.clientY - box.top}px - 50%)`;
  }
}

/** A blank square canvas and its context. */
function sheet(side) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  context.fillStyle = BLANK;
  context.fillRect(0, 0, side, side);
  return [canvas, context];
}

/** The points of a stroke from `first` on, as quadratic curves between the middles of its segments; one path as long as the width stays. */
function paint(context, { ink, points }, first, whole) {
  context.strokeStyle = context.fillStyle = ink === "pen" ? INK : BLANK;
  context.lineCap = context.lineJoin = "round";
  if (points.length === 1) return dot(context, points[0]);
  let width = 0;
  for (let i = Math.max(1, first); i < points.length; i++) {
    const [before, here] = [points[i - 1], points[i]];
    if (Math.abs(here.width - width) > 0.02 * here.width) {
      if (width > 0) context.stroke();
      const from = i === 1 ? before : middle(points[i - 2], before);
      context.lineWidth = width = here.width;
      context.beginPath();
      context.moveTo(from.x, from.y);
    }
    const to = middle(before, here);
    context.quadraticCurveTo(before.x, before.y, to.x, to.y);
  }
  if (whole) context.lineTo(points.at(-1).x, points.at(-1).y);
  context.stroke();
}

function dot(context, { x, y, width }) {
  context.beginPath();
  context.arc(x, y, width / 2, 0, 2 * Math.PI);
  context.fill();
}

function middle(a, b) {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}

/** A canvas as a PNG, encoded at once: toBlob waits in Chromium for an idle moment, up to a second while someone draws. */
function png(canvas) {
  const [, base64] = canvas.toDataURL("image/png").split(",");
  return new Blob([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], { type: "image/png" });
}
