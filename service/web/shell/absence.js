// Why a mode cannot work now, and what to do: the service is away, or no model can do it.

/** @import { ServiceState, State } from "./service-state.js" */
/**
 * @typedef {object} Absence
 * @property {string} lead what is missing
 * @property {string} detail what to do; "" if waiting is enough
 * @property {boolean} passes whether it ends by itself
 */

const TRIES_AGAIN = "The page tries again every few seconds.";
/** @type {Partial<Record<State, [lead: string, detail: string]>>} */
const AWAY = {
  connecting: ["Connecting to the service…", ""],
  starting: ["The service is starting.", ""],
  stopping: ["The service is stopping.", "The page goes on when it runs again."],
  locked: ["The service needs a key.", ""],
  unreachable: ["The service does not answer.", TRIES_AGAIN],
};
const NEW_MODEL = "The service loads it within seconds, and this page goes on.";
const INSTALL = `Install the service again with its models, or train one (iiae train). ${NEW_MODEL}`;
const REPAIR = `Open the status at the top right for the reasons. Then install the service again or train a model (iiae train). ${NEW_MODEL}`;
/** @type {Record<string, string>} what models with a capability are called */
const WANTED = {
  sbir: "searches photos by drawings",
  translate: "translates pictures",
  analogy: "makes analogies",
};

/**
 * Why a mode cannot work; null if it can.
 * @param {ServiceState} service
 * @param {string} capability what a model must be able to do
 * @returns {Absence | null}
 */
export function absenceOf(service, capability) {
  const away = AWAY[service.state];
  if (away) return { lead: away[0], detail: away[1], passes: true };
  if (service.modelsWith(capability).length > 0) return null;
  if (service.rejected.length > 0) {
    return { lead: `No model that ${WANTED[capability]} could be loaded.`, detail: REPAIR, passes: false };
  }
  return { lead: `The service has no model that ${WANTED[capability]}.`, detail: INSTALL, passes: false };
}
