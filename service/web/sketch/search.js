// Sketch search: it sends requests while someone draws, and shows the newest answer.
import * as api from "../shell/api.js";
import { announce } from "../shell/announce.js";
import { byId } from "../shell/dom.js";
import { LatestRequest } from "../shell/latest-request.js";
import { Notice } from "../shell/notice.js";
import { GallerySelect } from "./gallery-select.js";
import { HitGrid } from "./hit-grid.js";
import { hitName, hitsAnnouncement, hitsNote } from "./hit-text.js";
import { HitViewer } from "./hit-viewer.js";

/** @import { Hit, SearchResult } from "iiae-api" */
/** @import { ServiceState } from "../shell/service-state.js" */
/** @import { Viewer } from "../shell/viewer.js" */
/** @import { SketchCanvas } from "./canvas.js" */
/** @import { Drawing } from "./drawing.js" */
/** @import { ExtraQueries } from "./extra-queries.js" */

/** @typedef {SearchResult & { milliseconds: number }} Answer */
/**
 * A photo whose similar photos are shown.
 * @typedef {{ gallery: string, id: number, label: string | null }} SimilarTo
 */

const PAGE = 24; // hits
const MAX_HITS = 240;

/** Fires "change" when the query changes. */
export class SketchSearch extends EventTarget {
  #service;
  #drawing;
  #canvas;
  #extraQueries;
  #hitViewer;
  #galleries;
  #expand = byId("expand", HTMLInputElement);
  /** @type {boolean | undefined} */
  #chosenExpand;
  #notice = new Notice(byId("sketch-notice"));
  #grid = new HitGrid(byId("hits"), (hit) => this.#hitViewer.open(hit, this.#answer?.scores ?? ""));
  /** @type {LatestRequest<Answer>} */
  #requests = new LatestRequest({ minInterval: 60, onIdle: () => byId("hits").removeAttribute("aria-busy") });
  /** @type {Answer | null} */
  #answer = null;
  /** @type {SimilarTo | null} */
  #similarTo = null;
  #maxHits = PAGE;

