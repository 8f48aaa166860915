// A search as the address's fragment, which restores drawings, gallery and hits. Browsers do not send it.
import { splitFragment } from "../shell/fragment.js";
import { decodeStrokes, encodeStrokes } from "./stroke-encoding.js";

/** @import { Stroke } from "./drawing.js" */

/**
 * @typedef {object} LinkedSearch
 * @property {string} gallery
 * @property {string[]} labels that photos must have one of; none if all photos are wanted
 * @property {Stroke[]} strokes the drawing on the paper
 * @property {Stroke[][]} others the added drawings
 * @property {number} [similarTo] id of the photo whose similar photos are shown
 * @property {boolean} [expand]
 */

/**
 * The fragment of a search.
 * @param {LinkedSearch} search
 */
export function fragmentOf({ gallery, labels, strokes, others, similarTo, expand }) {
  const fields = new URLSearchParams();
  if (gallery) fields.set("gallery", gallery);
  for (const label of labels) fields.append("label", label);
  if (similarTo !== undefined) fields.set("like", String(similarTo));
  if (expand !== undefined) fields.set("expand", String(expand));
  for (const drawing of others) fields.append("with", encodeStrokes(drawing));
  if (strokes.length > 0) fields.set("drawing", encodeStrokes(strokes));
  return `#sketch?${fields}`;
}

/**
 * The search of a fragment, or null if it has none. Throws if the fragment is damaged.
 * @param {string} fragment
 * @returns {LinkedSearch | null}
 */
export function searchOf(fragment) {
  const { mode, query } = splitFragment(fragment);
  if (mode !== "sketch" || !query) return null;
  const fields = new URLSearchParams(query);
  const like = fields.get("like");
  const similarTo = like === null ? undefined : Number(like);
  if (similarTo !== undefined && !Number.isSafeInteger(similarTo)) throw new RangeError("not a photo id");
  return {
    gallery: fields.get("gallery") ?? "",
    labels: fields.getAll("label"),
    strokes: decodeStrokes(fields.get("drawing") ?? ""),
    others: fields.getAll("with").map(decodeStrokes),
    similarTo,
    expand: fields.has("expand") ? fields.get("expand") === "true" : undefined,
  };
}
