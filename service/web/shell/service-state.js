// What the service has: its models, galleries and health, looked at again and again while the page is seen.
import * as api from "./api.js";

const EVERY = 5000;
const EVERY_WATCHED = 1500;

/** Fires "change" when something differs from the last look. */
export class Service extends EventTarget {
  state = "connecting"; // or "ready", "degraded", "starting", "locked", "unreachable"
  message = "";
  models = [];
  rejected = [];
  galleries = [];
  known = false; // whether the galleries were ever told
  load = null; // {queue, hitRate} while somebody watches; hitRate is null before anything was asked for
  watched = false;
  #last = "";
  #timer = 0;

  start() {
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.look(); });
    return this.look();
  }

  /** Looks now, and then again after a while. */
  async look() {
    clearTimeout(this.#timer);
    const [health, models, galleries, metrics] = await Promise.allSettled([api.ready(), api.models(), api.galleries(), this.watched ? api.metrics() : null]);
    this.load = metrics.value ? loadOf(metrics.value) : null;
    if (models.value) {
      this.models = models.value.models;
      this.rejected = models.value.rejected ?? [];
    }
    if (galleries.value) {
      this.galleries = galleries.value.galleries;
      this.known = true;
    }
    this.#judge(health, models.reason ?? galleries.reason);
    const now = JSON.stringify([this.state, this.message, this.models, this.rejected, this.galleries, this.load]);
    if (now !== this.#last) {
      this.#last = now;
      this.dispatchEvent(new Event("change"));
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => { if (!document.hidden) this.look(); }, this.watched ? EVERY_WATCHED : EVERY);
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

/** What the metrics say of how busy the service is. */
function loadOf({ queue_items: queue, cache_hits_total: hits, cache_redis_hits_total: shared, cache_misses_total: misses }) {
  const asked = hits + shared + misses;
  return { queue, hitRate: asked > 0 ? (hits + shared) / asked : null };
}
