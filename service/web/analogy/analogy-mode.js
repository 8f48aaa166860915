// Analogy: the content of one picture in the style of another picture of the same domain.
import { GenerationMode } from "../generation/generation-mode.js";
import * as api from "../shell/api.js";
import { byId } from "../shell/dom.js";
import { domainName } from "../shell/wording.js";

/** @import { Answer, PlacedInput } from "../generation/generation-mode.js" */
/** @import { Generated, GeneratedImage } from "../generation/result-grid.js" */
/** @import { Sample } from "../generation/samples.js" */
/** @import { Fields } from "../shell/http.js" */
/** @import { ServiceState } from "../shell/service-state.js" */
/** @import { Action, Viewer } from "../shell/viewer.js" */

/** The image gives the content and the reference the style; the result is shown as their sum. */
export class AnalogyMode extends GenerationMode {
  /**
   * @param {ServiceState} service
   * @param {Viewer} viewer
   */
  constructor(service, viewer) {
    super(service, viewer, {
      name: "analogy",
      minInterval: 200,
      image: { title: "Content", hint: "The picture whose content to keep" },
      reference: { title: "Style", hint: "The picture whose style to use" },
    });
    this.reference.addEventListener("change", () => this.run());
    byId("analogy-swap").addEventListener("click", () => this.#swap());
  }

  /**
   * A pasted picture goes into the empty input.
   * @override
   * @param {File} file
   */
  receive(file) {
    const input = this.image.picture && !this.reference.picture ? this.reference : this.image;
    input.set(file);
  }

  /**
   * @override
   * @param {Sample[]} samples
   */
  async useSamples([content, style]) {
    if (!content || !style || this.image.picture || this.reference.picture) return;
    await Promise.all([this.image.useSample(content), this.reference.useSample(style)]);
  }

  /**
   * @override
   * @param {string[]} domains
   * @returns {[string, string][]}
   */
  sourceOptions(domains) {
    return domains.map((domain) => [domain, domainName(domain)]);
  }

  /**
   * @override
   * @returns {PlacedInput[]}
   */
  inputs() {
    return [
      { input: this.image, of: "source" },
      { input: this.reference, of: "source" },
    ];
  }

  /**
   * @override
   * @param {GeneratedImage} image
   * @param {Generated} shown
   * @returns {Action[]}
   */
  actions({ blob }, { target }) {
    return [
      { label: "Use as content", icon: "picture", run: () => this.image.set(blob, target) },
      { label: "Use as style", icon: "spark", run: () => this.reference.set(blob, target) },
    ];
  }

  /**
   * @override
   * @returns {Fields | null}
   */
  fields() {
    const [image, reference] = [this.image.picture, this.reference.picture];
    return image && reference ? { image, reference } : null;
  }

  /**
   * @override
   * @param {Fields} fields
   * @param {AbortSignal} signal
   */
  send(fields, signal) {
    return api.analogy(fields, signal);
  }

  /**
   * @override
   * @param {Answer} answer
   */
  describe({ target }) {
    return { meta: domainName(target), announcement: "The result is ready" };
  }

  /**
   * @override
   * @param {Answer} answer
   */
  show(answer) {
    byId("analogy-equation").hidden = false;
    byId("analogy-content", HTMLImageElement).src = this.image.url ?? "";
    byId("analogy-style", HTMLImageElement).src = this.reference.url ?? "";
    super.show(answer);
  }

  /**
   * The last result is not of these two pictures, so it goes.
   * @override
   * @param {Error} error
   */
  fail(error) {
    this.clearResults();
    super.fail(error);
  }

  /** @override */
  clearResults() {
    super.clearResults();
    byId("analogy-equation").hidden = true;
  }

  #swap() {
    const { picture, domain } = this.image;
    this.image.set(this.reference.picture, this.reference.domain);
    this.reference.set(picture, domain);
  }
}
