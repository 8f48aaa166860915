// The status button in the page's corner, and its panel: the service's health, load, models and galleries.
import { askAgain, keyDeclined } from "./api-key.js";
import { byId, element } from "./dom.js";
import { capabilityNames, domainName, modelName } from "./wording.js";

/** @import { Gallery, Model, Rejected } from "iiae-api" */
/** @import { Load, ServiceState, State } from "./service-state.js" */

/** @type {Record<State, string>} */
const STATES = {
  connecting: "Connecting…",
  ready: "Ready",
  degraded: "Ready, with limits",
  starting: "Not ready yet",
  "without-models": "No models",
  stopping: "Stopping",
  locked: "API key needed",
  unreachable: "Not reachable",
};

/** The button and the panel of `service`. */
export class StatusPanel {
  #service;
  #button = byId("status-button");
  #panel = byId("status-panel");
  #shown = ""; // the shown facts; rebuilding an unchanged panel would only lose the focus

  /** @param {ServiceState} service */
  constructor(service) {
    this.#service = service;
    this.#button.addEventListener("click", () => {
      this.#toggle(this.#panel.hidden);
      if (!this.#panel.hidden) service.poll();
    });
    document.addEventListener("pointerdown", ({ target }) => {
      const inside =
        target instanceof Node && (this.#panel.contains(target) || this.#button.contains(target));
      if (!inside) this.#toggle(false);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.#panel.hidden) return;
      this.#toggle(false);
      this.#button.focus();
    });
    service.addEventListener("change", () => this.#update());
  }

  /** @param {boolean} open */
  #toggle(open) {
    this.#panel.hidden = !open;
    this.#button.setAttribute("aria-expanded", String(open));
    this.#service.watched = open;
  }

  #update() {
    const { state, message, models, rejected, galleries, load } = this.#service;
    byId("status-dot").dataset.state = state;
    byId("status-text").textContent = STATES[state];
    const facts = JSON.stringify([state, message, keyDeclined(), models, rejected, galleries]);
    if (facts !== this.#shown) {
      this.#shown = facts;
      this.#panel.replaceChildren(...panelContent(this.#service));
    }
    byId("status-load").replaceChildren(...(load ? loadItems(load, models) : []));
  }
}

/** @param {ServiceState} service */
function panelContent(service) {
  const { state, message, models, rejected, galleries } = service;
  return [
    element(
      "p",
      { className: "state" },
      element("strong", { textContent: STATES[state] }),
      message ? ` — ${message}` : "",
    ),
    element("dl", { className: "load", id: "status-load" }),
    ...(state === "locked" && keyDeclined() ? [element("p", {}, keyButton(service))] : []),
    element("h2", { textContent: "Models" }),
    list(models, modelItem, "No model is served."),
    ...(rejected.length > 0
      ? [element("h2", { textContent: "Models that could not be loaded" }), list(rejected, rejectedItem, "")]
      : []),
    element("h2", { textContent: "Galleries" }),
    list(galleries, galleryItem, "There are no galleries yet."),
    element(
      "p",
      { className: "links" },
      element("a", { href: "docs", textContent: "For programmers: the API" }),
      " · ",
      element("a", { href: "openapi.json", textContent: "OpenAPI document" }),
    ),
  ];
}

/**
 * @param {Load} load
 * @param {Model[]} models
 */
function loadItems({ queue, hitRate }, models) {
  const facts = {
    "Runs on": [...new Set(models.map(({ device }) => device))].join(", ").toUpperCase() || "no model yet",
    Waiting: `${queue} ${queue === 1 ? "picture" : "pictures"}`,
    "Known answers": hitRate === null ? "nothing yet" : `${Math.round(100 * hitRate)} %`,
  };
  return Object.entries(facts).map(([name, value]) =>
    element("div", {}, element("dt", { textContent: name }), element("dd", { textContent: value })),
  );
}

/** @param {ServiceState} service */
function keyButton(service) {
  const onclick = async () => {
    if (await askAgain()) service.poll();
  };
  return element("button", { type: "button", className: "button", textContent: "Enter a key", onclick });
}

/**
 * @template Item
 * @param {Item[]} items
 * @param {(item: Item) => HTMLElement} show
 * @param {string} emptyText
 */
function list(items, show, emptyText) {
  if (items.length === 0) return element("p", { className: "meta", textContent: emptyText });
  return element("ul", {}, ...items.map(show));
}

/** @param {Model} model */
function modelItem({ id, domains, image_size, capabilities }) {
  return element(
    "li",
    {},
    element("strong", { textContent: modelName(id) }),
    element("span", {
      className: "meta",
      textContent: ` ${domains.map(domainName).join(" ↔ ")}, ${image_size}\u00a0px`,
    }),
    element(
      "span",
      { className: "chips small" },
      ...capabilityNames(capabilities).map((name) =>
        element("span", { className: "tag", textContent: name }),
      ),
    ),
  );
}

/** @param {Rejected} checkpoint */
function rejectedItem({ id, version, reason }) {
  return element(
    "li",
    {},
    element("strong", { textContent: id }),
    element("code", { textContent: version }),
    element("span", { className: "meta", textContent: reason }),
  );
}

/** @param {Gallery} gallery */
function galleryItem({ name, model, photos, credit, outdated, damaged_rows: damaged }) {
  const problems = `${outdated ? " · made with an earlier model: run iiae reindex" : ""}${damaged ? " · damaged: run iiae fsck" : ""}`;
  const details = `searched with ${modelName(model)}${problems}`;
  return element(
    "li",
    {},
    element("strong", { textContent: name }),
    element("span", { className: "meta", textContent: ` ${photos.toLocaleString("en")} pictures` }),
    element("span", { className: "meta block", textContent: details }),
    credit ? element("span", { className: "meta block", textContent: credit }) : null,
  );
}
