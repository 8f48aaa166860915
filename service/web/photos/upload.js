// Photos to a gallery, a few at a time; one that cannot be taken is named and left out, and the others go on.
import * as api from "../shell/api.js";

const AT_A_TIME = 3; // the service embeds in one batch what comes together
const FAULTS = new Set([408, 413, 415, 422]); // of a file; anything else stops the upload

/** Fires "progress" after every photo. */
export class Upload extends EventTarget {
  failures = []; // {name, message}
  added = []; // photos as the service answers, newest last
  total;
  #gallery;
  #waiting;
  #stopping = new AbortController();

  /** @param {{file: File, folder: string | null}[]} files */
  constructor(gallery, files) {
    super();
    this.#gallery = gallery;
    this.#waiting = [...files];
    this.total = files.length;
  }

  get done() {
    return this.added.length + this.failures.length;
  }

  /** Until all is sent or `stop` is called. Throws what stands in the way of all photos; what is left can be run again. */
  async run() {
    this.#stopping = new AbortController();
    const { signal } = this.#stopping;
    const send = async () => {
      while (this.#waiting.length > 0 && !signal.aborted) await this.#send(this.#waiting.shift(), signal);
    };
    try {
      await Promise.all(Array.from({ length: AT_A_TIME }, send));
    } catch (problem) {
      this.stop();
      throw problem;
    }
  }

  stop() {
    this.#stopping.abort();
  }

  async #send(each, signal) {
    const { file, folder } = each;
    const metadata = JSON.stringify({ file: file.webkitRelativePath || file.name });
    try {
      const { photos } = await api.addPhoto(this.#gallery, { image: file, label: folder?.slice(0, 200), metadata }, signal);
      this.added.push(...photos);
    } catch (problem) {
      if (FAULTS.has(problem.status)) this.failures.push({ name: file.name, message: problem.message });
      else {
        this.#waiting.unshift(each);
        if (signal.aborted) return;
        if (!problem.retryAfter) throw problem;
        await new Promise((resolve) => { setTimeout(resolve, 1000 * problem.retryAfter); });
        return;
      }
    }
    this.dispatchEvent(new Event("progress"));
  }
}
