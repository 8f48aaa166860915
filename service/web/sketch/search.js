// Sketch search: it sends requests while someone draws, and shows the newest answer.
import { absenceOf } from "../shell/absence.js";
import { similar } from "../shell/api.js";
import { byId } from "../shell/dom.js";
import { Problem } from "../shell/http.js";
import { changeLabel } from "../photos/label-dialog.js";
import { LatestRequest } from "../shell/latest-request.js";
import { Notice } from "../shell/notice.js";
import { photo } from "../shell/pictures.js";
import { HitViewer } from "./hit-viewer.js";
import { showHint } from "./hint.js";
import { Query } from "./query.js";
import { ResultView } from "./result-view.js";
import { Scope } from "./scope.js";

/** @import { Hit, SearchResult } from "iiae-api" */
/** @import { ServiceState } from "../shell/service-state.js" */
/** @import { Viewer } from "../shell/viewer.js" */
/** @import { SketchCanvas } from "./canvas.js" */
/** @import { Drawing } from "./drawing.js" */
/** @import { ExtraQueries } from "./extra-queries.js" */

/** @typedef {SearchResult} Answer */
/**
 * A photo whose similar photos are shown.
 * @typedef {{ gallery: string, id: number, label: string | null }} SimilarTo
 */

const PAGE = 24; // hits
const MAX_HITS = 240;

