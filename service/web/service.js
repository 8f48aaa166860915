// What the service has: its models, galleries and health, looked at again and again while the page is seen.
import * as api from "./api.js";

const EVERY = 5000;

/** Fires "change" when something differs from the last look. */
export class Service extends EventTarget {
  state = "connecting"; // or "ready", "degraded", "starting", "locked", "unreachable"
  message = "";
  models = [];
  rejected = [];
  galleries = [];
  #last = "";
  #timer = 0;

  start() {
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.look(); });
    return this.look();
  }

  /** Looks now, and then again after a while. */
  async look() {
    clearTimeout(this.#timer);
    const [health, models, galleries] = await Promise.allSettled([api.ready(), api.models(), api.galleries()]);
    if (models.value) {
      this.models = models.value.models;
      this.rejected = models.value.rejected ?? [];
    }
    if (galleries.value) this.galleries = galleries.value.galleries;
    this.#judge(health, models.reason ?? galleries.reason);
    const now = JSON.stringify([this.state, this.message, this.models, this.rejected, this.galleries]);
    if (now !== this.#last) {
      this.#last = now;
      this.dispatchEvent(new Event("change"));
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => { if (!document.hidden) this.look(); }, EVERY);
  }

  /** The models that can do this. */
  able(capability) {
    return this.models.filter((model) => model.capabilities.includes(capability));
  }

  #judge(health, failure) {
    const problem = failure ?? health.reason;
    this.message = problem?.message ?? "";
    if (failure?.status === 401 || failure?.status === 403) this.state = "locked";
    else if (problem?.status === 503) this.state = "starting";
    else if (problem) this.state = "unreachable";
    else this.state = health.value.degraded?.length > 0 ? "degraded" : "ready";
    if (this.state === "degraded") this.message = `Going on without ${health.value.degraded.join(" and ")}.`;
  }
}
