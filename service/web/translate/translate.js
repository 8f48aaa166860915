// Translate: one picture in, several of the other domain out.
import * as api from "../shell/api.js";
import { announce } from "../shell/announce.js";
import { byId, chosenSegment, fillSegments, fillSelect } from "../shell/dom.js";
import { Generated, unpacked } from "../generation/results.js";
import { Latest } from "../shell/latest-request.js";
import { Notice } from "../shell/notice.js";
import { PictureInput } from "../generation/picture-input.js";

const SEEDS = 1_000_000;

export class TranslateMode {
  #service;
  #model = byId("translate-model");
  #direction = byId("translate-direction");
  #samples = byId("translate-samples");
  #seed = byId("translate-seed");
  #again = byId("translate-again");
  #meta = byId("translate-meta");
  #notice = new Notice(byId("translate-notice"));
  #image = new PictureInput(byId("translate-image"), { title: "Picture", hint: "Choose, drop or paste a picture" });
  #reference = new PictureInput(byId("translate-reference"), { title: "Style of (optional)", hint: "A picture whose style to take", small: true });
  #second = new PictureInput(byId("translate-second"), { title: "Towards the style of (optional)", hint: "Another, to go between the two", small: true });
  #mix = byId("translate-mix");
  #latest = new Latest({ interval: 80, patience: 4000 });
  #generated;
  #offered = [];
  #opened = false;

  constructor(service, viewer) {
    this.#service = service;
    this.#generated = new Generated(byId("translate-results"), viewer, (image, answer) => [
      { label: "Use as picture", icon: "swap", run: () => this.#reuse(image, answer) },
      { label: "Use as style", icon: "spark", run: () => this.#reference.set(image.blob, answer.target) },
      ...(this.#reference.picture ? [{ label: "Use as second style", icon: "spark", run: () => this.#second.set(image.blob, answer.target) }] : []),
    ]);
    this.#newSeed();
    service.addEventListener("change", () => this.#fill());
    this.#model.addEventListener("change", () => this.#changeModel());
    this.#samples.addEventListener("input", () => { byId("translate-samples-value").textContent = this.#samples.value; this.#run(); });
    this.#seed.addEventListener("change", () => this.#run());
    this.#again.addEventListener("click", () => { this.#newSeed(); this.#run(); });
    this.#image.addEventListener("change", () => this.#run());
    this.#reference.addEventListener("change", () => this.#styled());
    this.#second.addEventListener("change", () => this.#styled());
    this.#mix.addEventListener("input", () => { byId("translate-mix-value").textContent = `${this.#mix.value} %`; this.#run(); });
    byId("translate-form").addEventListener("submit", (event) => event.preventDefault());
  }

  /** The mode is seen now: the first time it begins with a sample. */
  async open() {
    if (this.#opened || this.#offered.length === 0) return;
    this.#opened = true;
    const first = this.#offered.find((sample) => sample.domain === this.#source);
    if (first && !this.#image.picture) await this.#image.take(first);
  }

  /** A picture that was pasted. */
  receive(file) {
    this.#image.set(file);
  }

  get #source() {
    return chosenSegment(this.#direction);
  }

  get #domains() {
    return this.#service.models.find((model) => model.id === this.#model.value)?.domains ?? [];
  }

  #fill() {
    const before = this.#model.value;
    fillSelect(this.#model, this.#service.able("translate").map(({ id }) => [id, id]));
    if (this.#model.value !== before) this.#changeModel();
  }

  async #changeModel() {
    const model = this.#model.value;
    const [x, y] = this.#domains;
    fillSegments(this.#direction, "translate-source", x ? [[x, `${x} → ${y}`], [y, `${y} → ${x}`]] : [], () => this.#turn());
    this.#image.set(null);
    this.#second.set(null);
    this.#reference.set(null);
    const offered = model ? await api.samples(model) : [];
    if (model !== this.#model.value) return;
    this.#offered = offered;
    this.#opened = false;
    this.#offer();
    if (!byId("translate").hidden) this.open();
  }

  #offer() {
    this.#image.offer(this.#offered.filter(({ domain }) => domain === this.#source));
    for (const input of [this.#reference, this.#second]) input.offer(this.#offered.filter(({ domain }) => domain !== this.#source));
  }

  /** Another direction: pictures that are known to be of the wrong domain go. */
  #turn() {
    this.#offer();
    for (const input of [this.#second, this.#reference]) if (input.picture && input.domain === this.#source) input.set(null);
    if (this.#image.picture && this.#image.domain && this.#image.domain !== this.#source) this.#image.set(null);
    else this.#run();
  }

  #reuse(image, answer) {
    const segment = [...this.#direction.querySelectorAll("input")].find((input) => input.value === answer.target);
    if (segment) segment.checked = true;
    this.#second.set(null);
    this.#reference.set(null);
    this.#offer();
    this.#image.set(image.blob, answer.target);
  }

  #newSeed() {
    this.#seed.value = Math.floor(Math.random() * SEEDS);
  }

  /** A style was chosen or removed: a second one is asked for beside a first. */
  #styled() {
    const [first, second] = [this.#reference.picture, this.#second.picture];
    if (!first && second) return this.#promote();
    byId("translate-second").hidden = !first;
    byId("translate-mix-field").hidden = !second;
    return this.#run();
  }

  /** Without a first style the second is the first. */
  #promote() {
    const { picture, domain } = this.#second;
    this.#second.clear();
    this.#reference.set(picture, domain);
  }

  #run() {
    const styled = this.#reference.picture !== null;
    this.#samples.disabled = this.#seed.disabled = this.#again.disabled = styled;
    this.#again.title = styled ? "A reference gives one style, so there is one result" : "Other styles";
    if (!this.#image.picture) return this.#empty();
    const fields = {
      image: this.#image.picture, model: this.#model.value, source: this.#source, samples: styled ? 1 : this.#samples.value,
      seed: styled ? null : this.#seed.value,
      reference: [this.#reference.picture, this.#second.picture], mix: this.#second.picture ? this.#mix.value / 100 : null,
    };
    byId("translate-results").setAttribute("aria-busy", "true");
    this.#latest.ask({
      run: async (signal) => {
        const since = performance.now();
        return { ...(await unpacked(await api.translate(fields, signal))), took: performance.now() - since };
      },
      show: (answer) => this.#show(answer),
      fail: (problem) => { this.#settle(); this.#notice.show(problem); },
    });
  }

  #show(answer) {
    this.#settle();
    this.#notice.clear();
    byId("translate-empty").hidden = true;
    this.#generated.show(answer);
    this.#meta.textContent = `${answer.source} → ${answer.target} · ${Math.round(answer.took)} ms`;
    announce(`${answer.images.length} ${answer.images.length === 1 ? "picture" : "pictures"} of ${answer.target}`, 300);
  }

  #settle() {
    byId("translate-results").removeAttribute("aria-busy");
  }

  #empty() {
    this.#latest.cancel();
    this.#settle();
    this.#notice.clear();
    this.#generated.clear();
    this.#meta.textContent = "";
    byId("translate-empty").hidden = false;
  }
}
