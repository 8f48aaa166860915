// Where to search, and how: the gallery, the labels that photos must have, and whether to expand the query.
import { byId } from "../shell/dom.js";
import { GallerySelect } from "./gallery-select.js";
import { LabelFilter } from "./label-filter.js";

/** @import { ServiceState } from "../shell/service-state.js" */
/** @import { LinkedSearch } from "./search-link.js" */

/**
 * Fires "select" when the visitor selects another gallery, and "expand" when they choose whether to expand.
 * Fires "update" when the labels change, when the page selects another gallery, or when that gallery changes.
 */
export class Scope extends EventTarget {
  #galleries;
  #labelFilter = new LabelFilter();
  #expand = byId("expand", HTMLInputElement);
  /** @type {boolean | undefined} */
  #chosenExpand;

  /** @param {ServiceState} service */
  constructor(service) {
    super();
    this.#galleries = new GallerySelect(service);
    this.#galleries.addEventListener("update", () => {
      this.#showExpand();
      this.followLabels();
      this.#report("update");
    });
    this.#galleries.addEventListener("select", () => {
      this.expand = undefined;
      this.followLabels();
      this.#report("select");
    });
    this.#labelFilter.addEventListener("change", () => this.#report("update"));
    this.#expand.addEventListener("change", () => {
      this.#chosenExpand = this.#expand.checked;
      this.#report("expand");
    });
  }

  /** The name of the gallery; "" if there is none. */
  get gallery() {
    return this.#galleries.name;
  }

  /** The domain of the gallery's photos, if the service lists the gallery. */
  get domain() {
    return this.#galleries.listed?.domain;
  }

  /** The labels that photos must have one of; none if all photos are wanted. */
  get labels() {
    return this.#labelFilter.chosen;
  }

  /** Whether to expand the query with the first hits. If undefined, the gallery decides. */
  get expand() {
    return this.#chosenExpand;
  }

  set expand(expand) {
    this.#chosenExpand = expand;
    this.#showExpand();
  }

  /**
   * Search this gallery, as soon as the service lists it.
   * @param {string} name
   */
  chooseGallery(name) {
    this.#galleries.choose(name);
  }

  /**
   * Take over what a link says.
   * @param {LinkedSearch} linked
   */
  restore({ gallery, labels, expand }) {
    this.#labelFilter.choose(labels, gallery || this.gallery);
    if (gallery) this.chooseGallery(gallery);
    this.expand = expand;
  }

  /** Offer the labels of the gallery, as they are now. */
  followLabels() {
    this.#labelFilter.follow(this.gallery);
  }

  #showExpand() {
    this.#expand.checked = this.expand ?? this.#galleries.listed?.expand ?? true;
  }

  /** @param {"select" | "expand" | "update"} type */
  #report(type) {
    this.dispatchEvent(new Event(type));
  }
}
