// The three modes as tabs. The address's fragment names the open one. No element has such an id: the browser
// would scroll to it, and the header would be out of sight.
import { byId } from "./dom.js";
import { modeOf } from "./fragment.js";

/** @typedef {"sketch" | "translate" | "analogy"} ModeName */

/** @type {Record<ModeName, string>} */
const TITLES = { sketch: "Sketch search", translate: "Translate", analogy: "Analogy" };
const NAMES = /** @type {ModeName[]} */ (Object.keys(TITLES));

/** The tab bar. Fires "open" when a mode is opened. */
export class Modes extends EventTarget {
  /** @type {ModeName | null} */
  current = null;

  constructor() {
    super();
    for (const name of NAMES) tab(name).addEventListener("click", () => this.open(name));
    tab("sketch").parentElement?.addEventListener("keydown", (event) => this.#onKey(event));
    addEventListener("hashchange", () => this.#followAddress());
  }

  start() {
    this.#followAddress();
  }

  /** @param {ModeName} name */
  open(name) {
    if (name === this.current) return;
    this.current = name;
    for (const each of NAMES) {
      const selected = each === name;
      byId(`${each}-mode`).hidden = !selected;
      tab(each).setAttribute("aria-selected", String(selected));
      tab(each).tabIndex = selected ? 0 : -1;
    }
    document.title = `${TITLES[name]} · IIAE`;
    if (modeOf(location.hash) !== name) history.replaceState(null, "", `#${name}`);
    this.dispatchEvent(new Event("open"));
  }

  #followAddress() {
    const named = modeOf(location.hash);
    this.open(NAMES.find((name) => name === named) ?? "sketch");
    scrollTo(0, 0);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const index = NAMES.findIndex((name) => name === this.current);
    /** @type {Record<string, number>} */
    const targets = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: NAMES.length - 1 };
    const target = targets[event.key];
    const name = target === undefined ? undefined : NAMES.at(target % NAMES.length);
    if (!name) return;
    event.preventDefault();
    this.open(name);
    tab(name).focus();
  }
}

/** @param {ModeName} name */
function tab(name) {
  return byId(`tab-${name}`);
}
