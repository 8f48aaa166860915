// The panel that adds photos: choose or create a gallery, drop photos or a folder, and watch the progress.
import * as api from "../shell/api.js";
import { announce } from "../shell/announce.js";
import { byId, element, fillSelect } from "../shell/dom.js";
import { acceptFolders, chosenFiles } from "../shell/drag-and-drop.js";
import { Notice } from "../shell/notice.js";
import { FORMATS, isPicture } from "../shell/picture-files.js";
import { thumbnailUrl } from "../shell/pictures.js";
import { modelName } from "../shell/wording.js";
import { hitName } from "../sketch/hit-text.js";
import { Upload } from "./upload.js";

/** @import { Photo } from "iiae-api" */
/** @import { FolderFile } from "../shell/drag-and-drop.js" */
/** @import { ServiceState } from "../shell/service-state.js" */
/** @import { SketchSearch } from "../sketch/search.js" */

const NEW_GALLERY = ""; // the value of the option "A new gallery…"; a gallery's name is never empty
const NEWEST_SHOWN = 8;
const POLL_INTERVAL = 1000; // ms between looks at the galleries during an upload

export class PhotosPanel {
  #service;
  #search;
  #panel = byId("photos-panel");
  #button = byId("photos-button", HTMLButtonElement);
  #gallery = byId("photos-gallery", HTMLSelectElement);
  #model = byId("photos-model", HTMLSelectElement);
  #name = byId("photos-name", HTMLInputElement);
  #choosePhotos = byId("choose-photos", HTMLButtonElement);
  #chooseFolder = byId("choose-folder", HTMLButtonElement);
  #notice = new Notice(byId("photos-notice"));
  /** @type {Upload | null} */
  #upload = null;
  #skipped = 0; // files of the upload that are no pictures
  #lastPoll = 0;

