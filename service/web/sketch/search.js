// Sketch search: asks while someone draws, and shows the newest answer.
import * as api from "../shell/api.js";
import { announce } from "../shell/announce.js";
import { byId, element, fillSelect } from "../shell/dom.js";
import { Hits, scoreText } from "./hit-grid.js";
import { Latest } from "../shell/latest-request.js";
import { Notice } from "../shell/notice.js";

const PAGE = 24;
const MOST = 240;

/** Fires "change" when something else is searched for, and "show" when an answer is shown. */
export class SketchSearch extends EventTarget {
  #service;
  #drawing;
  #canvas;
  #beside;
  #viewer;
  #gallery = byId("gallery");
  #expand = byId("expand");
  #notice = new Notice(byId("sketch-notice"));
  #hits = new Hits(byId("hits"), (hit) => this.#open(hit));
  #latest = new Latest({ interval: 60, rest: () => byId("hits").removeAttribute("aria-busy") });
  #answer = null;
  #alike = null; // {gallery, id, label} of the hit that the others are like, while they are shown
  #wanted = ""; // a gallery that a link names, until galleries are known
  #filled = "";
  #k = PAGE;

  constructor(service, drawing, canvas, beside, viewer) {
    super();
    this.#service = service;
    this.#drawing = drawing;
    this.#canvas = canvas;
    this.#beside = beside;
    this.#viewer = viewer;
    service.addEventListener("change", () => this.#fill());
    drawing.addEventListener("change", () => this.#drawn());
    canvas.addEventListener("move", () => this.#drawn(false));
    beside.addEventListener("change", () => this.#drawn());
    this.#gallery.addEventListener("change", () => this.#turn());
    this.#expand.addEventListener("change", () => this.#drawn());
    byId("more-hits").addEventListener("click", () => this.#more());
    byId("back-to-drawing").addEventListener("click", () => this.#drawn());
    this.#show(null);
  }

  get gallery() {
    return this.#alike?.gallery ?? (this.#wanted || this.#gallery.value);
  }

  /** The id of the photo that the hits are like, where they are. */
  get alike() {
    return this.#alike?.id;
  }

  get expand() {
    return this.#expand.checked;
  }

  /** Searches this gallery, once it is there. */
  choose(gallery) {
    this.#wanted = gallery;
    this.#fill();
  }

  /** Shows what is like a photo of the gallery that is chosen; its label is looked for among what is known. */
  likePhoto(id) {
    this.#likeThis({ gallery: this.gallery, id, label: this.#answer?.hits.find((hit) => hit.id === id)?.label ?? null });
  }

  /** How an answer widens: its first hits join the query, or do not. */
  setExpand(expand) {
    this.#expand.checked = expand;
  }

  #fill() {
    const able = new Set(this.#service.able("sbir").map((model) => model.id));
    const galleries = this.#service.galleries.filter((gallery) => able.has(gallery.model));
    const options = galleries.map(({ name, photos, outdated }) => [name, `${name} (${outdated ? "outdated" : photos.toLocaleString("en")})`]);
    const here = galleries.some(({ name }) => name === this.#wanted);
    // one that is not here is asked for all the same: the service says so, which beats hits of another gallery
    if (this.#wanted && !here && this.#service.known) options.push([this.#wanted, `${this.#wanted} (not here)`]);
    fillSelect(this.#gallery, options);
    if (this.#wanted) this.#gallery.value = this.#wanted;
    if (here) this.#wanted = "";
    this.#credit();
    const chosen = galleries.find(({ name }) => name === this.#gallery.value);
    const filled = JSON.stringify(chosen ?? this.#gallery.value);
    if (filled === this.#filled) return;
    this.#filled = filled;
    this.dispatchEvent(new Event("change"));
    if (this.#alike) this.#likeThis(this.#alike);
    else if (!this.#nothing) this.#search();
  }

  #credit() {
    const gallery = this.#service.galleries.find(({ name }) => name === this.#gallery.value);
    byId("credit").textContent = gallery?.credit ? `Pictures: ${gallery.credit}` : "";
  }

  get #nothing() {
    return this.#canvas.blank && this.#beside.empty;
  }

  #turn() {
    this.#wanted = "";
    this.#k = PAGE;
    this.#fill();
    this.#latest.cancel();
    this.#drawn();
  }

  /** Something else is wanted; a stroke that still grows is not urgent. */
  #drawn(urgent = true) {
    if (this.#alike) {
      this.#alike = null;
      this.#k = PAGE;
    }
    this.#credit();
    this.dispatchEvent(new Event("change"));
    if (!this.#nothing) return this.#search(urgent);
    this.#latest.cancel();
    this.#notice.clear();
    this.#k = PAGE;
    this.#show(null);
  }

  #search(urgent = true) {
    if (this.#service.known) this.#ask((signal) => this.#asked(signal), urgent);
  }

  async #asked(signal) {
    const { photo } = this.#beside;
    const [gallery, k] = [this.#gallery.value, this.#k];
    const sketches = [...this.#beside.sketches, ...(this.#canvas.blank ? [] : [this.#canvas.picture()])];
    if (sketches.length > 0) return api.searchBySketch({ sketch: sketches, photo, gallery, k, expand: this.expand }, signal);
    const domain = this.#service.galleries.find(({ name }) => name === gallery)?.domain;
    return api.retrieve({ image: photo, gallery, k, source: domain }, signal);
  }

  #ask(call, urgent = true) {
    byId("hits").setAttribute("aria-busy", "true");
    this.#latest.ask({
      urgent,
      run: async (signal) => {
        const since = performance.now();
        const answer = await call(signal);
        const took = performance.now() - since;
        await this.#hits.prepare(answer.hits);
        return { ...answer, took };
      },
      show: (answer) => { this.#notice.clear(); this.#show(answer); },
      fail: (problem) => this.#fail(problem),
    });
  }

  /** A stroke that has just begun is no drawing yet, which need not be said; a picture without ink must be. */
  #fail(problem) {
    if (problem.code === "gallery_not_found") this.#show(null);
    if (problem.code !== "sketch_empty" || !this.#drawing.strokes) this.#notice.show(problem);
  }

  #show(answer) {
    this.#answer = answer;
    const hits = answer?.hits ?? [];
    this.#hits.show(hits, answer?.scores);
    byId("sketch-empty").hidden = answer !== null;
    byId("sketch-none").hidden = answer === null || hits.length > 0;
    byId("hits-title").textContent = this.#alike ? `More like ${name(this.#alike)}` : "Hits";
    byId("back-to-drawing").hidden = !this.#alike;
    byId("gallery-field").hidden = this.#alike !== null;
    byId("hits-meta").textContent = answer ? `${hits.length} · ${Math.round(answer.took)} ms` : "";
    byId("copy-link").hidden = answer === null;
    byId("expand-field").hidden = answer === null || this.#alike !== null;
    byId("more-hits").hidden = hits.length < this.#k || this.#k >= MOST;
    if (answer) announce(hits.length > 0 ? `${hits.length} hits, the nearest is ${name(hits[0])}` : "The gallery is empty");
    else announce("");
    this.dispatchEvent(new Event("show"));
  }

  #more() {
    this.#k += PAGE;
    if (this.#alike) this.#likeThis(this.#alike);
    else this.#search();
  }

  #likeThis(alike) {
    const k = this.#k;
    this.#alike = alike;
    this.#latest.cancel();
    this.dispatchEvent(new Event("change"));
    this.#ask((signal) => api.similar(alike.gallery, alike.id, k, signal));
  }

  #open(hit) {
    const hits = this.#hits.shown;
    const { gallery, scores } = this.#answer;
    const place = hits.findIndex(({ id }) => id === hit.id);
    const facts = [[scores === "probability" ? "Likely" : "Score", scoreText(hit.score, scores)], ["Place", `${place + 1} of ${hits.length}`], ["Photo", String(hit.id)]];
    for (const [key, value] of Object.entries(hit.metadata ?? {})) facts.push([key, typeof value === "string" ? value : JSON.stringify(value)]);
    const alike = () => { this.#k = PAGE; this.#likeThis({ gallery, id: hit.id, label: hit.label }); };
    const beside = () => api.photo(hit.url).then((photo) => this.#beside.setPhoto(photo), (problem) => this.#notice.show(problem));
    this.#viewer.show({
      title: name(hit), url: api.pictureUrl(hit.url), preview: byId("hits").children[place]?.querySelector("img")?.src, facts,
      actions: [{ label: "More like this", icon: "alike", run: alike }, { label: "Like this, but drawn so", icon: "add", run: beside }],
      step: hits.length > 1 ? (by) => this.#open(hits[(place + by + hits.length) % hits.length]) : undefined,
    });
  }
}

function name({ label, id }) {
  return label ?? `photo ${id}`;
}

/** The chips that draw an example. */
export function exampleChips(holder, names, draw) {
  holder.replaceChildren(...names.map((each) => element("button", { type: "button", className: "chip", textContent: each, onclick: () => draw(each) })));
}
