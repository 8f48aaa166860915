// Strokes as a short text and back, without loss: points lie on the drawing's grid and most are near the one before.
import { GRID, WIDTH_GRID } from "./drawing.js";

const NEAR = 7; // steps of the grid in each direction that one byte holds
const SIDE = 2 * NEAR + 1;
const FAR = SIDE * SIDE; // then two signed numbers
const WIDTH = FAR + 1; // then the width from the next point on
const MOST_POINTS = 100_000;

/** The strokes as base64url. */
export function encodeStrokes(strokes) {
  const bytes = [];
  for (const { ink, points } of strokes) {
    writeNumber(bytes, 2 * points.length + (ink === "eraser" ? 1 : 0));
    let [x, y, width] = [0, 0, 0];
    for (const point of points) {
      const [toX, toY, toWidth] = [Math.round(point.x / GRID), Math.round(point.y / GRID), Math.round(point.width / WIDTH_GRID)];
      if (toWidth !== width) bytes.push(WIDTH, Math.min(255, toWidth));
      const [dx, dy] = [toX - x, toY - y];
      if (Math.max(Math.abs(dx), Math.abs(dy)) <= NEAR) bytes.push((dx + NEAR) * SIDE + dy + NEAR);
      else {
        bytes.push(FAR);
        for (const step of [dx, dy]) writeNumber(bytes, step < 0 ? -2 * step - 1 : 2 * step);
      }
      [x, y, width] = [toX, toY, toWidth];
    }
  }
  return btoa(bytes.map((byte) => String.fromCharCode(byte)).join("")).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The strokes of `encodeStrokes`. Throws where the text is not such a one. */
export function decodeStrokes(text) {
  const bytes = Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
  const strokes = [];
  let at = 0;
  const byte = () => {
    if (at >= bytes.length) throw new RangeError("the strokes end too early");
    return bytes[at++];
  };
  const number = () => {
    let [value, factor] = [0, 1];
    for (let part = 128; part >= 128; factor *= 128) {
      part = byte();
      value += (part % 128) * factor;
      if (value > 2 ** 31) throw new RangeError("a number is too large");
    }
    return value;
  };
  const signed = () => {
    const value = number();
    return value % 2 ? -(value + 1) / 2 : value / 2;
  };
  while (at < bytes.length) {
    const head = number();
    const count = Math.floor(head / 2);
    if (count < 1 || count > MOST_POINTS) throw new RangeError("a stroke has no points or too many");
    const points = [];
    let [x, y, width] = [0, 0, 0];
    while (points.length < count) {
      const code = byte();
      if (code === WIDTH) {
        width = byte();
        continue;
      }
      if (code > WIDTH) throw new RangeError("no such code");
      const [dx, dy] = code === FAR ? [signed(), signed()] : [Math.floor(code / SIDE) - NEAR, (code % SIDE) - NEAR];
      x += dx;
      y += dy;
      points.push({ x: x * GRID, y: y * GRID, width: width * WIDTH_GRID });
    }
    strokes.push({ kind: "stroke", ink: head % 2 ? "eraser" : "pen", points });
  }
  return strokes;
}

function writeNumber(bytes, value) {
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push(128 + (rest % 128));
  bytes.push(rest);
}
