// Translate: one picture in, several pictures of the other domain out.
import { GenerationMode } from "../generation/generation-mode.js";
import { PictureInput } from "../generation/picture-input.js";
import * as api from "../shell/api.js";
import { byId, checkSegment } from "../shell/dom.js";
import { domainName } from "../shell/wording.js";

/** @import { Answer, PlacedInput } from "../generation/generation-mode.js" */
/** @import { Generated, GeneratedImage } from "../generation/result-grid.js" */
/** @import { Sample } from "../generation/samples.js" */
/** @import { Fields } from "../shell/http.js" */
/** @import { ServiceState } from "../shell/service-state.js" */
/** @import { Action, Viewer } from "../shell/viewer.js" */

const SEEDS = 1_000_000;

/** The style of the results is random, the style of one picture, or a mix of the styles of two. */
export class TranslateMode extends GenerationMode {
  #secondReference = new PictureInput(byId("translate-second"), {
    title: "Second style (optional)",
    hint: "Another style, to mix the two",
    small: true,
  });
  #mix = byId("translate-mix", HTMLInputElement);
  #samples = byId("translate-samples", HTMLInputElement);
  #seed = byId("translate-seed", HTMLInputElement);
  #newSeedButton = byId("translate-new-seed", HTMLButtonElement);

  /**
   * @param {ServiceState} service
   * @param {Viewer} viewer
   */
  constructor(service, viewer) {
    super(service, viewer, {
      name: "translate",
      minInterval: 80,
      image: { title: "Picture", hint: "Choose, drop or paste a picture" },
      reference: { title: "Style (optional)", hint: "A picture whose style to use", small: true },
    });
    this.#chooseSeed();
    this.reference.addEventListener("change", () => this.#changeStyle());
    this.#secondReference.addEventListener("change", () => this.#changeStyle());
    this.#mix.addEventListener("input", () => {
      byId("translate-mix-value").textContent = `${this.#mix.value} %`;
      this.run();
    });
    this.#samples.addEventListener("input", () => {
      byId("translate-samples-value").textContent = this.#samples.value;
      this.run();
    });
    this.#seed.addEventListener("change", () => this.run());
    this.#newSeedButton.addEventListener("click", () => {
      this.#chooseSeed();
      this.run();
    });
  }

  /**
   * @override
   * @param {Sample[]} samples
   */
  async useSamples([first]) {
    if (first && !this.image.picture) await this.image.useSample(first);
  }

  /**
   * @override
   * @param {string[]} domains
   * @returns {[string, string][]}
   */
  sourceOptions([x, y]) {
    if (!x || !y) return [];
    return [
      [x, `${domainName(x)} → ${domainName(y)}`],
      [y, `${domainName(y)} → ${domainName(x)}`],
    ];
  }

  /**
   * @override
   * @returns {PlacedInput[]}
   */
  inputs() {
    return [
      { input: this.image, of: "source" },
      { input: this.#secondReference, of: "target" },
      { input: this.reference, of: "target" },
    ];
  }

  /**
   * @override
   * @param {GeneratedImage} image
   * @param {Generated} shown
   * @returns {Action[]}
   */
  actions({ blob }, { target }) {
    const actions = [
      { label: "Use as picture", icon: "swap", run: () => this.#translateBack(blob, target) },
      { label: "Use as style", icon: "spark", run: () => this.reference.set(blob, target) },
    ];
    if (this.reference.picture) {
      const run = () => this.#secondReference.set(blob, target);
      actions.push({ label: "Use as second style", icon: "spark", run });
    }
    return actions;
  }

  /**
   * @override
   * @returns {Fields | null}
   */
  fields() {
    const [first, second] = [this.reference.picture, this.#secondReference.picture];
    const hasStyle = first !== null || !this.can("styles");
    this.#samples.disabled = this.#seed.disabled = this.#newSeedButton.disabled = hasStyle;
    this.#newSeedButton.title = hasStyle
      ? "There is one result"
      : "Random variations that start with another number";
    byId("translate-reference").hidden = !this.can("styles");
    if (!this.image.picture) return null;
    return {
      image: this.image.picture,
      samples: hasStyle ? 1 : this.#samples.value,
      seed: hasStyle ? null : this.#seed.value,
      reference: [first, second],
      mix: second ? Number(this.#mix.value) / 100 : null,
    };
  }

  /**
   * @override
   * @param {Fields} fields
   * @param {AbortSignal} signal
   */
  send(fields, signal) {
    return api.translate(fields, signal);
  }

  /**
   * @override
   * @param {Answer} answer
   */
  describe({ source, target, images }) {
    const meta = `${domainName(source)} → ${domainName(target)}`;
    const announcement = `${images.length} ${images.length === 1 ? "picture" : "pictures"} of: ${domainName(target)}`;
    return { meta, announcement };
  }

  /**
   * Translate a result back: it becomes the picture, and the direction turns round.
   * @param {Blob} picture
   * @param {string} domain
   */
  #translateBack(picture, domain) {
    checkSegment(this.sourceSegments, domain);
    this.#secondReference.set(null);
    this.reference.set(null);
    this.offerSamples();
    this.image.set(picture, domain);
  }

  /**
   * The first result becomes the picture, unless the visitor's own picture may be of this domain.
   * @override
   */
  turnRound() {
    const result = this.usableResult;
    const isKnownWrong = this.image.domain !== null && this.image.domain !== this.source;
    if (result && isKnownWrong) this.#translateBack(result, this.source ?? "");
  }

  #chooseSeed() {
    this.#seed.value = String(Math.floor(Math.random() * SEEDS));
  }

  /** A second style needs a first one. If the first is removed, the second takes its place. */
  #changeStyle() {
    const { picture, domain } = this.#secondReference;
    if (!this.reference.picture && picture) {
      this.#secondReference.clearSilently();
      this.reference.set(picture, domain);
      return;
    }
    byId("translate-second").hidden = !this.reference.picture;
    byId("translate-mix-field").hidden = !picture;
    this.run();
  }
}
