// What the modes Translate and Analogy share: model, source domain, input pictures, request and results.
import { absenceOf } from "../shell/absence.js";
import { announce } from "../shell/announce.js";
import { byId, checkedSegment, checkSegment, fillSegments, fillSelect } from "../shell/dom.js";
import { Problem } from "../shell/http.js";
import { LatestRequest } from "../shell/latest-request.js";
import { Notice } from "../shell/notice.js";
import { Progress } from "../shell/progress.js";
import { modelName } from "../shell/wording.js";
import { PictureInput } from "./picture-input.js";
import { decodeImages, ResultGrid } from "./result-grid.js";
import { samplesOf } from "./samples.js";

/** @import { Translation } from "../shell/api.js" */
/** @import { Fields } from "../shell/http.js" */
/** @import { ServiceState } from "../shell/service-state.js" */
/** @import { Action, Viewer } from "../shell/viewer.js" */
/** @import { Generated, GeneratedImage } from "./result-grid.js" */
/** @import { Sample } from "./samples.js" */

/** @typedef {Generated} Answer */
/**
 * An input picture, and whether it is of the source domain or of the other one.
 * @typedef {{ input: PictureInput, of: "source" | "target" }} PlacedInput
 */
/**
 * @typedef {object} Options
 * @property {"translate" | "analogy"} name the models' capability, and the prefix of the ids in index.html
 * @property {number} minInterval ms between the starts of two requests
 * @property {{ title: string, hint: string }} image
 * @property {{ title: string, hint: string, small?: boolean }} reference
 */

const FIRST_TIMEOUT = 4000; // ms

/**
 * The base of the two modes. A mode sends a request when an input changes and shows the newest answer.
 * @abstract
 */
export class GenerationMode {
  /** @protected @type {PictureInput} */
  image;
  /** @protected @type {PictureInput} */
  reference;
  /** @protected */
  model;
  /** @protected */
  sourceSegments;
  #name;
  #service;
  #notice;
  #progress;
  #grid;
  /** @type {LatestRequest<Answer>} */
  #requests;
  /** @type {Sample[]} */
  #samples = [];
  #opened = false; // whether the mode has been opened with the current model
  #wasCutOff = false; // whether the last request failed because the service was away
  #invitation;

