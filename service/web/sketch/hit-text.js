// What the page says about hits, one by one and together.

/** @import { Grade, Hit } from "iiae-api" */

/** @type {Record<Grade, string>} */
const GRADES = { strong: "strong match", possible: "possible match", weak: "weak match" };

/**
 * A photo's label; without one the name of its file, or its id.
 * @param {{ label: string | null, id: number, metadata?: Record<string, unknown> }} photo
 */
export function hitName({ label, id, metadata }) {
  return label ?? fileName(metadata) ?? `photo ${id}`;
}

/**
 * The name of the file that a photo was added from, if it is known.
 * @param {Record<string, unknown>} [metadata]
 */
export function fileName(metadata) {
  const path = metadata?.["file"];
  return typeof path === "string" ? path.split("/").at(-1) || null : null;
}

/** @param {number} count */
export function countText(count) {
  return `${count.toLocaleString("en")} ${count === 1 ? "picture" : "pictures"}`;
}

/**
 * A hit's grade in words, or its score if it has no grade.
 * @param {Hit} hit
 * @param {string} scores the kind of the hits' scores, as in the service's answer
 */
export function gradeText({ grade, score }, scores) {
  return grade ? GRADES[grade] : scoreText(score, scores);
}

/**
 * Probabilities in per cent, other scores as they are.
 * @param {number} score
 * @param {string} scores
 */
export function scoreText(score, scores) {
  if (scores !== "probability") return score.toFixed(2);
  return score < 0.005 ? "< 1 %" : `${Math.round(score * 100)} %`;
}

/**
 * The name of such a number.
 * @param {string} scores
 */
export function scoreName(scores) {
  return scores === "probability" ? "Probability" : "Similarity";
}

/**
 * What to say above the hits, or in the place of none. Empty if the hits speak for themselves.
 * @param {Hit[]} hits
 * @param {boolean} isGalleryEmpty
 */
export function hitsNote(hits, isGalleryEmpty) {
  if (hits.length === 0 && isGalleryEmpty) return "This gallery is empty. Add photos to search them.";
  if (hits.length === 0) return "Nothing here looks like it.";
  const areWeak = hits.every(({ grade }) => grade === "weak");
  return areWeak ? "Only weak matches. This gallery may not have it." : "";
}

/**
 * What a screen reader says about the hits. Empty if there are none.
 * @param {Hit[]} hits
 */
export function hitsAnnouncement(hits) {
  const [best] = hits;
  if (!best) return "";
  return `${countText(hits.length)}; the best is ${hitName(best)}${best.grade ? `, a ${best.grade} match` : ""}`;
}
