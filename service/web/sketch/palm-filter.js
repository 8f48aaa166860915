// Tells a resting hand from a finger that draws, while a pen is in use.

const PEN_MEMORY = 1000; // ms after the pen's last event in which touches count as the hand that holds it
const PALM_SIDE = 45; // CSS px; the contact of a fingertip is smaller

/** Show it every pointer event of the paper, then ask it about touches. */
export class PalmFilter {
  #penSeen = false;
  #lastPen = -Infinity;

  /** @param {PointerEvent} event also of a pen that hovers */
  note({ pointerType, timeStamp }) {
    if (pointerType !== "pen") return;
    this.#penSeen = true;
    this.#lastPen = timeStamp;
  }

  /**
   * Whether a touch is a resting hand. Without a pen, every touch draws.
   * @param {PointerEvent} event
   */
  isPalm({ pointerType, timeStamp, width, height }) {
    if (pointerType !== "touch" || !this.#penSeen) return false;
    return timeStamp - this.#lastPen < PEN_MEMORY || Math.max(width, height) > PALM_SIDE;
  }
}
