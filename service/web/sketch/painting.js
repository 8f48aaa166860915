// Strokes as pixels: smooth curves on a canvas, and canvases as PNG files.
import { PAPER } from "./drawing.js";

/** @import { Point, Stroke } from "./drawing.js" */

const INK = "#15171a";
const BLANK = "#ffffff";

/**
 * The 2D context of a canvas.
 * @param {HTMLCanvasElement} canvas
 */
export function contextOf(canvas) {
  const context = canvas.getContext("2d", { willReadFrequently: true }); // every search reads the pixels
  if (!context) throw new Error("this browser has no 2D canvas");
  return context;
}

/**
 * A new blank square canvas, in pixels.
 * @param {number} side
 */
export function blankCanvas(side) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  fillBlank(contextOf(canvas), side);
  return canvas;
}

/**
 * Paint a square white.
 * @param {CanvasRenderingContext2D} context
 * @param {number} side
 */
export function fillBlank(context, side) {
  context.fillStyle = BLANK;
  context.fillRect(0, 0, side, side);
}

/**
 * Paint a picture centred on the paper, as large as fits.
 * @param {CanvasRenderingContext2D} context
 * @param {ImageBitmap} bitmap
 */
export function paintPicture(context, bitmap) {
  const scale = PAPER / Math.max(bitmap.width, bitmap.height);
  const [width, height] = [bitmap.width * scale, bitmap.height * scale];
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, (PAPER - width) / 2, (PAPER - height) / 2, width, height);
}

/**
 * Paint a stroke as quadratic curves between the midpoints of its segments.
 * Consecutive segments share one path while the width stays nearly the same.
 * @param {CanvasRenderingContext2D} context
 * @param {Stroke} stroke
 * @param {object} options
 * @param {number} [options.first] index of the first point to paint
 * @param {boolean} options.complete a complete stroke reaches its last point, a growing one the last midpoint
 */
export function paintStroke(context, { ink, points }, { first = 0, complete }) {
  context.strokeStyle = context.fillStyle = ink === "pen" ? INK : BLANK;
  context.lineCap = context.lineJoin = "round";
  const skipped = Math.max(0, first - 2); // the first curve starts between the two points before `first`
  const [start, ...others] = points.slice(skipped);
  if (!start) return;
  if (others.length === 0) {
    paintDot(context, start);
    return;
  }
  let width = 0;
  let [beforePrevious, previous] = [start, start];
  for (const [index, point] of others.entries()) {
    if (skipped + index + 1 >= first) {
      if (Math.abs(point.width - width) > 0.02 * point.width) {
        if (width > 0) context.stroke();
        const from = midpoint(beforePrevious, previous);
        context.lineWidth = width = point.width;
        context.beginPath();
        context.moveTo(from.x, from.y);
      }
      const to = midpoint(previous, point);
      context.quadraticCurveTo(previous.x, previous.y, to.x, to.y);
    }
    [beforePrevious, previous] = [previous, point];
  }
  if (complete) context.lineTo(previous.x, previous.y);
  context.stroke();
}

/**
 * The number of dark pixels of a canvas.
 * @param {HTMLCanvasElement} canvas
 */
export function inkPixels(canvas) {
  const { data } = contextOf(canvas).getImageData(0, 0, canvas.width, canvas.height);
  let dark = 0;
  for (let red = 0; red < data.length; red += 4) if ((data[red] ?? 255) < 128) dark += 1;
  return dark;
}

/**
 * A canvas as a PNG file, encoded synchronously. In Chromium `toBlob` waits until the browser is idle:
 * up to a second while someone draws.
 * @param {HTMLCanvasElement} canvas
 */
export function toPng(canvas) {
  const [, base64 = ""] = canvas.toDataURL("image/png").split(",");
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return new Blob([bytes], { type: "image/png" });
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Point} point
 */
function paintDot(context, { x, y, width }) {
  context.beginPath();
  context.arc(x, y, width / 2, 0, 2 * Math.PI);
  context.fill();
}

/**
 * @param {Point} a
 * @param {Point} b
 */
function midpoint(a, b) {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}
