// The panel that fills galleries: choose or make one, drop photos or a folder, see them arrive.
import * as api from "../shell/api.js";
import { announce } from "../shell/announce.js";
import { byId, element, fillSelect } from "../shell/dom.js";
import { chosenFiles, takeFolders } from "../shell/drag-and-drop.js";
import { Notice } from "../shell/notice.js";
import { Upload } from "./upload.js";

const NEW = ""; // the choice of a gallery that is yet to be made; no gallery is called so
const NEWEST = 8;
const LOOK_EVERY = 1000;
const PICTURE = /\.(jpe?g|png|webp|gif|bmp)$/i;

export class PhotosPanel {
  #service;
  #search;
  #panel = byId("photos-panel");
  #button = byId("photos-button");
  #gallery = byId("photos-gallery");
  #model = byId("photos-model");
  #name = byId("photos-name");
  #notice = new Notice(byId("photos-notice"));
  #upload = null;
  #leftOut = 0;
  #looked = 0;

  constructor(service, search) {
    this.#service = service;
    this.#search = search;
    this.#button.addEventListener("click", () => this.#toggle(this.#panel.hidden));
    byId("photos-close").addEventListener("click", () => { this.#toggle(false); this.#button.focus(); });
    this.#gallery.addEventListener("change", () => this.#update());
    byId("photos-form").addEventListener("submit", (event) => { event.preventDefault(); byId("choose-photos").click(); });
    for (const [button, input] of [["choose-folder", "photos-folder"], ["choose-photos", "photos-files"]]) {
      byId(button).addEventListener("click", () => { if (this.#ready()) byId(input).click(); });
      byId(input).addEventListener("change", (event) => {
        this.#take(chosenFiles(event.target), input === "photos-folder");
        event.target.value = "";
      });
    }
    takeFolders(this.#panel, (files) => { if (this.#ready()) this.#take(files, files.some(({ folder }) => folder) || files.length > 1); });
    byId("photos-stop").addEventListener("click", () => this.#stopOrGoOn());
    service.addEventListener("change", () => this.#fill());
  }

  #toggle(open) {
    this.#panel.hidden = !open;
    this.#button.setAttribute("aria-expanded", String(open));
    if (!open) return;
    this.#gallery.value = this.#search.gallery;
    if (this.#gallery.selectedIndex < 0) this.#gallery.value = NEW;
    this.#update();
    (this.#gallery.value === NEW ? this.#name : this.#gallery).focus();
  }

  #fill() {
    const models = this.#service.able("sbir").map(({ id }) => id);
    fillSelect(this.#model, models.map((id) => [id, id]));
    const galleries = this.#service.galleries.filter(({ model, outdated }) => models.includes(model) && !outdated);
    fillSelect(this.#gallery, [...galleries.map(({ name }) => [name, name]), [NEW, "A new gallery…"]]);
    this.#button.disabled = models.length === 0;
    this.#update();
  }

  #update() {
    const making = this.#gallery.value === NEW;
    for (const id of ["photos-name-field", "photos-model-field"]) byId(id).hidden = !making;
  }

  /** Whether it is known where photos go. */
  #ready() {
    const fine = this.#gallery.value !== NEW || this.#name.reportValidity();
    return fine && !this.#running;
  }

  get #running() {
    return this.#panel.getAttribute("aria-busy") === "true";
  }

  /** Sends files; of a folder only those that look like pictures. */
  async #take(files, sift) {
    const fit = sift ? files.filter(({ file }) => PICTURE.test(file.name)) : files;
    this.#leftOut = files.length - fit.length;
    if (fit.length === 0) {
      if (files.length > 0) this.#notice.show(new Error("There is no picture among them; PNG, JPEG, WebP, GIF and BMP are taken"));
      return;
    }
    const gallery = await this.#made().catch((problem) => { this.#notice.show(problem); });
    if (!gallery) return;
    this.#search.choose(gallery);
    this.#upload = new Upload(gallery, fit);
    this.#upload.addEventListener("progress", () => this.#progress());
    await this.#run();
  }

  /** The gallery that is chosen, made where it is a new one. */
  async #made() {
    if (this.#gallery.value !== NEW) return this.#gallery.value;
    const { name } = await api.createGallery({ name: this.#name.value.trim(), model: this.#model.value });
    await this.#service.look();
    this.#gallery.value = name;
    this.#name.value = "";
    this.#update();
    return name;
  }

  async #run() {
    const upload = this.#upload;
    this.#notice.clear();
    this.#busy(true);
    this.#progress();
    try {
      await upload.run();
    } catch (problem) {
      this.#notice.show(problem);
    }
    this.#busy(false);
    this.#progress();
    await this.#service.look();
    announce(summary(upload, this.#leftOut), 300);
  }

  #stopOrGoOn() {
    if (this.#running) this.#upload.stop();
    else this.#run();
  }

  #busy(busy) {
    this.#panel.setAttribute("aria-busy", String(busy));
    for (const id of ["choose-photos", "choose-folder", "photos-gallery"]) byId(id).disabled = busy;
  }

  #progress() {
    const { done, total, added, failures } = this.#upload;
    byId("photos-progress").hidden = false;
    byId("photos-bar").max = total;
    byId("photos-bar").value = done;
    byId("photos-count").textContent = summary(this.#upload, this.#leftOut);
    byId("photos-stop").hidden = done === total;
    byId("photos-stop").textContent = this.#running ? "Stop" : "Go on";
    byId("photos-failures").hidden = failures.length === 0;
    byId("photos-failures").replaceChildren(...failures.map(({ name, message }) => element("li", {}, element("strong", { textContent: name }), ` ${message}`)));
    this.#newest(added.slice(-NEWEST).reverse());
    if (performance.now() - this.#looked < LOOK_EVERY) return;
    this.#looked = performance.now();
    this.#service.look();
  }

  /** The photos that came last, of which those that stay are not loaded again. */
  #newest(photos) {
    const list = byId("photos-newest");
    const known = new Map([...list.children].map((item) => [item.dataset.url, item]));
    list.replaceChildren(...photos.map(({ url, label, id }) => known.get(url) ?? thumbnail(url, label ?? `photo ${id}`)));
  }
}

function thumbnail(url, name) {
  const image = element("img", { alt: name, width: 48, height: 48 });
  api.pictureUrl(`${url}?size=thumbnail`).then((address) => { image.src = address; }, () => {});
  const item = element("li", {}, image);
  item.dataset.url = url;
  return item;
}

function summary({ done, total, failures }, leftOut) {
  const others = leftOut > 0 ? ` · ${leftOut} other ${leftOut === 1 ? "file" : "files"} skipped` : "";
  const bad = failures.length > 0 ? ` · ${failures.length} could not be taken` : "";
  return `${done} of ${total}${bad}${others}`;
}
