// What the page shows of an answer: heading, number, note, grid, and that a search is in progress.
import { announce } from "../shell/announce.js";
import { byId } from "../shell/dom.js";
import { Progress } from "../shell/progress.js";
import { HitGrid } from "./hit-grid.js";
import { countText, hitName, hitsAnnouncement, hitsNote } from "./hit-text.js";

/** @import { Hit } from "iiae-api" */
/** @import { ServiceState } from "../shell/service-state.js" */
/** @import { Answer, SimilarTo } from "./search.js" */

export class ResultView {
  grid;
  #service;
  #hasAnswer = false;
  #progress = new Progress(() => byId(this.#hasAnswer ? "hits-progress" : "hits-waiting"), "Searching");

  /**
   * @param {ServiceState} service
   * @param {(hit: Hit) => void} onOpen
   */
  constructor(service, onOpen) {
    this.#service = service;
    this.grid = new HitGrid(byId("hits"), onOpen);
  }

  /** @param {boolean} busy */
  setBusy(busy) {
    if (busy) byId("hits").setAttribute("aria-busy", "true");
    else byId("hits").removeAttribute("aria-busy");
    if (busy) this.#progress.start();
    else this.#progress.stop();
  }

  /**
   * @param {Answer | null} answer
   * @param {{ similarTo: SimilarTo | null, maxHits: number }} query
   */
  show(answer, { similarTo, maxHits }) {
    this.#hasAnswer = answer !== null;
    const hits = answer?.hits ?? [];
    this.grid.show(hits, answer?.scores ?? "");
    const note = answer ? hitsNote(hits, this.#isEmptyGallery(answer.gallery)) : "";
    byId("hits-note").textContent = note;
    byId("hits-note").className = hits.length > 0 ? "meta" : "empty";
    byId("hits-note").hidden = note === "";
    byId("results-head").hidden = answer === null;
    byId("hits-title").textContent = similarTo ? `More like ${hitName(similarTo)}` : "Results";
    byId("back-to-drawing").hidden = !similarTo;
    byId("gallery-field").hidden = similarTo !== null;
    byId("hits-meta").textContent = answer ? countText(hits.length) : "";
    byId("copy-link").hidden = answer === null;
    byId("expand-field").hidden = answer === null || similarTo !== null;
    byId("more-hits").hidden = hits.length < maxHits;
    announce(hitsAnnouncement(hits) || note);
  }

  /** @param {string} name */
  #isEmptyGallery(name) {
    return this.#service.galleries.some((gallery) => gallery.name === name && gallery.photos === 0);
  }
}
