// Shows all photos of a gallery in the place of the results; photos and the gallery can be deleted.
import * as api from "../shell/api.js";
import { announce } from "../shell/announce.js";
import { changeLabel } from "../photos/label-dialog.js";
import { byId } from "../shell/dom.js";
import { Notice } from "../shell/notice.js";
import { screenUrl, thumbnailUrl } from "../shell/pictures.js";
import { download, sourceAddress } from "../sketch/hit-file.js";
import { countText, hitName } from "../sketch/hit-text.js";
import { PhotoTiles } from "./photo-tiles.js";
import { deleteGallery, deletePhotos } from "./removal.js";

/** @import { Photo } from "iiae-api" */
/** @import { ServiceState } from "../shell/service-state.js" */
/** @import { Action, Viewer } from "../shell/viewer.js" */
/** @import { SketchSearch } from "../sketch/search.js" */

const PAGE = 60; // photos

export class BrowsePanel {
  #service;
  #search;
  #viewer;
  #panel = byId("browse-panel");
  #button = byId("browse-button", HTMLButtonElement);
  #more = byId("browse-more", HTMLButtonElement);
  #notice = new Notice(byId("browse-notice"));
  #tiles = new PhotoTiles(byId("browse-photos"), (photo) => this.#show(photo));
  #gallery = ""; // the gallery that is shown
  #labels = ""; // the labels that its photos are limited to
  #last = 0; // the id up to which photos are listed
  #loading = new AbortController();
  #isLoading = false;

  /**
   * @param {ServiceState} service
   * @param {SketchSearch} search
   * @param {Viewer} viewer
   */
  constructor(service, search, viewer) {
    this.#service = service;
    this.#search = search;
    this.#viewer = viewer;
    this.#button.addEventListener("click", () => (this.#panel.hidden ? this.#open() : this.#close()));
    this.#more.addEventListener("click", () => this.#load());
    byId("browse-select").addEventListener("click", () => {
      this.#tiles.selecting = !this.#tiles.selecting;
    });
    byId("browse-all").addEventListener("click", () => this.#tiles.selectAll());
    byId("browse-delete").addEventListener("click", () => this.#delete(this.#tiles.selected));
    byId("browse-delete-gallery").addEventListener("click", () => this.#deleteGallery());
    this.#tiles.addEventListener("select", () => this.#showTools());
    new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) this.#load();
      },
      { rootMargin: "600px" },
    ).observe(this.#more);
    service.addEventListener("change", () => this.#follow());
    search.addEventListener("change", () => {
      const isOther = search.gallery !== this.#gallery || search.scope.labels.join() !== this.#labels;
      if (!this.#panel.hidden && isOther) this.#showGallery();
    });
    search.addEventListener("query", () => this.#close());
    this.#follow();
  }

  /** The shown gallery, if the service lists it. */
  get #listed() {
    return this.#service.galleries.find(({ name }) => name === this.#gallery);
  }

  #open() {
    this.#panel.hidden = false;
    this.#showOpen(true);
    this.#showGallery();
  }

  #close() {
    this.#panel.hidden = true;
    this.#showOpen(false);
    this.#loading.abort();
    this.#tiles.clear();
  }

  /** @param {boolean} open */
  #showOpen(open) {
    this.#button.setAttribute("aria-expanded", String(open));
    byId("browse-label").hidden = open;
    byId("browse-back").hidden = !open;
    byId("sketch-output").classList.toggle("browsing", open);
  }

