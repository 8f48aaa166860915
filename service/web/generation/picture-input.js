// A place for one picture: chosen, dropped, pasted, or one of the samples.
import { element, icon } from "../shell/dom.js";
import { makeDraggable, takeDrops } from "../shell/drag-and-drop.js";

/** Fires "change"; `picture` is a Blob or null, `domain` its domain's name where that is known. */
export class PictureInput extends EventTarget {
  picture = null;
  domain = null;
  url = null;
  #well;
  #image;
  #remove;
  #samples;
  #title;

  constructor(holder, { title, hint, small = false }) {
    super();
    this.#title = title;
    const file = element("input", { type: "file", accept: "image/*", hidden: true, onchange: () => {
      if (file.files[0]) this.set(file.files[0]);
      file.value = "";
    } });
    file.setAttribute("aria-label", title);
    this.#image = element("img", { alt: "", hidden: true });
    this.#well = element("button", { type: "button", className: "well", onclick: () => file.click(), "aria-label": `${title}: choose a picture` },
      this.#image, element("span", { className: "well-hint" }, icon("picture"), element("span", { textContent: hint })));
    this.#remove = element("button", { type: "button", className: "tool remove", hidden: true, "aria-label": `Remove: ${title}`, onclick: () => this.set(null) }, icon("close"));
    this.#samples = element("div", { className: "samples", role: "group", "aria-label": `Sample pictures for: ${title}` });
    const place = element("div", { className: "well-place" }, this.#well, this.#remove);
    holder.classList.add("picture-input");
    holder.classList.toggle("small", small);
    holder.append(element("h2", { className: "well-title", textContent: title }), element("div", { className: "well-row" }, place, this.#samples), file);
    takeDrops(place, (dropped, domain) => this.set(dropped, domain));
  }

  /** Takes a picture, or none. */
  set(picture, domain = null) {
    this.#put(picture, domain);
    this.dispatchEvent(new Event("change"));
  }

  /** Forgets the picture without a word. */
  clear() {
    this.#put(null, null);
  }

  #put(picture, domain) {
    if (this.url) URL.revokeObjectURL(this.url);
    this.picture = picture;
    this.domain = domain;
    this.url = picture ? URL.createObjectURL(picture) : null;
    this.#image.hidden = this.#remove.hidden = !picture;
    this.#well.classList.toggle("full", Boolean(picture));
    if (picture) this.#image.src = this.url;
    else this.#image.removeAttribute("src");
    this.#mark(null);
  }

  /** Offers these samples, [{url, domain}], instead of those before. */
  offer(samples) {
    const wanted = samples.map((sample) => sample.url).join(" ");
    if (this.#samples.dataset.offered === wanted) return;
    this.#samples.dataset.offered = wanted;
    this.#samples.replaceChildren(...samples.map((sample, index) => {
      const button = element("button", { type: "button", "aria-label": `Sample ${index + 1}, ${sample.domain}`, "aria-pressed": "false", onclick: () => this.take(sample) },
        element("img", { src: sample.url, alt: "", loading: "lazy", draggable: false }));
      makeDraggable(button, async () => ({ blob: await (await fetch(sample.url)).blob(), domain: sample.domain }));
      button.dataset.url = sample.url;
      return button;
    }));
  }

  /** Takes one of the samples. */
  async take(sample) {
    const response = await fetch(sample.url).catch(() => null);
    if (!response?.ok) return;
    this.set(await response.blob(), sample.domain);
    this.#mark(sample.url);
  }

  #mark(url) {
    for (const button of this.#samples.children) button.setAttribute("aria-pressed", String(button.dataset.url === url));
    this.#well.setAttribute("aria-label", `${this.#title}: ${this.picture ? "choose another picture" : "choose a picture"}`);
  }
}
