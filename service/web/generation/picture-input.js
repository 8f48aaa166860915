// An input for one picture: a file that is chosen, dropped or pasted, or one of the samples.
import { element, icon, onFileChosen } from "../shell/dom.js";
import { domainName } from "../shell/wording.js";
import { acceptPicture, makeDraggable } from "../shell/drag-and-drop.js";
import { PICTURE_TYPES, shownPicture } from "../shell/picture-files.js";

/** @import { Sample } from "./samples.js" */

/** Fires "change" when `set` is called. */
export class PictureInput extends EventTarget {
  /** @type {Blob | null} */
  picture = null;
  /** @type {string | null} the picture's domain, if it is known */
  domain = null;
  /** @type {string | null} a blob URL of the picture */
  url = null;
  #changes = 0; // how often the picture was set or removed
  #title;
  #image;
  #well;
  #removeButton;
  #samples;

  /**
   * @param {HTMLElement} holder
   * @param {{ title: string, hint: string, small?: boolean }} options
   */
  constructor(holder, { title, hint, small = false }) {
    super();
    this.#title = title;
    const file = element("input", { type: "file", accept: PICTURE_TYPES, hidden: true, "aria-label": title });
    onFileChosen(file, (picture) => this.set(picture));
    this.#image = element("img", { alt: "", hidden: true });
    this.#well = element(
      "button",
      {
        type: "button",
        className: "well",
        onclick: () => file.click(),
        "aria-label": `${title}: choose a picture`,
      },
      this.#image,
      element("span", { className: "well-hint" }, icon("picture"), element("span", { textContent: hint })),
    );
    this.#removeButton = element(
      "button",
      {
        type: "button",
        className: "tool remove",
        hidden: true,
        "aria-label": `Remove: ${title}`,
        onclick: () => this.set(null),
      },
      icon("close"),
    );
    this.#samples = element("div", {
      className: "samples",
      role: "group",
      "aria-label": `Sample pictures for: ${title}`,
    });
    const place = element("div", { className: "well-place" }, this.#well, this.#removeButton);
    holder.classList.add("picture-input");
    holder.classList.toggle("small", small);
    holder.append(
      element("h2", { className: "well-title", textContent: title }),
      element("div", { className: "well-row" }, place, this.#samples),
      file,
    );
    acceptPicture(place, (dropped, domain) => this.set(dropped, domain));
  }

  /**
   * Set the picture, or remove it with null.
   * @param {Blob | null} picture
   * @param {string | null} [domain]
   */
  set(picture, domain = null) {
    this.#update(picture, domain);
    this.dispatchEvent(new Event("change"));
  }

  /** Remove the picture without a "change" event. */
  clearSilently() {
    this.#update(null, null);
  }

  /**
   * Replace the offered samples.
   * @param {Sample[]} samples
   */
  offer(samples) {
    const offered = samples.map((sample) => sample.url).join(" ");
    if (this.#samples.dataset.offered === offered) return;
    this.#samples.dataset.offered = offered;
    this.#samples.replaceChildren(...samples.map((sample, index) => this.#sampleButton(sample, index)));
  }

  /**
   * Set the picture to a sample, unless it is set or removed while the sample is loading.
   * @param {Sample} sample
   */
  async useSample(sample) {
    const before = this.#changes;
    const response = await fetch(sample.url).catch(() => null);
    const picture = response?.ok ? await response.blob() : null;
    if (!picture || this.#changes !== before) return;
    this.set(picture, sample.domain);
    this.#markSample(sample.url);
  }

  /**
   * @param {Blob | null} picture
   * @param {string | null} domain
   */
  #update(picture, domain) {
    this.#changes += 1;
    if (this.url) URL.revokeObjectURL(this.url);
    this.picture = picture;
    this.domain = domain;
    this.url = picture ? URL.createObjectURL(picture) : null;
    this.#image.hidden = this.#removeButton.hidden = !picture;
    this.#well.classList.toggle("full", Boolean(picture));
    const action = picture ? "choose another picture" : "choose a picture";
    this.#well.setAttribute("aria-label", `${this.#title}: ${action}`);
    if (this.url) this.#image.src = this.url;
    else this.#image.removeAttribute("src");
    if (picture) this.#convert(picture);
    this.#markSample(null);
  }

  /**
   * Show a picture that this browser cannot show as the service has converted it.
   * @param {Blob} picture
   */
  async #convert(picture) {
    const shown = await shownPicture(picture).catch(() => picture);
    if (shown === picture || this.picture !== picture) return;
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = this.#image.src = URL.createObjectURL(shown);
  }

  /**
   * @param {Sample} sample
   * @param {number} index
   */
  #sampleButton(sample, index) {
    const { url, domain } = sample;
    const button = element(
      "button",
      {
        type: "button",
        "aria-label": `Sample ${index + 1}, ${domainName(domain)}`,
        "aria-pressed": "false",
        onclick: () => this.useSample(sample),
      },
      element("img", { src: url, alt: "", loading: "lazy", draggable: false }),
    );
    makeDraggable(button, async () => ({ blob: await (await fetch(url)).blob(), domain }));
    button.dataset.url = url;
    return button;
  }

  /** @param {string | null} url */
  #markSample(url) {
    for (const button of this.#samples.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.dataset.url === url));
    }
  }
}
