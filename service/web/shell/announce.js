// Tells screen readers what has changed, once things have come to rest.
import { byId } from "./dom.js";

let timer = 0;

/** Says `text` when nothing newer is said within `delay` ms. */
export function announce(text, delay = 900) {
  clearTimeout(timer);
  timer = setTimeout(() => { byId("live").textContent = text; }, delay);
}
