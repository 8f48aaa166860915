// Pictures that a model made, as a grid; each can be looked at, kept and used again.
import { element } from "../shell/dom.js";
import { makeDraggable } from "../shell/drag-and-drop.js";

/** An answer of /translate or /analogy with its pictures as blobs, decoded and ready to show. */
export async function unpacked(answer) {
  const images = await Promise.all(answer.images.map(async (image) => {
    const bytes = Uint8Array.from(atob(image.data), (character) => character.charCodeAt(0));
    const blob = new Blob([bytes], { type: image.content_type });
    const url = URL.createObjectURL(blob);
    const shown = element("img", { src: url, width: image.width, height: image.height, className: image.width <= 64 ? "pixels" : "" });
    await shown.decode().catch(() => {});
    return { ...image, blob, url, shown };
  }));
  return { ...answer, images };
}

/** Shows an unpacked answer in a list; `uses(image)` are what else the viewer offers to do with one. */
export class Generated {
  #list;
  #viewer;
  #uses;
  #answer = null;

  constructor(list, viewer, uses) {
    this.#list = list;
    this.#viewer = viewer;
    this.#uses = uses;
  }

  show(answer) {
    const old = this.#answer;
    this.#answer = answer;
    this.#list.replaceChildren(...answer.images.map((image, index) => {
      const caption = image.seed === null || image.seed === undefined ? answer.target : `seed ${image.seed}`;
      image.shown.alt = `Result ${index + 1}: ${answer.target}${image.seed === null ? "" : `, seed ${image.seed}`}`;
      image.shown.draggable = false;
      const item = element("li", {}, element("button", { type: "button", onclick: () => this.#open(index) }, image.shown, element("span", { className: "caption", textContent: caption })));
      makeDraggable(item, () => ({ blob: image.blob, domain: answer.target }));
      return item;
    }));
    for (const image of old?.images ?? []) URL.revokeObjectURL(image.url);
  }

  clear() {
    this.show({ images: [] });
  }

  #open(index) {
    const { model, source, target, images } = this.#answer;
    const image = images[index];
    const facts = [["Model", model], ["Direction", `${source} → ${target}`], ["Size", `${image.width} × ${image.height}`]];
    if (image.seed !== null && image.seed !== undefined) facts.push(["Seed", String(image.seed)]);
    const extension = image.content_type.split("/")[1];
    const keep = { label: "Download", icon: "download", href: image.url, download: `${model}-${target}-${image.seed ?? "result"}.${extension}` };
    const step = (by) => this.#open((index + by + images.length) % images.length);
    this.#viewer.show({
      title: `${target} ${index + 1} of ${images.length}`, url: image.url, preview: image.url, facts,
      actions: [...this.#uses(image, this.#answer), keep], step: images.length > 1 ? step : undefined,
    });
  }
}
