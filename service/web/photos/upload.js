// Uploads photos to a gallery, a few at a time. A photo that the service refuses is skipped and reported.
import * as api from "../shell/api.js";
import { Problem } from "../shell/http.js";

/** @import { Photo } from "iiae-api" */
/** @import { FolderFile } from "../shell/drag-and-drop.js" */

const CONCURRENCY = 3; // the service embeds photos that arrive together in one micro-batch
const FILE_ERRORS = new Set([408, 413, 415, 422]); // statuses that concern one file; others stop the upload
const MAX_LABEL = 200; // characters

/** Fires "progress" after every photo. */
export class Upload extends EventTarget {
  /** @type {{ name: string, message: string }[]} */
  failures = [];
  /** @type {Photo[]} newest last */
  added = [];
  total;
  #gallery;
  #waiting;
  #stop = new AbortController();

  /**
   * @param {string} gallery
   * @param {FolderFile[]} files
   */
  constructor(gallery, files) {
    super();
    this.#gallery = gallery;
    this.#waiting = [...files];
    this.total = files.length;
  }

  get done() {
    return this.added.length + this.failures.length;
  }

  /**
   * Send photos until all are sent or `stop` is called. Call it again to send the rest.
   * Throws an error that concerns all photos, such as a missing key.
   */
  async run() {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    const sendNext = async () => {
      for (let next = this.#next(signal); next; next = this.#next(signal)) await this.#send(next, signal);
    };
    try {
      await Promise.all(Array.from({ length: CONCURRENCY }, sendNext));
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  stop() {
    this.#stop.abort();
  }

  /** @param {AbortSignal} signal */
  #next(signal) {
    return signal.aborted ? undefined : this.#waiting.shift();
  }

  /**
   * @param {FolderFile} each
   * @param {AbortSignal} signal
   */
  async #send(each, signal) {
    const { file, folder, path } = each;
    const metadata = JSON.stringify({ file: path });
    const label = folder?.slice(0, MAX_LABEL);
    try {
      const { photos } = await api.addPhoto(this.#gallery, { image: file, label, metadata }, signal);
      this.added.push(...photos);
    } catch (error) {
      const problem = error instanceof Problem ? error : null;
      if (!problem || !FILE_ERRORS.has(problem.status)) {
        this.#waiting.unshift(each);
        if (signal.aborted) return;
        if (!problem?.retryAfter) throw error;
        await pause(problem.retryAfter);
        return;
      }
      this.failures.push({ name: file.name, message: problem.message });
    }
    this.dispatchEvent(new Event("progress"));
  }
}

/** @param {number} seconds */
function pause(seconds) {
  return new Promise((resolve) => {
    setTimeout(resolve, 1000 * seconds);
  });
}