  /**
   * @param {ServiceState} service
   * @param {Drawing} drawing
   * @param {SketchCanvas} canvas
   * @param {ExtraQueries} extraQueries
   * @param {Viewer} viewer
   */
  constructor(service, drawing, canvas, extraQueries, viewer) {
    super();
    this.#service = service;
    this.#drawing = drawing;
    this.#canvas = canvas;
    this.#extraQueries = extraQueries;
    this.#hitViewer = new HitViewer(viewer, this.#grid, [
      { label: "More like this", icon: "similar", run: (hit) => this.#showSimilar(hit) },
      { label: "Combine with the drawing", icon: "add", run: (hit) => this.#combine(hit) },
    ]);
    this.#galleries = new GallerySelect(service);
    this.#galleries.addEventListener("update", () => {
      this.#showExpand();
      this.#repeat();
    });
    this.#galleries.addEventListener("select", () => this.#changeGallery());
    drawing.addEventListener("change", () => this.#changeQuery());
    canvas.addEventListener("grow", () => this.#changeQuery({ urgent: false }));
    extraQueries.addEventListener("change", () => this.#changeQuery());
    this.#expand.addEventListener("change", () => {
      this.#chosenExpand = this.#expand.checked;
      this.#changeQuery();
    });
    byId("more-hits").addEventListener("click", () => this.#showMore());
    byId("back-to-drawing").addEventListener("click", () => this.#changeQuery());
    this.#show(null);
  }

  get gallery() {
    return this.#similarTo?.gallery ?? this.#galleries.name;
  }

  /** The id of the photo whose similar photos are shown, if any. */
  get similarTo() {
    return this.#similarTo?.id;
  }

  /** Whether to expand the query with the first hits. If undefined, the gallery decides. */
  get expand() {
    return this.#chosenExpand;
  }

  set expand(expand) {
    this.#chosenExpand = expand;
    this.#showExpand();
  }

  #showExpand() {
    this.#expand.checked = this.expand ?? this.#galleries.listed?.expand ?? true;
  }

  /**
   * Search this gallery, as soon as the service lists it.
   * @param {string} name
   */
  chooseGallery(name) {
    this.#galleries.choose(name);
  }

  /**
   * Show the photos that are similar to a photo of the selected gallery.
   * @param {number} id
   */
  showSimilar(id) {
    const label = this.#answer?.hits.find((hit) => hit.id === id)?.label ?? null;
    this.#searchSimilar({ gallery: this.gallery, id, label });
  }

  get #isEmpty() {
    return this.#canvas.isBlank && this.#extraQueries.isEmpty;
  }

  /** Search again, because the gallery is another one or has changed. */
  #repeat() {
    this.#reportChange();
    if (this.#similarTo) this.#searchSimilar(this.#similarTo);
    else if (!this.#isEmpty) this.#search();
  }

  #changeGallery() {
    this.expand = undefined;
    this.#maxHits = PAGE;
    this.#requests.cancel();
    this.#changeQuery();
  }

  /** A stroke that still grows is not urgent. */
  #changeQuery({ urgent = true } = {}) {
    if (this.#similarTo) {
      this.#similarTo = null;
      this.#maxHits = PAGE;
    }
    this.#reportChange();
    if (!this.#isEmpty) {
      this.#search({ urgent });
      return;
    }
    this.#requests.cancel();
    this.#notice.clear();
    this.#maxHits = PAGE;
    this.#show(null);
  }

  #search({ urgent = true } = {}) {
    if (this.#service.galleriesKnown) this.#submit((signal) => this.#sendQuery(signal), { urgent });
  }

  /** @param {SimilarTo} similarTo */
  #searchSimilar(similarTo) {
    const maxHits = this.#maxHits;
    this.#similarTo = similarTo;
    this.#requests.cancel();
    this.#reportChange();
    this.#submit((signal) => api.similar(similarTo.gallery, similarTo.id, maxHits, signal));
  }

  /**
   * Search with the drawings and the photo; with the photo alone if there are no drawings.
   * @param {AbortSignal} signal
   */
  #sendQuery(signal) {
    const { photo, sketches: added } = this.#extraQueries;
    const sketches = this.#canvas.isBlank ? added : [...added, this.#canvas.toPicture()];
    const options = { gallery: this.#galleries.name, k: this.#maxHits };
    if (sketches.length > 0) {
      return api.searchBySketch({ sketch: sketches, photo, expand: this.expand, ...options }, signal);
    }
    return api.retrieve({ image: photo, source: this.#galleries.listed?.domain, ...options }, signal);
  }

  /**
   * @param {(signal: AbortSignal) => Promise<SearchResult>} send
   * @param {{ urgent?: boolean }} [options]
   */
  #submit(send, { urgent = true } = {}) {
    byId("hits").setAttribute("aria-busy", "true");
    this.#requests.submit({
      urgent,
      run: async (signal) => {
        const start = performance.now();
        const result = await send(signal);
        const milliseconds = performance.now() - start;
        await this.#grid.prepare(result.hits);
        return { ...result, milliseconds };
      },
      show: (answer) => {
        this.#notice.clear();
        this.#show(answer);
      },
      fail: (error) => this.#fail(error),
    });
  }

  /** @param {Error} error */
  #fail(error) {
    const code = error instanceof api.Problem ? error.code : "";
    if (code === "gallery_not_found") this.#show(null);
    const strokeHasJustStarted = code === "sketch_empty" && this.#drawing.strokes !== null;
    if (!strokeHasJustStarted) this.#notice.show(error);
  }

  /** @param {Answer | null} answer */
  #show(answer) {
    this.#answer = answer;
    const hits = answer?.hits ?? [];
    this.#grid.show(hits, answer?.scores ?? "");
    byId("sketch-empty").hidden = answer !== null;
    const note = answer ? hitsNote(hits, this.#isEmptyGallery(answer.gallery)) : "";
    byId("hits-note").textContent = note;
    byId("hits-note").className = hits.length > 0 ? "meta" : "empty";
    byId("hits-note").hidden = note === "";
    byId("hits-title").textContent = this.#similarTo ? `More like ${hitName(this.#similarTo)}` : "Hits";
    byId("back-to-drawing").hidden = !this.#similarTo;
    byId("gallery-field").hidden = this.#similarTo !== null;
    byId("hits-meta").textContent = answer ? `${hits.length} · ${Math.round(answer.milliseconds)} ms` : "";
    byId("copy-link").hidden = answer === null;
    byId("expand-field").hidden = answer === null || this.#similarTo !== null;
    byId("more-hits").hidden = hits.length < this.#maxHits || this.#maxHits >= MAX_HITS;
    announce(hitsAnnouncement(hits) || note);
  }

  /** @param {string} name */
  #isEmptyGallery(name) {
    return this.#service.galleries.some((gallery) => gallery.name === name && gallery.photos === 0);
  }

  #showMore() {
    this.#maxHits += PAGE;
    if (this.#similarTo) this.#searchSimilar(this.#similarTo);
    else this.#search();
  }

  /** @param {Hit} hit */
  #showSimilar({ id, label }) {
    if (!this.#answer) return;
    this.#maxHits = PAGE;
    this.#searchSimilar({ gallery: this.#answer.gallery, id, label });
  }

  /** @param {Hit} hit */
  #combine({ url }) {
    api.photo(url).then(
      (photo) => this.#extraQueries.setPhoto(photo),
      (error) => this.#notice.show(error),
    );
  }

  #reportChange() {
    this.dispatchEvent(new Event("change"));
  }
}
