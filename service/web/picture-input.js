// A place for one picture: chosen, dropped, pasted, or one of the samples.
import { element, icon } from "./dom.js";

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
    takeDrops(place, (dropped) => this.set(dropped));
  }

  /** Takes a picture, or none. */
  set(picture, domain = null) {
    if (this.url) URL.revokeObjectURL(this.url);
    this.picture = picture;
    this.domain = domain;
    this.url = picture ? URL.createObjectURL(picture) : null;
    this.#image.hidden = this.#remove.hidden = !picture;
    this.#well.classList.toggle("full", Boolean(picture));
    if (picture) this.#image.src = this.url;
    else this.#image.removeAttribute("src");
    this.#mark(null);
    this.dispatchEvent(new Event("change"));
  }

  /** Offers these samples, [{url, domain}], instead of those before. */
  offer(samples) {
    const wanted = samples.map((sample) => sample.url).join(" ");
    if (this.#samples.dataset.offered === wanted) return;
    this.#samples.dataset.offered = wanted;
    this.#samples.replaceChildren(...samples.map((sample, index) => {
      const button = element("button", { type: "button", "aria-label": `Sample ${index + 1}, ${sample.domain}`, "aria-pressed": "false", onclick: () => this.take(sample) },
        element("img", { src: sample.url, alt: "", loading: "lazy" }));
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

/** Makes a place take pictures that are dropped on it. */
export function takeDrops(place, take) {
  const over = (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.stopPropagation();
    place.classList.add("drop");
  };
  place.addEventListener("dragenter", over);
  place.addEventListener("dragover", over);
  place.addEventListener("dragleave", (event) => { if (!place.contains(event.relatedTarget)) place.classList.remove("drop"); });
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    event.stopPropagation();
    place.classList.remove("drop");
    const file = event.dataTransfer.files[0];
    if (file) take(file);
  });
}
