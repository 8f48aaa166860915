// The gallery's most frequent labels as chips: only photos with one of the chosen labels are shown.
import * as api from "../shell/api.js";
import { byId, element } from "../shell/dom.js";

const MAX_CHIPS = 12;

/** Fires "change" when the chosen labels change. */
export class LabelFilter extends EventTarget {
  #holder = byId("label-chips");
  #gallery = "";
  /** @type {Set<string>} */
  #chosen = new Set();

  /** The chosen labels; none if all photos are wanted. */
  get chosen() {
    return [...this.#chosen];
  }

  /**
   * Choose exactly these labels, before `follow` offers those of their gallery.
   * @param {string[]} labels
   * @param {string} gallery "" if it is not known yet
   */
  choose(labels, gallery) {
    this.#gallery = gallery;
    this.#chosen = new Set(labels);
    this.#show(labels);
  }

  /**
   * Offer the labels of this gallery, as they are now.
   * @param {string} gallery
   */
  async follow(gallery) {
    if (this.#gallery && gallery !== this.#gallery) this.#chosen.clear();
    this.#gallery = gallery;
    const listed = gallery ? await api.labels(gallery, MAX_CHIPS + 2).catch(() => null) : null;
    if (gallery !== this.#gallery) return; // another gallery was chosen in the meantime
    const shared = (listed?.labels ?? []).filter(({ label, photos }) => label !== null && photos > 1);
    // Of many labels with the same number of photos, a few would be an arbitrary choice.
    const [first, leftOut] = [shared[0]?.photos ?? 0, shared[MAX_CHIPS]?.photos ?? 0];
    const standsOut = first > leftOut;
    const offered = standsOut ? shared.slice(0, MAX_CHIPS).map(({ label }) => label ?? "") : [];
    this.#show([...offered, ...this.chosen.filter((label) => !offered.includes(label))]);
  }

  /** @param {string[]} labels */
  #show(labels) {
    this.#holder.hidden = labels.length < 2 && this.#chosen.size === 0;
    this.#holder.replaceChildren(...labels.map((label) => this.#chip(label)));
  }

  /** @param {string} label */
  #chip(label) {
    const chip = element("button", {
      type: "button",
      className: "chip",
      textContent: label,
      "aria-pressed": String(this.#chosen.has(label)),
      onclick: () => {
        if (!this.#chosen.delete(label)) this.#chosen.add(label);
        chip.setAttribute("aria-pressed", String(this.#chosen.has(label)));
        this.dispatchEvent(new Event("change"));
      },
    });
    return chip;
  }
}
