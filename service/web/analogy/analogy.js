// Analogy: what one picture shows, in the way that another of its domain shows it.
import * as api from "../shell/api.js";
import { announce } from "../shell/announce.js";
import { byId, chosenSegment, fillSegments, fillSelect } from "../shell/dom.js";
import { Generated, unpacked } from "../generation/results.js";
import { Latest } from "../shell/latest-request.js";
import { Notice } from "../shell/notice.js";
import { PictureInput } from "../generation/picture-input.js";

export class AnalogyMode {
  #service;
  #model = byId("analogy-model");
  #domain = byId("analogy-domain");
  #notice = new Notice(byId("analogy-notice"));
  #image = new PictureInput(byId("analogy-image"), { title: "What", hint: "The picture whose content to keep" });
  #reference = new PictureInput(byId("analogy-reference"), { title: "How", hint: "The picture whose style to take" });
  #latest = new Latest({ interval: 200, patience: 4000 });
  #generated;
  #offered = [];
  #opened = false;

  constructor(service, viewer) {
    this.#service = service;
    this.#generated = new Generated(byId("analogy-results"), viewer, (image, answer) => [
      { label: "Use as what", icon: "picture", run: () => this.#image.set(image.blob, answer.target) },
      { label: "Use as how", icon: "spark", run: () => this.#reference.set(image.blob, answer.target) },
    ]);
    service.addEventListener("change", () => this.#fill());
    this.#model.addEventListener("change", () => this.#changeModel());
    this.#image.addEventListener("change", () => this.#run());
    this.#reference.addEventListener("change", () => this.#run());
    byId("analogy-swap").addEventListener("click", () => this.#swap());
    byId("analogy-form").addEventListener("submit", (event) => event.preventDefault());
  }

  /** The mode is seen now: the first time it begins with two samples. */
  async open() {
    if (this.#opened || this.#offered.length === 0) return;
    this.#opened = true;
    const [what, how] = this.#offered.filter((sample) => sample.domain === chosenSegment(this.#domain));
    if (what && how && !this.#image.picture && !this.#reference.picture) {
      await this.#image.take(what);
      await this.#reference.take(how);
    }
  }

  /** A picture that was pasted: it goes where there is none. */
  receive(file) {
    const place = this.#image.picture && !this.#reference.picture ? this.#reference : this.#image;
    place.set(file);
  }

  #fill() {
    const before = this.#model.value;
    fillSelect(this.#model, this.#service.able("analogy").map(({ id }) => [id, id]));
    if (this.#model.value !== before) this.#changeModel();
  }

  async #changeModel() {
    const model = this.#model.value;
    const domains = this.#service.models.find(({ id }) => id === model)?.domains ?? [];
    fillSegments(this.#domain, "analogy-source", domains.map((domain) => [domain, domain]), () => this.#turn());
    this.#image.set(null);
    this.#reference.set(null);
    const offered = model ? await api.samples(model) : [];
    if (model !== this.#model.value) return;
    this.#offered = offered;
    this.#opened = false;
    this.#offer();
    if (!byId("analogy").hidden) this.open();
  }

  #offer() {
    const fitting = this.#offered.filter(({ domain }) => domain === chosenSegment(this.#domain));
    this.#image.offer(fitting);
    this.#reference.offer(fitting);
  }

  #turn() {
    this.#offer();
    const domain = chosenSegment(this.#domain);
    for (const input of [this.#image, this.#reference]) if (input.domain && input.domain !== domain) input.set(null);
    this.#run();
  }

  #swap() {
    const [what, how] = [this.#image, this.#reference].map(({ picture, domain }) => [picture, domain]);
    this.#image.set(...how);
    this.#reference.set(...what);
  }

  #run() {
    const [what, how] = [this.#image, this.#reference];
    if (!what.picture || !how.picture) return this.#empty();
    const fields = { image: what.picture, reference: how.picture, model: this.#model.value, source: chosenSegment(this.#domain) };
    byId("analogy-results").setAttribute("aria-busy", "true");
    this.#latest.ask({
      run: async (signal) => unpacked(await api.analogy(fields, signal)),
      show: (answer) => this.#show(answer),
      fail: (problem) => { this.#empty(); this.#notice.show(problem); },
    });
  }

  #show(answer) {
    this.#notice.clear();
    byId("analogy-results").removeAttribute("aria-busy");
    byId("analogy-empty").hidden = true;
    byId("analogy-equation").hidden = false;
    byId("analogy-what").src = this.#image.url;
    byId("analogy-how").src = this.#reference.url;
    this.#generated.show(answer);
    byId("analogy-meta").textContent = `in ${answer.target}`;
    announce("The result is there", 300);
  }

  #empty() {
    if (!this.#image.picture || !this.#reference.picture) this.#latest.cancel();
    this.#notice.clear();
    byId("analogy-results").removeAttribute("aria-busy");
    this.#generated.clear();
    byId("analogy-meta").textContent = "";
    byId("analogy-equation").hidden = true;
    byId("analogy-empty").hidden = false;
  }
}
