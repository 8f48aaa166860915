// What stands in the place of the results while there are none.
import { byId } from "../shell/dom.js";

/** @import { State } from "../shell/service-state.js" */

/**
 * @typedef {object} Situation
 * @property {State} state of the service
 * @property {boolean} hasGallery whether there is anything to search
 * @property {boolean} isEmpty whether nothing is drawn or added
 * @property {boolean} isTooLittle whether the drawing is too small to search for
 * @property {boolean} hasAnswer whether results, or the note that there are none, are shown
 */

/** @type {Partial<Record<State, string>>} */
const AWAY = {
  connecting: "Connecting to the service…",
  starting: "The service is starting.",
  locked: "The service needs a key.",
  unreachable: "The service does not answer.",
};
const SEARCHED_LATER = "Your drawing is searched as soon as it is ready.";
const INVITATION = "Draw something. The most similar pictures appear while you draw.";
const TOO_LITTLE = "Draw a little more. This is too little to search for.";

/** @param {Situation} situation */
export function showHint(situation) {
  const text = hintText(situation);
  const isReady = situation.state === "ready" || situation.state === "degraded";
  byId("sketch-empty").hidden = text === "";
  byId("sketch-lead").textContent = text;
  byId("sketch-examples").hidden = !situation.isEmpty || !situation.hasGallery;
  byId("sketch-first-photos").hidden = !isReady || situation.hasGallery;
}

/** @param {Situation} situation */
function hintText({ state, hasGallery, isEmpty, isTooLittle, hasAnswer }) {
  if (hasAnswer) return "";
  const away = AWAY[state];
  if (away) return isEmpty ? away : `${away} ${SEARCHED_LATER}`;
  if (!hasGallery) return "There are no pictures to search yet.";
  if (isEmpty) return INVITATION;
  return isTooLittle ? TOO_LITTLE : "";
}