  /**
   * @param {ServiceState} service
   * @param {Viewer} viewer
   * @param {Options} options
   */
  constructor(service, viewer, { name, minInterval, image, reference }) {
    this.#name = name;
    this.#service = service;
    this.model = byId(`${name}-model`, HTMLSelectElement);
    this.sourceSegments = byId(`${name}-source`);
    this.image = new PictureInput(byId(`${name}-image`), image);
    this.reference = new PictureInput(byId(`${name}-reference`), reference);
    this.#notice = new Notice(byId(`${name}-notice`));
    this.#progress = new Progress(() => byId(`${name}-progress`), "Working");
    this.#grid = new ResultGrid(byId(`${name}-results`), viewer, (...shown) => this.actions(...shown));
    this.#requests = new LatestRequest({ minInterval, timeout: FIRST_TIMEOUT });
    this.#invitation = byId(`${name}-lead`).textContent;
    service.addEventListener("change", () => this.#followService());
    this.model.addEventListener("change", () => this.#changeModel());
    this.image.addEventListener("change", () => this.run());
    byId(`${name}-form`).addEventListener("submit", (event) => event.preventDefault());
  }

  /** Called when the mode is shown. The first time, it starts with samples. */
  async open() {
    if (this.#opened || this.#samples.length === 0) return;
    this.#opened = true;
    this.#turnToSamples();
    await this.useSamples(this.#samplesOf("source"));
  }

  /** Choose a source domain that has samples, if the first one has none. */
  #turnToSamples() {
    const [sample] = this.#samples;
    if (!sample || this.#samplesOf("source").length > 0 || this.image.picture) return;
    checkSegment(this.sourceSegments, sample.domain);
    this.offerSamples();
  }

  /**
   * Take a pasted picture.
   * @param {File} file
   */
  receive(file) {
    this.image.set(file);
  }

  /**
   * Fill the inputs with some of these samples, unless the visitor has chosen pictures.
   * @protected @abstract
   * @param {Sample[]} _samples of the source domain
   * @returns {Promise<void>}
   */
  async useSamples(_samples) {}

  /**
   * The options of the source domain's segmented control.
   * @protected @abstract
   * @param {string[]} _domains
   * @returns {[value: string, text: string][]}
   */
  sourceOptions(_domains) {
    return [];
  }

  /**
   * The actions for one result in the viewer.
   * @protected @abstract
   * @param {GeneratedImage} _image
   * @param {Generated} _shown
   * @returns {Action[]}
   */
  actions(_image, _shown) {
    return [];
  }

  /**
   * The fields of the request besides model and source, or null if an input is missing.
   * @protected @abstract
   * @returns {Fields | null}
   */
  fields() {
    return null;
  }

  /**
   * Send the request.
   * @protected @abstract
   * @param {Fields} _fields
   * @param {AbortSignal} _signal
   * @returns {Promise<Translation>}
   */
  send(_fields, _signal) {
    throw new Error("not implemented");
  }

  /**
   * The line next to the heading, and what screen readers announce.
   * @protected @abstract
   * @param {Answer} _answer
   * @returns {{ meta: string, announcement: string }}
   */
  describe(_answer) {
    return { meta: "", announcement: "" };
  }

  /**
   * All inputs, the image first.
   * @protected
   * @returns {PlacedInput[]}
   */
  inputs() {
    return [{ input: this.image, of: "source" }];
  }

  /** @protected */
  get source() {
    return checkedSegment(this.sourceSegments);
  }

  /** Offer each input the samples of its domain. @protected */
  offerSamples() {
    for (const { input, of } of this.inputs()) input.offer(this.#samplesOf(of));
  }

  /** Send a request with the current inputs, or show the hint if one is missing. @protected */
  run() {
    const own = this.fields();
    if (!own) {
      this.#requests.cancel();
      this.#setBusy(false);
      this.#notice.clear();
      this.clearResults();
      return;
    }
    const fields = { model: this.model.value, source: this.source, ...own };
    this.#setBusy(true);
    this.#requests.submit({
      run: async (signal) => decodeImages(await this.send(fields, signal)),
      show: (answer) => this.show(answer),
      fail: (error) => this.fail(error),
    });
  }

  /**
   * @protected
   * @param {Answer} answer
   */
  show(answer) {
    const { meta, announcement } = this.describe(answer);
    this.#setBusy(false);
    this.#notice.clear();
    byId(`${this.#name}-empty`).hidden = true;
    this.#grid.show(answer);
    byId(`${this.#name}-meta`).textContent = meta;
    announce(announcement, 300);
  }

  /**
   * @protected
   * @param {Error} error
   */
  fail(error) {
    const { status } = error instanceof Problem ? error : { status: -1 };
    this.#wasCutOff = status === 0 || status >= 500;
    this.#setBusy(false);
    this.#notice.show(error, { repeats: true });
  }

  /** Remove the results and show the hint instead. @protected */
  clearResults() {
    this.#grid.clear();
    byId(`${this.#name}-meta`).textContent = "";
    byId(`${this.#name}-empty`).hidden = false;
  }

  /** Say what is missing, and repeat a request that failed while the service was away. */
  #followService() {
    this.#fillModels();
    const absence = absenceOf(this.#service, this.#name);
    byId(`${this.#name}-form`).hidden = this.model.value === "" && this.#service.state !== "connecting";
    byId(`${this.#name}-lead`).textContent = absence?.lead ?? this.#invitation;
    byId(`${this.#name}-detail`).textContent = absence?.detail ?? "";
    if (!this.#wasCutOff || !this.#service.isReady) return;
    this.#wasCutOff = false;
    this.run();
  }

  #fillModels() {
    const before = this.model.value;
    fillSelect(
      this.model,
      this.#service.modelsWith(this.#name).map(({ id }) => [id, modelName(id)]),
    );
    if (this.model.value !== before) this.#changeModel();
  }

  async #changeModel() {
    const id = this.model.value;
    const domains = this.#service.models.find((model) => model.id === id)?.domains ?? [];
    fillSegments(this.sourceSegments, `${this.#name}-source`, this.sourceOptions(domains), () =>
      this.#changeSource(),
    );
    for (const { input } of this.inputs()) input.set(null);
    const samples = id ? await samplesOf(id) : [];
    if (id !== this.model.value) return; // another model was chosen while the samples were loading
    this.#samples = samples;
    this.#opened = false;
    this.offerSamples();
    if (!byId(`${this.#name}-mode`).hidden) this.open();
  }

  /** @protected @param {string} capability of the chosen model */
  can(capability) {
    return this.#service.modelsWith(capability).some(({ id }) => id === this.model.value);
  }

  /**
   * Called when the source domain was changed, before pictures of the wrong domain are removed.
   * @protected
   */
  turnRound() {}

  /** The first result that is shown, if it is of the source domain. @protected */
  get usableResult() {
    return this.#grid.firstOf(this.source);
  }

  /** Remove the pictures that are known to be of the wrong domain now. */
  #changeSource() {
    this.offerSamples();
    this.turnRound();
    for (const { input, of } of this.inputs()) {
      if (input.domain && !this.#isOf(input.domain, of)) input.set(null);
    }
    this.run();
  }

  /** @param {"source" | "target"} of */
  #samplesOf(of) {
    return this.#samples.filter(({ domain }) => this.#isOf(domain, of));
  }

  /**
   * @param {string} domain
   * @param {"source" | "target"} of
   */
  #isOf(domain, of) {
    return (domain === this.source) === (of === "source");
  }

  /** @param {boolean} busy */
  #setBusy(busy) {
    const results = byId(`${this.#name}-results`);
    if (busy) results.setAttribute("aria-busy", "true");
    else results.removeAttribute("aria-busy");
    if (busy) this.#progress.start();
    else this.#progress.stop();
  }
}