/** Fires "change" when the query or the gallery changes, and "query" when the visitor changes the query. */
export class SketchSearch extends EventTarget {
  #service;
  #drawing;
  #query;
  #extraQueries;
  #hitViewer;
  #scope;
  #notice = new Notice(byId("sketch-notice"));
  #view;
  /** @type {LatestRequest<Answer>} */
  #requests = new LatestRequest({ minInterval: 60, onIdle: () => this.#view.setBusy(false) });
  /** @type {Answer | null} */
  #answer = null;
  /** @type {SimilarTo | null} */
  #similarTo = null;
  #maxHits = PAGE;
  #wasCutOff = false; // whether the last search failed because the service was away

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
    this.#query = new Query(drawing, canvas, extraQueries);
    this.#extraQueries = extraQueries;
    const open = (/** @type {Hit} */ hit) => this.#hitViewer.open(hit, this.#answer?.scores ?? "");
    this.#view = new ResultView(service, open);
    this.#hitViewer = new HitViewer(viewer, this.#view.grid, [
      { label: "More like this", icon: "similar", run: (hit) => this.#showSimilar(hit) },
      { label: "Combine with my drawing", icon: "add", run: (hit) => this.#combine(hit) },
      { label: "Change the label", icon: "pen", run: (hit) => this.#changeLabel(hit) },
    ]);
    this.#scope = new Scope(service);
    this.#scope.addEventListener("update", () => this.#repeat());
    this.#scope.addEventListener("select", () => this.#changeGallery());
    this.#scope.addEventListener("expand", () => this.#changeQuery());
    this.#query.addEventListener("change", () => this.#changeQuery());
    this.#query.addEventListener("grow", () => this.#changeQuery({ urgent: false }));
    service.addEventListener("change", () => this.#followService());
    byId("more-hits").addEventListener("click", () => this.#showMore());
    byId("back-to-drawing").addEventListener("click", () => this.#changeQuery());
    this.#show(null);
  }

  get scope() {
    return this.#scope;
  }

  /** The gallery whose photos are shown. */
  get gallery() {
    return this.#similarTo?.gallery ?? this.#scope.gallery;
  }

  /** The id of the photo whose similar photos are shown, if any. */
  get similarTo() {
    return this.#similarTo?.id;
  }

  /**
   * Show the photos that are similar to a photo of the selected gallery.
   * @param {number} id
   * @param {string | null} [name] if the photo is not among the shown ones
   */
  showSimilar(id, name = null) {
    const label = name ?? this.#answer?.hits.find((hit) => hit.id === id)?.label ?? null;
    this.#maxHits = PAGE;
    this.dispatchEvent(new Event("query"));
    this.#searchSimilar({ gallery: this.gallery, id, label });
  }

  /** Show the hint that fits, and repeat a search that failed while the service was away. */
  #followService() {
    this.#showHint();
    if (!this.#wasCutOff || !this.#service.isReady) return;
    this.#wasCutOff = false;
    this.#repeat();
  }

  #showHint() {
    showHint({
      absence: absenceOf(this.#service, "sbir"),
      hasGallery: this.#scope.gallery !== "",
      isEmpty: this.#query.isEmpty && !this.#similarTo,
      isTooLittle: this.#query.isTooLittle,
      hasAnswer: this.#answer !== null,
    });
  }

  /** Search again, because the gallery is another one or has changed. */
  #repeat() {
    this.#reportChange();
    if (this.#similarTo) this.#searchSimilar(this.#similarTo);
    else if (this.#query.isSearchable) this.#search();
  }

  #changeGallery() {
    this.#maxHits = PAGE;
    this.#requests.cancel();
    this.#startQuery({ urgent: true });
  }

  /** A stroke that still grows is not urgent. */
  #changeQuery({ urgent = true } = {}) {
    this.dispatchEvent(new Event("query"));
    this.#startQuery({ urgent });
  }

  /** @param {{ urgent: boolean }} options */
  #startQuery({ urgent }) {
    if (this.#similarTo) {
      this.#similarTo = null;
      this.#maxHits = PAGE;
    }
    this.#reportChange();
    if (this.#query.isSearchable) {
      this.#search({ urgent });
      this.#showHint();
      return;
    }
    this.#requests.cancel();
    this.#notice.clear();
    this.#maxHits = PAGE;
    this.#show(null);
  }

  #search({ urgent = true } = {}) {
    if (!this.#service.galleriesKnown) return;
    this.#submit((signal) => this.#query.send(this.#scope, this.#maxHits, signal), { urgent });
  }

  /** @param {SimilarTo} similarTo */
  #searchSimilar(similarTo) {
    const maxHits = this.#maxHits;
    this.#similarTo = similarTo;
    this.#requests.cancel();
    this.#reportChange();
    this.#submit((signal) =>
      similar(similarTo.gallery, { id: similarTo.id, k: maxHits, labels: this.#scope.labels }, signal),
    );
  }

  /**
   * @param {(signal: AbortSignal) => Promise<SearchResult>} send
   * @param {{ urgent?: boolean }} [options]
   */
  #submit(send, { urgent = true } = {}) {
    this.#view.setBusy(true);
    this.#requests.submit({
      urgent,
      run: async (signal) => {
        const result = await send(signal);
        await this.#view.grid.prepare(result.hits);
        return result;
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
    const { code, status } = error instanceof Problem ? error : { code: "", status: -1 };
    this.#wasCutOff = status === 0 || status >= 500;
    if (code === "gallery_not_found") this.#show(null);
    const strokeHasJustStarted = code === "sketch_empty" && this.#drawing.strokes !== null;
    if (!strokeHasJustStarted) this.#notice.show(error, { repeats: true });
  }

  /** @param {Answer | null} answer */
  #show(answer) {
    this.#answer = answer;
    this.#view.show(answer, { similarTo: this.#similarTo, maxHits: this.#maxHits });
    this.#showHint();
    byId("more-hits").hidden ||= this.#maxHits >= MAX_HITS;
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
    photo(url).then(
      (chosen) => this.#extraQueries.setPhoto(chosen),
      (error) => this.#notice.show(error),
    );
  }

  /** @param {Hit} hit */
  async #changeLabel(hit) {
    try {
      if (await changeLabel(this.gallery, hit)) this.followLabels();
    } catch (error) {
      this.#notice.show(error);
    }
  }

  /** Labels of the gallery have changed. */
  followLabels() {
    this.#scope.followLabels();
    this.#repeat();
  }

  #reportChange() {
    this.dispatchEvent(new Event("change"));
  }
}
