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

/**
 * A line that leads away from a centre, at an angle in degrees.
 * @param {number} x
 * @param {number} y
 * @param {number} from
 * @param {number} to
 * @param {number} angle
 */
const ray = (x, y, from, to, angle) => {
  const [cos, sin] = [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)];
  return line([x + from * cos, y + from * sin], [x + to * cos, y + to * sin]);
};

/**
 * A round petal beside a centre, at an angle in degrees.
 * @param {number} x
 * @param {number} y
 * @param {number} distance
 * @param {number} radius
 * @param {number} angle
 */
const petal = (x, y, distance, radius, angle) => {
  const turned = (angle * Math.PI) / 180;
  return arc(x + distance * Math.cos(turned), y + distance * Math.sin(turned), radius, radius);
};

/** @type {Record<string, Corner[][]>} */
const EXAMPLES = {
  cat: [
    arc(50, 56, 31, 27, -20, 200),
    line([22, 45], [20, 10], [42, 30], [58, 30], [80, 10], [78, 45]),
    arc(38, 50, 3, 4),
    arc(62, 50, 3, 4),
    line([46, 60], [54, 60], [50, 65], [46, 60]),
    line([50, 65], [50, 71]),
    arc(45, 70, 5, 4, 0, 180),
    arc(55, 70, 5, 4, 0, 180),
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
  sun: [
    arc(50, 50, 20, 20),
    ...[0, 45, 90, 135, 180, 225, 270, 315].map((angle) => ray(50, 50, 27, 40, angle)),
  ],
  moon: [[...arc(42, 50, 38, 38, -110, 110), ...arc(20, 50, 36.8, 36.8, 76, -76)]],
  star: [
    line(
      [50, 6],
      [64, 31],
      [92, 36],
      [73, 57],
      [76, 86],
      [50, 74],
      [24, 86],
      [27, 57],
      [8, 36],
      [36, 31],
      [50, 6],
    ),
  ],
  apple: [
    [...arc(37, 57, 23, 27, -60, -280), ...arc(63, 57, 23, 27, 100, -120)],
    line([50, 34], [51, 24], [55, 14]),
    [...arc(66, 20, 12, 6, 180, 360), ...arc(66, 20, 12, 6, 0, 180)],
  ],
  key: [
    arc(26, 50, 17, 17),
    arc(22, 50, 5, 5),
    line([43, 46], [88, 46], [88, 54], [82, 54], [82, 64], [75, 64], [75, 54], [68, 54]),
    line([68, 54], [68, 62], [62, 62], [62, 54], [43, 54]),
  ],
  car: [
    line([10, 68], [8, 52], [26, 48], [36, 32], [66, 32], [80, 48], [92, 53], [91, 68]),
    line([10, 68], [20, 68]),
    line([38, 68], [62, 68]),
    line([80, 68], [91, 68]),
    arc(29, 68, 9, 9),
    arc(71, 68, 9, 9),
    line([31, 48], [39, 36], [49, 36], [49, 48], [31, 48]),
    line([53, 48], [53, 36], [64, 36], [73, 48], [53, 48]),
  ],
  sailboat: [
    line([14, 68], [86, 68], [72, 86], [28, 86], [14, 68]),
    line([48, 68], [48, 10]),
    line([48, 12], [80, 60], [48, 60]),
    line([44, 20], [22, 60], [44, 60], [44, 20]),
  ],
  flower: [
    arc(50, 30, 9, 9),
    ...[0, 45, 90, 135, 180, 225, 270, 315].map((angle) => petal(50, 30, 22, 9, angle)),
    line([50, 62], [50, 96]),
  ],
  mushroom: [
    [...arc(50, 48, 38, 36, 180, 360), ...arc(50, 48, 38, 9, 0, 180)],
    line([39, 57], [41, 80], [36, 88], [64, 88], [59, 80], [61, 57]),
    arc(36, 32, 6, 5),
    arc(58, 26, 7, 6),
    arc(70, 42, 5, 4),
  ],
  candle: [
    line([38, 40], [38, 90], [62, 90], [62, 40]),
    arc(50, 40, 12, 4),
    line([50, 40], [50, 31]),
    [...arc(50, 22, 7, 10, 60, -60), [50, 4], ...arc(50, 22, 7, 10, 240, 120), [53.5, 30.7]],
    line([26, 90], [74, 90]),
  ],
  glasses: [
    arc(28, 52, 18, 16),
    arc(72, 52, 18, 16),
    arc(50, 50, 6, 5, 190, 350),
    line([10, 50], [6, 42], [14, 32]),
    line([90, 50], [94, 42], [86, 32]),
  ],
  snowman: [
    arc(50, 72, 22, 20),
    arc(50, 36, 15, 15),
    arc(45, 33, 1.5, 1.5),
    arc(55, 33, 1.5, 1.5),
    line([50, 37], [58, 39], [50, 40]),
    arc(50, 40, 8, 6, 30, 150),
    line([36, 22], [64, 22]),
    line([40, 22], [40, 6], [60, 6], [60, 22]),
    line([30, 62], [12, 48]),
    line([70, 62], [88, 48]),
    arc(50, 64, 1.5, 1.5),
    arc(50, 74, 1.5, 1.5),
  ],
  "light bulb": [
    [...arc(50, 38, 26, 28, 60, -240), [42, 72]],
    line([63, 62], [58, 72]),
    line([42, 72], [58, 72]),
    line([42, 77], [58, 77]),
    line([43, 82], [57, 82]),
    line([46, 82], [47, 88], [53, 88], [54, 82]),
    line([44, 70], [42, 48], [47, 54], [50, 48], [53, 54], [58, 48], [56, 70]),
  ],
  cactus: [
    [...arc(50, 24, 10, 12, 180, 360), ...line([60, 24], [60, 90], [40, 90], [40, 24])],
    line([40, 60], [22, 60], [20, 58], [20, 40], [23, 36], [28, 36], [30, 40], [30, 50], [40, 50]),
    line([60, 52], [70, 52], [70, 36], [73, 32], [78, 32], [80, 36], [80, 60], [78, 62], [60, 62]),
    line([50, 20], [50, 84]),
    line([28, 90], [72, 90]),
  ],
  airplane: [
    [
      ...arc(84, 46, 9, 7, -90, 90),
      ...line([84, 53], [24, 53], [8, 44], [8, 28], [16, 28], [24, 39], [84, 39]),
    ],
    line([56, 46], [36, 76], [46, 76], [72, 46], [56, 46]),
    line([50, 39], [38, 20], [46, 20], [64, 39]),
    arc(82, 44, 2, 2),
    arc(72, 44, 2, 2),
    arc(36, 45, 2, 2),
  ],
};

/** The names of the examples. */
export const EXAMPLE_NAMES = Object.keys(EXAMPLES);

/** The names of the first examples, for a visitor who has not drawn yet. */
export const FIRST_EXAMPLES = EXAMPLE_NAMES.slice(0, 7);

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
