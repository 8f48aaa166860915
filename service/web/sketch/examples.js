// Example drawings: strokes as data, in hundredths of the paper's side.
import { snapToGrid } from "./drawing.js";

/** @import { Stroke } from "./drawing.js" */
/** @typedef {[x: number, y: number]} Corner */

/**
 * Points along straight lines between corners.
 * @param {Corner[]} corners
 */
const line = (...corners) => {
  const points = corners.slice(0, 1);
  let previous = corners[0];
  for (const corner of corners.slice(1)) {
    if (previous) points.push(...segment(previous, corner));
    previous = corner;
  }
  return points;
};

/**
 * The points of one segment after its start.
 * @param {Corner} start
 * @param {Corner} end
 * @returns {Corner[]}
 */
const segment = ([x0, y0], [x1, y1]) => {
  const steps = Math.max(1, Math.round(Math.hypot(x1 - x0, y1 - y0) / 1.5));
  return Array.from({ length: steps }, (_, index) => {
    const step = index + 1;
    return [x0 + ((x1 - x0) * step) / steps, y0 + ((y1 - y0) * step) / steps];
  });
};

/**
 * Points along a part of an ellipse. Angles are in degrees, clockwise from the right.
 * @param {number} x
 * @param {number} y
 * @param {number} rx
 * @param {number} ry
 * @returns {Corner[]}
 */
const arc = (x, y, rx, ry, from = -90, to = 274) => {
  const steps = Math.max(6, Math.round(Math.abs(to - from) / 8));
  return Array.from({ length: steps + 1 }, (_, step) => {
    const angle = ((from + ((to - from) * step) / steps) * Math.PI) / 180;
    return [x + rx * Math.cos(angle), y + ry * Math.sin(angle)];
  });
};

/** @type {Record<string, Corner[][]>} */
const EXAMPLES = {
  cat: [
    [...arc(50, 56, 31, 27, -58, 238)],
    line([33, 33], [26, 11], [45, 29]),
    line([67, 33], [74, 11], [55, 29]),
    line([45, 29], [55, 29]),
    arc(38, 50, 4, 5),
    arc(62, 50, 4, 5),
    line([47, 61], [53, 61], [50, 65], [47, 61]),
    arc(44.5, 66, 5.5, 5, 0, 150),
    arc(55.5, 66, 5.5, 5, 180, 30),
    line([29, 61], [8, 57]),
    line([29, 65], [8, 68]),
    line([71, 61], [92, 57]),
    line([71, 65], [92, 68]),
  ],
  house: [
    line([20, 46], [20, 88], [80, 88], [80, 46]),
    line([10, 52], [50, 15], [90, 52]),
    line([43, 88], [43, 64], [57, 64], [57, 88]),
    line([27, 54], [38, 54], [38, 65], [27, 65], [27, 54]),
    line([62, 54], [73, 54], [73, 65], [62, 65], [62, 54]),
    line([67, 30], [67, 16], [75, 16], [75, 38]),
  ],
  bicycle: [
    arc(25, 64, 19, 19),
    arc(75, 64, 19, 19),
    line([25, 64], [38, 38], [66, 38], [48, 64], [25, 64]),
    line([48, 64], [36, 32]),
    line([30, 32], [43, 32]),
    line([75, 64], [64, 30], [72, 26], [77, 29]),
    arc(48, 64, 4, 4),
  ],
  tree: [
    line([45, 92], [46, 62]),
    line([56, 92], [55, 62]),
    line([38, 93], [64, 93]),
    [
      ...arc(31, 53, 15, 13, 60, 250),
      ...arc(35, 31, 16, 15, 150, 290),
      ...arc(55, 22, 15, 13, 200, 340),
      ...arc(71, 37, 14, 14, 250, 400),
      ...arc(67, 54, 16, 12, 330, 480),
      ...arc(48, 58, 13, 9, 20, 160),
    ],
  ],
  fish: [
    [...arc(44, 50, 32, 20, 12, 348)],
    line([75, 46], [93, 30], [89, 50], [93, 70], [75, 54]),
    arc(26, 46, 2.5, 2.5),
    arc(30, 51, 14, 16, -45, 45),
    line([38, 31], [50, 20], [58, 33]),
    arc(17, 56, 7, 5, -20, 60),
    arc(57, 50, 5, 6, -60, 60),
    arc(66, 50, 5, 6, -60, 60),
  ],
  cup: [
    arc(44, 30, 27, 7),
    line([17, 31], [22, 78], [30, 85], [58, 85], [66, 78], [71, 31]),
    arc(70, 52, 17, 15, -80, 95),
    arc(70, 52, 10, 9, -75, 95),
    line([34, 18], [38, 12], [34, 6]),
    line([50, 18], [54, 12], [50, 6]),
  ],
  umbrella: [
    arc(50, 50, 40, 36, 180, 360),
    arc(23.5, 50, 13.5, 7, 180, 360),
    arc(50, 50, 13, 7, 180, 360),
    arc(76.5, 50, 13.5, 7, 180, 360),
    line([50, 14], [50, 8]),
    [...line([50, 44], [50, 82]), ...arc(43, 82, 7, 8, 0, 170)],
  ],
};

/** The names of the examples. */
export const EXAMPLE_NAMES = Object.keys(EXAMPLES);

/**
 * The strokes of one example.
 * @param {string} name
 * @param {number} side of the paper
 * @param {number} width of the strokes
 * @returns {Stroke[]}
 */
export function exampleStrokes(name, side, width) {
  return (EXAMPLES[name] ?? []).map((points) => ({
    kind: "stroke",
    ink: "pen",
    points: points.map(([x, y]) => snapToGrid({ x: (x * side) / 100, y: (y * side) / 100, width })),
  }));
}