  #showGallery() {
    this.#loading.abort();
    this.#loading = new AbortController();
    this.#isLoading = false;
    this.#gallery = this.#search.gallery;
    this.#labels = this.#search.scope.labels.join();
    this.#last = 0;
    this.#notice.clear();
    this.#tiles.clear();
    this.#more.hidden = false;
    this.#load();
  }

  /** Photos may have been added. */
  #follow() {
    this.#button.hidden = this.#search.gallery === "";
    if (this.#panel.hidden) return;
    this.#showTools();
    const isAll = this.#labels !== "" || (this.#listed?.photos ?? 0) <= this.#tiles.photos.length;
    if (!isAll) this.#more.hidden = false;
  }

  async #load() {
    if (this.#panel.hidden || this.#isLoading || this.#more.hidden) return;
    const { signal } = this.#loading;
    this.#isLoading = true;
    const page = { after: this.#last, limit: PAGE, labels: this.#search.scope.labels };
    try {
      const { photos, next } = await api.listPhotos(this.#gallery, page, signal);
      if (signal.aborted) return;
      this.#last = photos.at(-1)?.id ?? this.#last;
      this.#more.hidden = next === null;
      this.#tiles.add(photos);
      this.#isLoading = false;
      this.#loadIfVisible();
    } catch (error) {
      if (!signal.aborted) this.#notice.show(error);
    } finally {
      if (!signal.aborted) this.#isLoading = false;
    }
  }

  /** The observer is silent while the end of the list stays visible. */
  #loadIfVisible() {
    if (!this.#more.hidden && this.#more.getBoundingClientRect().top < innerHeight) this.#load();
  }

  #showTools() {
    const { selecting, selected } = this.#tiles;
    const count = this.#listed?.photos ?? this.#tiles.photos.length;
    byId("browse-title").textContent = this.#gallery;
    byId("browse-count").textContent = selecting ? `${selected.length} selected` : countText(count);
    byId("browse-select").textContent = selecting ? "Done" : "Select";
    byId("browse-all").hidden = byId("browse-delete").hidden = !selecting;
    byId("browse-delete", HTMLButtonElement).disabled = selected.length === 0;
    byId("browse-select").hidden = count === 0;
    byId("browse-delete-gallery").hidden = selecting;
    byId("browse-empty").hidden = count > 0;
  }

  /** @param {Photo} photo */
  #show(photo) {
    const { photos } = this.#tiles;
    const index = photos.findIndex(({ id }) => id === photo.id);
    const metadata = Object.entries(photo.metadata);
    this.#viewer.show({
      title: hitName(photo),
      url: screenUrl(photo.url),
      thumbnail: thumbnailUrl(photo.url),
      facts: [
        ["Size", `${photo.width} × ${photo.height}`],
        ["Photo", String(photo.id)],
        ...metadata.map(([name, value]) => /** @type {[string, string]} */ ([name, textOf(value)])),
      ],
      actions: this.#actions(photo),
      step: photos.length > 1 ? (by) => this.#step(index + by) : undefined,
    });
  }

  /** @param {number} index */
  #step(index) {
    const { photos } = this.#tiles;
    const photo = photos[(index + photos.length) % photos.length];
    if (photo) this.#show(photo);
  }

  /**
   * @param {Photo} photo
   * @returns {Action[]}
   */
  #actions(photo) {
    const source = sourceAddress(photo);
    /** @type {Action[]} */
    const actions = [
      {
        label: "More like this",
        icon: "similar",
        run: () => this.#search.showSimilar(photo.id, hitName(photo)),
      },
      { label: "Download", icon: "download", run: () => download(photo), stays: true },
    ];
    if (source) actions.push({ label: "Open its source", icon: "link", href: source });
    actions.push({ label: "Change the label", icon: "pen", run: () => this.#changeLabel(photo) });
    actions.push({ label: "Delete", icon: "clear", run: () => this.#delete([photo.id]) });
    return actions;
  }

  /** @param {number[]} ids */
  async #delete(ids) {
    this.#notice.clear();
    try {
      const agreed = await deletePhotos(this.#gallery, ids, (id) => this.#tiles.remove(id));
      if (agreed) announce(`${countText(ids.length)} deleted`, 100);
    } catch (error) {
      this.#notice.show(error);
    }
    await this.#service.poll();
    this.#loadIfVisible();
  }

  /** @param {Photo} photo */
  async #changeLabel(photo) {
    try {
      if (!(await changeLabel(this.#gallery, photo))) return;
      this.#search.followLabels();
      this.#showGallery();
    } catch (error) {
      this.#notice.show(error);
    }
  }

  async #deleteGallery() {
    try {
      if (!(await deleteGallery(this.#gallery, this.#listed?.photos ?? 0))) return;
      announce(`The gallery ${this.#gallery} is deleted`, 100);
      this.#close();
      await this.#service.poll();
    } catch (error) {
      this.#notice.show(error);
    }
  }
}

/** @param {unknown} value */
function textOf(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}
