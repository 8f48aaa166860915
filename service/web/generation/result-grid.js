// A grid of generated pictures. Each can be opened in the viewer, downloaded, dragged and used as an input.
import { element } from "../shell/dom.js";
import { makeDraggable } from "../shell/drag-and-drop.js";
import { PIXEL_ART } from "../shell/viewer.js";
import { domainName, modelName } from "../shell/wording.js";

/** @import { EncodedImage, Translation } from "../shell/api.js" */
/** @import { Action, Viewer } from "../shell/viewer.js" */

/** @typedef {{ blob: Blob, url: string, img: HTMLImageElement }} Decoded */
/** @typedef {Omit<EncodedImage, "data"> & Decoded} GeneratedImage */
/** @typedef {Omit<Translation, "images"> & { images: GeneratedImage[] }} Generated */

/**
 * Decode the pictures of an answer of /translate or /analogy, for the grid.
 * @param {Translation} answer
 * @returns {Promise<Generated>}
 */
export async function decodeImages(answer) {
  return { ...answer, images: await Promise.all(answer.images.map(decodeImage)) };
}

/**
 * @param {EncodedImage} image
 * @returns {Promise<GeneratedImage>}
 */
async function decodeImage({ data, ...image }) {
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  const blob = new Blob([bytes], { type: image.content_type });
  const url = URL.createObjectURL(blob);
  const { width, height } = image;
  const img = element("img", { src: url, width, height, className: width <= PIXEL_ART ? "pixels" : "" });
  await img.decode().catch(() => {});
  return { ...image, blob, url, img };
}

export class ResultGrid {
  #list;
  #viewer;
  #actions;
  /** @type {Generated | null} */
  #shown = null;

  /**
   * @param {HTMLElement} list
   * @param {Viewer} viewer
   * @param {(image: GeneratedImage, shown: Generated) => Action[]} actions the viewer's actions for a picture
   */
  constructor(list, viewer, actions) {
    this.#list = list;
    this.#viewer = viewer;
    this.#actions = actions;
  }

  /** @param {Generated} generated */
  show(generated) {
    this.#replace(generated);
  }

  /**
   * The first shown picture if it is of this domain, else null.
   * @param {string | null} domain
   */
  firstOf(domain) {
    return this.#shown?.target === domain ? (this.#shown?.images[0]?.blob ?? null) : null;
  }

  clear() {
    this.#replace(null);
  }

  /** @param {Generated | null} generated */
  #replace(generated) {
    const old = this.#shown;
    this.#shown = generated;
    const items = generated?.images.map((image, index) => this.#item(image, generated.target, index)) ?? [];
    this.#list.replaceChildren(...items);
    for (const image of old?.images ?? []) URL.revokeObjectURL(image.url);
  }

  /**
   * @param {GeneratedImage} image
   * @param {string} domain
   * @param {number} index
   */
  #item({ seed, img, blob }, domain, index) {
    const caption = seed === null ? domainName(domain) : `no. ${seed}`;
    img.alt = `Result ${index + 1}: ${domainName(domain)}${seed === null ? "" : `, no. ${seed}`}`;
    img.draggable = false;
    const onclick = () => this.#open(index);
    const text = element("span", { className: "caption", textContent: caption });
    const item = element("li", {}, element("button", { type: "button", onclick }, img, text));
    makeDraggable(item, () => ({ blob, domain }));
    return item;
  }

  /** @param {number} index */
  #open(index) {
    const image = this.#shown?.images[index];
    if (!this.#shown || !image) return;
    const { model, source, target, images } = this.#shown;
    /** @type {[string, string][]} */
    const facts = [
      ["Model", modelName(model)],
      ["Direction", `${domainName(source)} → ${domainName(target)}`],
      ["Size", `${image.width} × ${image.height}`],
    ];
    if (image.seed !== null) facts.push(["Number", String(image.seed)]);
    const extension = image.content_type.split("/")[1];
    const name = `${model}-${target}-${image.seed ?? "result"}.${extension}`;
    const download = { label: "Download", icon: "download", href: image.url, download: name };
    this.#viewer.show({
      title: `${domainName(target)} ${index + 1} of ${images.length}`,
      url: image.url,
      preview: image.url,
      facts,
      actions: [...this.#actions(image, this.#shown), download],
      step: images.length > 1 ? (by) => this.#open((index + by + images.length) % images.length) : undefined,
    });
  }
}