  /**
   * @param {ServiceState} service
   * @param {SketchSearch} search
   */
  constructor(service, search) {
    this.#service = service;
    this.#search = search;
    this.#button.addEventListener("click", () => this.#toggle(this.#panel.hidden));
    byId("first-photos").addEventListener("click", () => this.#toggle(true));
    byId("photos-close").addEventListener("click", () => {
      this.#toggle(false);
      this.#button.focus();
    });
    this.#gallery.addEventListener("change", () => this.#updateFields());
    byId("photos-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#choosePhotos.click();
    });
    this.#connectFileInput(this.#choosePhotos, byId("photos-files", HTMLInputElement), {
      picturesOnly: false,
    });
    this.#connectFileInput(this.#chooseFolder, byId("photos-folder", HTMLInputElement), {
      picturesOnly: true,
    });
    acceptFolders(this.#panel, (files) => {
      const picturesOnly = files.length > 1 || files.some(({ folder }) => folder);
      if (this.#isReady()) this.#start(files, { picturesOnly });
    });
    byId("photos-stop").addEventListener("click", () => this.#stopOrResume());
    service.addEventListener("change", () => this.#fill());
  }

  /**
   * @param {HTMLButtonElement} button
   * @param {HTMLInputElement} input
   * @param {{ picturesOnly: boolean }} options
   */
  #connectFileInput(button, input, options) {
    button.addEventListener("click", () => {
      if (this.#isReady()) input.click();
    });
    input.addEventListener("change", () => {
      this.#start(chosenFiles(input), options);
      input.value = "";
    });
  }

  /** @param {boolean} open */
  #toggle(open) {
    this.#panel.hidden = !open;
    this.#button.setAttribute("aria-expanded", String(open));
    if (!open) return;
    this.#gallery.value = this.#search.gallery;
    if (this.#gallery.selectedIndex < 0) this.#gallery.value = NEW_GALLERY;
    this.#updateFields();
    (this.#createsGallery ? this.#name : this.#gallery).focus();
  }

  #fill() {
    const models = this.#service.modelsWith("sbir").map(({ id }) => id);
    const galleries = this.#service.galleries.filter(
      ({ model, outdated }) => models.includes(model) && !outdated,
    );
    fillSelect(
      this.#model,
      models.map((id) => [id, modelName(id)]),
    );
    fillSelect(this.#gallery, [
      ...galleries.map(({ name }) => /** @type {[string, string]} */ ([name, name])),
      [NEW_GALLERY, "A new gallery…"],
    ]);
    this.#button.disabled = models.length === 0;
    this.#updateFields();
  }

  #updateFields() {
    byId("photos-name-field").hidden = !this.#createsGallery;
    byId("photos-model-field").hidden = !this.#createsGallery;
  }

  get #createsGallery() {
    return this.#gallery.value === NEW_GALLERY;
  }

  get #isRunning() {
    return this.#panel.getAttribute("aria-busy") === "true";
  }

  /** Whether an upload can start. Reports a gallery name that is not valid. */
  #isReady() {
    const hasGallery = !this.#createsGallery || this.#name.reportValidity();
    return hasGallery && !this.#isRunning;
  }

  /**
   * Upload files. With `picturesOnly`, skip those that are no pictures.
   * @param {FolderFile[]} files
   * @param {{ picturesOnly: boolean }} options
   */
  async #start(files, { picturesOnly }) {
    const kept = await Promise.all(files.map(({ file }) => !picturesOnly || isPicture(file)));
    const pictures = files.filter((_, index) => kept[index]);
    this.#skipped = files.length - pictures.length;
    if (pictures.length === 0) {
      const error = new Error(`None of these files is a picture; choose ${FORMATS} files`);
      if (files.length > 0) this.#notice.show(error);
      return;
    }
    const gallery = await this.#chosenGallery().catch((error) => this.#notice.show(error));
    if (!gallery) return;
    this.#search.scope.chooseGallery(gallery);
    const upload = new Upload(gallery, pictures);
    upload.addEventListener("progress", () => this.#showProgress(upload));
    this.#upload = upload;
    await this.#run(upload);
  }

  /** The name of the chosen gallery, which is created first if it is new. */
  async #chosenGallery() {
    if (!this.#createsGallery) return this.#gallery.value;
    const { name } = await api.createGallery({ name: this.#name.value.trim(), model: this.#model.value });
    await this.#service.poll();
    this.#gallery.value = name;
    this.#name.value = "";
    this.#updateFields();
    return name;
  }

  /** @param {Upload} upload */
  async #run(upload) {
    this.#notice.clear();
    this.#setBusy(true);
    this.#showProgress(upload);
    try {
      await upload.run();
    } catch (error) {
      this.#notice.show(error);
    }
    this.#setBusy(false);
    this.#showProgress(upload);
    await this.#service.poll();
    announce(summary(upload, this.#skipped), 300);
  }

  #stopOrResume() {
    if (!this.#upload) return;
    if (this.#isRunning) this.#upload.stop();
    else this.#run(this.#upload);
  }

  /** @param {boolean} busy */
  #setBusy(busy) {
    this.#panel.setAttribute("aria-busy", String(busy));
    for (const control of [this.#choosePhotos, this.#chooseFolder, this.#gallery]) control.disabled = busy;
  }

  /** @param {Upload} upload */
  #showProgress(upload) {
    const { done, total, added, failures } = upload;
    const bar = byId("photos-bar", HTMLProgressElement);
    bar.max = total;
    bar.value = done;
    byId("photos-progress").hidden = false;
    byId("photos-count").textContent = summary(upload, this.#skipped);
    byId("photos-stop").hidden = done === total;
    byId("photos-stop").textContent = this.#isRunning ? "Stop" : "Resume";
    byId("photos-failures").hidden = failures.length === 0;
    byId("photos-failures").replaceChildren(
      ...failures.map(({ name, message }) =>
        element("li", {}, element("strong", { textContent: name }), ` ${message}`),
      ),
    );
    showNewest(added.slice(-NEWEST_SHOWN).reverse());
    if (performance.now() - this.#lastPoll < POLL_INTERVAL) return;
    this.#lastPoll = performance.now();
    this.#service.poll();
  }
}

/**
 * Show thumbnails of the newest photos. Those that are already shown are not loaded again.
 * @param {Photo[]} photos
 */
function showNewest(photos) {
  const list = byId("photos-newest");
  const shown = new Map([...list.querySelectorAll("li")].map((item) => [item.dataset.url, item]));
  list.replaceChildren(
    ...photos.map(
      ({ url, label, id, metadata }) => shown.get(url) ?? thumbnail(url, hitName({ label, id, metadata })),
    ),
  );
}

/**
 * @param {string} url
 * @param {string} name
 */
function thumbnail(url, name) {
  const image = element("img", { alt: name, width: 48, height: 48 });
  thumbnailUrl(url).then(
    (loaded) => {
      image.src = loaded;
    },
    () => {},
  );
  const item = element("li", {}, image);
  item.dataset.url = url;
  return item;
}

/**
 * @param {Upload} upload
 * @param {number} skipped
 */
function summary({ done, total, failures }, skipped) {
  const failed = failures.length > 0 ? ` · ${failures.length} failed` : "";
  const others = skipped > 0 ? ` · ${skipped} other ${skipped === 1 ? "file" : "files"} skipped` : "";
  return `${done} of ${total}${failed}${others}`;
}
