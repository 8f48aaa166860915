// The choice of the gallery that is searched.
import { byId, fillSelect } from "../shell/dom.js";

/** @import { ServiceState } from "../shell/service-state.js" */

/**
 * Fires "select" when the visitor selects another gallery.
 * Fires "update" when the page selects another one, or when the selected one changes (photos were added).
 */
export class GallerySelect extends EventTarget {
  #service;
  #select = byId("gallery", HTMLSelectElement);
  #requested = ""; // a gallery that a link names, until the service lists it
  #lastSelected = "";

  /** @param {ServiceState} service */
  constructor(service) {
    super();
    this.#service = service;
    service.addEventListener("change", () => this.#reportUpdate());
    this.#select.addEventListener("change", () => {
      this.#requested = "";
      this.#update();
      this.dispatchEvent(new Event("select"));
    });
  }

  /** The name of the gallery; "" if there is none. */
  get name() {
    return this.#requested || this.#select.value;
  }

  /** The gallery, if the service lists it. */
  get listed() {
    return this.#service.galleries.find(({ name }) => name === this.name);
  }

  /**
   * Select this gallery, as soon as the service lists it.
   * @param {string} name
   */
  choose(name) {
    this.#requested = name;
    this.#reportUpdate();
  }

  #reportUpdate() {
    if (this.#update()) this.dispatchEvent(new Event("update"));
  }

  /** Fill the select; returns whether the selected gallery differs from before. */
  #update() {
    const models = new Set(this.#service.modelsWith("sbir").map(({ id }) => id));
    const galleries = this.#service.galleries.filter(({ model }) => models.has(model));
    /** @type {[string, string][]} */
    const options = galleries.map(({ name, photos, outdated }) => [
      name,
      `${name} (${outdated ? "needs an update" : photos.toLocaleString("en")})`,
    ]);
    const requested = this.#requested;
    const isListed = galleries.some(({ name }) => name === requested);
    // A gallery that is not listed is searched, too: its error is better than hits of another gallery.
    if (requested && !isListed && this.#service.galleriesKnown)
      options.push([requested, `${requested} (not found)`]);
    fillSelect(this.#select, options);
    if (requested) this.#select.value = requested;
    if (isListed) this.#requested = "";
    const selected = galleries.find(({ name }) => name === this.#select.value);
    byId("credit").textContent = selected?.credit ? `Pictures: ${selected.credit}` : "";
    const current = JSON.stringify(selected ?? this.#select.value);
    const changed = current !== this.#lastSelected;
    this.#lastSelected = current;
    return changed;
  }
}
