// Sketch search: asks while someone draws, and shows the newest answer.
import * as api from "./api.js";
import { announce } from "./announce.js";
import { byId, element, fillSelect } from "./dom.js";
import { Hits, scoreText } from "./hits.js";
import { Latest } from "./latest.js";
import { Notice } from "./notice.js";

const PAGE = 24;
const MOST = 240;

export class SketchSearch {
  #service;
  #canvas;
  #viewer;
  #gallery = byId("gallery");
  #notice = new Notice(byId("sketch-notice"));
  #hits = new Hits(byId("hits"), (hit) => this.#open(hit));
  #latest = new Latest({ interval: 120 });
  #answer = null;
  #alike = null; // the hit that the others are like, while they are shown
  #k = PAGE;

  constructor(service, drawing, canvas, viewer) {
    this.#service = service;
    this.#canvas = canvas;
    this.#viewer = viewer;
    service.addEventListener("change", () => this.#fill());
    drawing.addEventListener("change", () => this.#drawn());
    canvas.addEventListener("move", () => this.#drawn());
    this.#gallery.addEventListener("change", () => { this.#k = PAGE; this.#latest.cancel(); this.#drawn(); });
    byId("more-hits").addEventListener("click", () => this.#more());
    byId("back-to-drawing").addEventListener("click", () => this.#drawn());
    this.#show(null);
  }

  #fill() {
    const able = new Set(this.#service.able("sbir").map((model) => model.id));
    const before = this.#gallery.value;
    const galleries = this.#service.galleries.filter((gallery) => able.has(gallery.model));
    fillSelect(this.#gallery, galleries.map(({ name, photos, outdated }) => [name, `${name} (${outdated ? "outdated" : photos.toLocaleString("en")})`]));
    this.#credit();
    if (this.#gallery.value !== before && !this.#canvas.blank) this.#drawn();
  }

  #credit() {
    const gallery = this.#service.galleries.find(({ name }) => name === this.#gallery.value);
    byId("credit").textContent = gallery?.credit ? `Pictures: ${gallery.credit}` : "";
  }

  #drawn() {
    if (this.#alike) {
      this.#alike = null;
      this.#k = PAGE;
    }
    this.#credit();
    if (!this.#canvas.blank) return this.#search();
    this.#latest.cancel();
    this.#notice.clear();
    this.#k = PAGE;
    this.#show(null);
  }

  #search() {
    const [gallery, k] = [this.#gallery.value, this.#k];
    this.#ask(async (signal) => api.searchBySketch({ sketch: await this.#canvas.picture(), gallery, k }, signal));
  }

  #ask(call) {
    this.#latest.ask({
      run: async (signal) => {
        const since = performance.now();
        const answer = await call(signal);
        const took = performance.now() - since;
        await this.#hits.prepare(answer.hits);
        return { ...answer, took };
      },
      show: (answer) => { this.#notice.clear(); this.#show(answer); },
      fail: (problem) => this.#notice.show(problem),
    });
  }

  #show(answer) {
    this.#answer = answer;
    const hits = answer?.hits ?? [];
    this.#hits.show(hits, answer?.scores);
    byId("sketch-empty").hidden = answer !== null;
    byId("hits-title").textContent = this.#alike ? `More like ${name(this.#alike)}` : "Hits";
    byId("back-to-drawing").hidden = !this.#alike;
    byId("gallery-field").hidden = this.#alike !== null;
    byId("hits-meta").textContent = answer ? `${hits.length} · ${Math.round(answer.took)} ms` : "";
    byId("more-hits").hidden = hits.length < this.#k || this.#k >= MOST;
    if (answer) announce(hits.length > 0 ? `${hits.length} hits, the nearest is ${name(hits[0])}` : "The gallery is empty");
    else announce("");
  }

  #more() {
    this.#k += PAGE;
    if (this.#alike) this.#likeThis(this.#alike);
    else this.#search();
  }

  #likeThis(hit) {
    const [gallery, k] = [this.#answer.gallery, this.#k];
    this.#alike = hit;
    this.#latest.cancel();
    this.#ask((signal) => api.similar(gallery, hit.id, k, signal));
  }

  #open(hit) {
    const hits = this.#hits.shown;
    const place = hits.findIndex(({ id }) => id === hit.id);
    const facts = [[this.#answer.scores === "probability" ? "Likely" : "Score", scoreText(hit.score, this.#answer.scores)], ["Place", `${place + 1} of ${hits.length}`], ["Photo", String(hit.id)]];
    for (const [key, value] of Object.entries(hit.metadata ?? {})) facts.push([key, typeof value === "string" ? value : JSON.stringify(value)]);
    this.#viewer.show({
      title: name(hit), url: api.pictureUrl(hit.url), preview: byId("hits").children[place]?.querySelector("img")?.src, facts,
      actions: [{ label: "More like this", icon: "alike", run: () => { this.#k = PAGE; this.#likeThis(hit); } }],
      step: hits.length > 1 ? (by) => this.#open(hits[(place + by + hits.length) % hits.length]) : undefined,
    });
  }
}

function name(hit) {
  return hit.label ?? `photo ${hit.id}`;
}

/** The chips that draw an example. */
export function exampleChips(holder, names, draw) {
  holder.replaceChildren(...names.map((each) => element("button", { type: "button", className: "chip", textContent: each, onclick: () => draw(each) })));
}
