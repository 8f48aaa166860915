// The corner that says how the service is and what it serves.
import { byId, element } from "./dom.js";
import { askAgain, keyDeclined } from "./api-key.js";

const WORDS = { connecting: "Connecting…", ready: "Ready", degraded: "Ready, degraded", starting: "Not ready yet", locked: "Key needed", unreachable: "Not reachable" };

let shown = ""; // what the panel says, so that what has focus there is not made anew for nothing

/** Shows `service` in the status button and its panel. */
export function showStatus(service) {
  const [button, panel] = [byId("status-button"), byId("status-panel")];
  const toggle = (open) => {
    panel.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    service.watched = open;
  };
  button.addEventListener("click", () => {
    toggle(panel.hidden);
    if (!panel.hidden) service.look();
  });
  document.addEventListener("pointerdown", (event) => { if (!panel.contains(event.target) && !button.contains(event.target)) toggle(false); });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || panel.hidden) return;
    toggle(false);
    button.focus();
  });
  service.addEventListener("change", () => update(service, panel));
}

function update(service, panel) {
  byId("status-dot").dataset.state = service.state;
  const count = service.models.length;
  byId("status-text").textContent = service.state === "ready" ? `${count} ${count === 1 ? "model" : "models"}` : WORDS[service.state];
  const facts = JSON.stringify([service.state, service.message, keyDeclined(), service.models, service.rejected, service.galleries]);
  if (facts !== shown) {
    shown = facts;
    panel.replaceChildren(...all(service));
  }
  byId("status-load").replaceChildren(...(service.load ? load(service) : []));
}

function all(service) {
  return [
    element("p", { className: "state" }, element("strong", { textContent: WORDS[service.state] }), service.message ? ` — ${service.message}` : ""),
    element("dl", { className: "load", id: "status-load" }),
    ...(service.state === "locked" && keyDeclined() ? [element("p", {}, keyButton(service))] : []),
    element("h2", { textContent: "Models" }),
    list(service.models, model, "None is served."),
    ...(service.rejected.length > 0 ? [element("h2", { textContent: "Left out" }), list(service.rejected, rejected, "")] : []),
    element("h2", { textContent: "Galleries" }),
    list(service.galleries, gallery, "There is none yet."),
    element("p", { className: "links" }, element("a", { href: "/docs", textContent: "API" }), " · ", element("a", { href: "/openapi.json", textContent: "OpenAPI" })),
  ];
}

function load({ load: { queue, hitRate }, models }) {
  const devices = [...new Set(models.map(({ device }) => device))].join(", ");
  const cache = hitRate === null ? "nothing asked yet" : `${Math.round(100 * hitRate)} % found`;
  return [["Device", devices], ["Queue", queue === 1 ? "1 waits" : `${queue} wait`], ["Cache", cache]]
    .map(([name, value]) => element("div", {}, element("dt", { textContent: name }), element("dd", { textContent: value })));
}

function keyButton(service) {
  const again = async () => { if (await askAgain()) service.look(); };
  return element("button", { type: "button", className: "button", textContent: "Enter a key", onclick: again });
}

function list(things, show, none) {
  return things.length > 0 ? element("ul", {}, ...things.map(show)) : element("p", { className: "meta", textContent: none });
}

function model({ id, version, domains, image_size, capabilities }) {
  return element("li", {},
    element("strong", { textContent: id }), element("span", { className: "meta", textContent: ` ${domains.join(" ↔ ")}, ${image_size} px` }),
    element("span", { className: "chips small" }, ...capabilities.map((name) => element("span", { className: "tag", textContent: name }))),
    element("code", { textContent: version, title: "version" }));
}

function rejected({ id, version, reason }) {
  return element("li", {}, element("strong", { textContent: id }), element("code", { textContent: version }), element("span", { className: "meta", textContent: reason }));
}

function gallery({ name, model: of, domain, photos, index, credit, outdated }) {
  return element("li", {},
    element("strong", { textContent: name }), element("span", { className: "meta", textContent: ` ${photos.toLocaleString("en")} pictures` }),
    element("span", { className: "meta block", textContent: `${of} · ${domain} · index ${index}${outdated ? " · outdated: embed it again" : ""}` }),
    credit ? element("span", { className: "meta block", textContent: credit }) : null);
}
