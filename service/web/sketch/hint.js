// What stands in the place of the results while there are none.
import { byId } from "../shell/dom.js";

/** @import { Absence } from "../shell/absence.js" */

/**
 * @typedef {object} Situation
 * @property {Absence | null} absence why nothing can be searched
 * @property {boolean} hasGallery whether there is anything to search
 * @property {boolean} isEmpty whether nothing is drawn or added
 * @property {boolean} isTooLittle whether the drawing is too small to search for
 * @property {boolean} hasAnswer whether results, or the note that there are none, are shown
 */

const SEARCHED_LATER = "Your drawing is searched as soon as it is ready.";
const INVITATION = "Draw something. The most similar pictures appear while you draw.";
const TOO_LITTLE = "Draw a little more. This is too little to search for.";

/** @param {Situation} situation */
export function showHint(situation) {
  const text = hintText(situation);
  const { absence } = situation;
  byId("sketch-empty").hidden = text === "";
  byId("sketch-lead").textContent = text;
  byId("sketch-detail").textContent = absence?.detail ?? "";
  byId("sketch-examples").hidden = !situation.isEmpty || !situation.hasGallery;
  byId("sketch-first-photos").hidden = absence !== null || situation.hasGallery;
}

/** @param {Situation} situation */
function hintText({ absence, hasGallery, isEmpty, isTooLittle, hasAnswer }) {
  if (hasAnswer) return "";
  if (absence) return isEmpty || !absence.passes ? absence.lead : `${absence.lead} ${SEARCHED_LATER}`;
  if (!hasGallery) return "There are no pictures to search yet.";
  if (isEmpty) return INVITATION;
  return isTooLittle ? TOO_LITTLE : "";
}
