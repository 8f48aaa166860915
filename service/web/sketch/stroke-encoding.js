// Strokes as short text and back, without loss.
//
// Points lie on the drawing's grid, and most are near the one before. A stroke starts with a number: twice
// its point count, plus one for the eraser. Each point is one byte for a near step, or FAR and two signed
// numbers. WIDTH and a byte precede a point of another width. Numbers are little-endian in base 128; signed
// numbers are zigzag-encoded.
import { GRID, WIDTH_GRID } from "./drawing.js";

/** @import { Point, Stroke } from "./drawing.js" */

const NEAR = 7; // the largest step in each direction that one byte holds, in grid units
const SIDE = 2 * NEAR + 1;
const FAR = SIDE * SIDE; // followed by two signed numbers
const WIDTH = FAR + 1; // followed by the width from the next point on
const MAX_WIDTH = 255; // in grid units
const MAX_POINTS = 100_000;
const MAX_NUMBER = 2 ** 31;

/**
 * Encode strokes as base64url.
 * @param {Stroke[]} strokes
 */
export function encodeStrokes(strokes) {
  /** @type {number[]} */
  const bytes = [];
  for (const { ink, points } of strokes) {
    writeNumber(bytes, 2 * points.length + (ink === "eraser" ? 1 : 0));
    let [x, y, width] = [0, 0, 0];
    for (const point of points) {
      const [nextX, nextY] = [Math.round(point.x / GRID), Math.round(point.y / GRID)];
      const nextWidth = Math.round(point.width / WIDTH_GRID);
      if (nextWidth !== width) bytes.push(WIDTH, Math.min(MAX_WIDTH, nextWidth));
      writeStep(bytes, nextX - x, nextY - y);
      [x, y, width] = [nextX, nextY, nextWidth];
    }
  }
  const base64 = btoa(bytes.map((byte) => String.fromCharCode(byte)).join(""));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * Decode the text of `encodeStrokes`. Throws if it is damaged.
 * @param {string} text
 * @returns {Stroke[]}
 */
export function decodeStrokes(text) {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  const reader = new Reader(Array.from(atob(base64), (character) => character.charCodeAt(0)));
  const strokes = [];
  while (!reader.isAtEnd) strokes.push(readStroke(reader));
  return strokes;
}

/**
 * @param {number[]} bytes
 * @param {number} dx
 * @param {number} dy
 */
function writeStep(bytes, dx, dy) {
  if (Math.max(Math.abs(dx), Math.abs(dy)) <= NEAR) {
    bytes.push((dx + NEAR) * SIDE + dy + NEAR);
    return;
  }
  bytes.push(FAR);
  for (const step of [dx, dy]) writeNumber(bytes, step < 0 ? -2 * step - 1 : 2 * step);
}

/**
 * @param {number[]} bytes
 * @param {number} value
 */
function writeNumber(bytes, value) {
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push(128 + (rest % 128));
  bytes.push(rest);
}

/**
 * @param {Reader} reader
 * @returns {Stroke}
 */
function readStroke(reader) {
  const head = reader.number();
  const count = Math.floor(head / 2);
  if (count < 1 || count > MAX_POINTS) throw new RangeError("a stroke has no points or too many");
  /** @type {Point[]} */
  const points = [];
  let [x, y, width] = [0, 0, 0];
  while (points.length < count) {
    const code = reader.byte();
    if (code === WIDTH) {
      width = reader.byte();
      continue;
    }
    if (code > WIDTH) throw new RangeError("unknown code");
    const far = code === FAR;
    x += far ? reader.signed() : Math.floor(code / SIDE) - NEAR;
    y += far ? reader.signed() : (code % SIDE) - NEAR;
    points.push({ x: x * GRID, y: y * GRID, width: width * WIDTH_GRID });
  }
  return { kind: "stroke", ink: head % 2 ? "eraser" : "pen", points };
}

/** Reads bytes and numbers one after another. */
class Reader {
  #bytes;
  #position = 0;

  /** @param {number[]} bytes */
  constructor(bytes) {
    this.#bytes = bytes;
  }

  get isAtEnd() {
    return this.#position >= this.#bytes.length;
  }

  byte() {
    const byte = this.#bytes[this.#position++];
    if (byte === undefined) throw new RangeError("the strokes end too early");
    return byte;
  }

  number() {
    let [value, factor] = [0, 1];
    for (let part = 128; part >= 128; factor *= 128) {
      part = this.byte();
      value += (part % 128) * factor;
      if (value > MAX_NUMBER) throw new RangeError("a number is too large");
    }
    return value;
  }

  signed() {
    const value = this.number();
    return value % 2 ? -(value + 1) / 2 : value / 2;
  }
}
