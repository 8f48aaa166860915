// The service's models, galleries and health, polled while the page is visible.
import * as api from "./api.js";
import { Problem } from "./http.js";

/** @import { Gallery, Health, Model, Rejected } from "iiae-api" */
/** @typedef {"ready" | "degraded"} Ready */
/** @typedef {"connecting" | "starting" | "without-models" | "stopping" | "locked" | "unreachable"} Away */
/** @typedef {Ready | Away} State `without-models` if the service runs, but could load none */

/**
 * Waiting items, and the cache's hit rate; null before the first lookup.
 * @typedef {{ queue: number, hitRate: number | null }} Load
 */

const POLL_INTERVAL = 5000; // ms
const POLL_INTERVAL_WATCHED = 1500;

/** Fires "change" when something differs from the last poll. */
export class ServiceState extends EventTarget {
  /** @type {State} */
  state = "connecting";
  message = "";
  /** @type {Model[]} */
  models = [];
  /** @type {Rejected[]} */
  rejected = [];
  /** @type {Gallery[]} */
  galleries = [];
  galleriesKnown = false; // false until the service has listed its galleries once
  /** @type {Load | null} only polled while `watched` */
  load = null;
  watched = false; // whether the status panel is open
  #lastState = "";
  /** @type {number | undefined} */
  #timer;

  start() {
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.poll();
    });
    return this.poll();
  }

  /** Ask the service now, and schedule the next poll. */
  async poll() {
    clearTimeout(this.#timer);
    const [health, models, galleries, metrics] = await Promise.allSettled([
      api.ready(),
      api.models(),
      api.galleries(),
      this.watched ? api.metrics() : null,
    ]);
    this.load = metrics.status === "fulfilled" && metrics.value ? loadOf(metrics.value) : null;
    if (models.status === "fulfilled") {
      this.models = models.value.models;
      this.rejected = models.value.rejected;
    }
    if (galleries.status === "fulfilled") {
      this.galleries = galleries.value.galleries;
      this.galleriesKnown = true;
    }
    this.#setState(health, failureOf(models) ?? failureOf(galleries));
    this.#reportChange();
    clearTimeout(this.#timer);
    const interval = this.watched ? POLL_INTERVAL_WATCHED : POLL_INTERVAL;
    this.#timer = setTimeout(() => {
      if (!document.hidden) this.poll();
    }, interval);
  }

  /** Whether the service answers requests. */
  get isReady() {
    return this.state === "ready" || this.state === "degraded";
  }

  /**
   * The models with this capability.
   * @param {string} capability
   */
  modelsWith(capability) {
    return this.models.filter((model) => model.capabilities.includes(capability));
  }

  #reportChange() {
    const { state, message, models, rejected, galleries, load } = this;
    const current = JSON.stringify([state, message, models, rejected, galleries, load]);
    if (current === this.#lastState) return;
    this.#lastState = current;
    this.dispatchEvent(new Event("change"));
  }

  /**
   * @param {PromiseSettledResult<Health>} health
   * @param {Error | null} failure
   */
  #setState(health, failure) {
    const problem = failure ?? failureOf(health);
    const degraded = health.status === "fulfilled" ? health.value.degraded : [];
    this.message = problem?.message ?? "";
    if (statusOf(failure) === 401 || statusOf(failure) === 403) this.state = "locked";
    else if (statusOf(failure) === 503) this.state = "starting";
    else if (statusOf(problem) === 503) this.state = this.models.length > 0 ? "stopping" : "without-models";
    else if (problem) this.state = "unreachable";
    else this.state = degraded.length > 0 ? "degraded" : "ready";
    if (this.state === "degraded") this.message = degraded.map((part) => DEGRADED[part] ?? part).join(" ");
    if (this.state === "without-models") this.message = "The service runs, but has no model to answer with.";
  }
}

/** @type {Record<string, string>} what the names in `degraded` mean */
const DEGRADED = {
  redis: "The shared cache (Redis) is away; answers may be slower.",
  disk: "Nothing can be added: the disk is full, read-only or does not answer.",
};

/**
 * @param {PromiseSettledResult<unknown>} result
 * @returns {Error | null}
 */
function failureOf(result) {
  return result.status === "rejected" ? result.reason : null;
}

/** @param {Error | null} error */
function statusOf(error) {
  return error instanceof Problem ? error.status : null;
}

/**
 * @param {Record<string, number>} metrics
 * @returns {Load}
 */
function loadOf({
  queue_items: queue = 0,
  cache_hits_total: hits = 0,
  cache_redis_hits_total: redis = 0,
  cache_misses_total: misses = 0,
}) {
  const lookups = hits + redis + misses;
  return { queue, hitRate: lookups > 0 ? (hits + redis) / lookups : null };
}
