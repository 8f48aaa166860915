// Announcements for screen readers, debounced.
import { byId } from "./dom.js";

/** @type {number | undefined} */
let timer;

/**
 * Announce `text` unless another announcement follows within `delay` ms.
 * @param {string} text
 * @param {number} [delay]
 */
export function announce(text, delay = 900) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    byId("live").textContent = text;
  }, delay);
}
