// What the page says about hits, one by one and together.

/** @import { Grade, Hit } from "iiae-api" */

/** @type {Record<Grade, string>} */
const GRADES = { strong: "strong match", possible: "possible", weak: "weak" };

/**
 * A photo's label, or its id if it has none.
 * @param {{ label: string | null, id: number }} photo
 */
export function hitName({ label, id }) {
  return label ?? `photo ${id}`;
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
  return scores === "probability" ? "Probability" : "Score";
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
  return `${hits.length} hits; the best is ${hitName(best)}${best.grade ? `, a ${best.grade} match` : ""}`;
}
