// The three modes as tabs; the address names the one that is open.
import { byId } from "./dom.js";
import { modeOf } from "./fragment.js";

const TITLES = { sketch: "Sketch search", translate: "Translate", analogy: "Analogy" };
const NAMES = Object.keys(TITLES);

/** Fires "open" when a mode is shown; `current` is its name. */
export class Modes extends EventTarget {
  current = null;

  constructor() {
    super();
    for (const name of NAMES) this.#tab(name).addEventListener("click", () => this.open(name));
    this.#tab("sketch").parentElement.addEventListener("keydown", (event) => this.#key(event));
    addEventListener("hashchange", () => this.#follow());
  }

  start() {
    this.#follow();
  }

  open(name) {
    if (name === this.current) return;
    this.current = name;
    for (const each of NAMES) {
      const chosen = each === name;
      byId(each).hidden = !chosen;
      this.#tab(each).setAttribute("aria-selected", String(chosen));
      this.#tab(each).tabIndex = chosen ? 0 : -1;
    }
    document.title = `${TITLES[name]} · IIAE`;
    if (modeOf(location.hash) !== name) history.replaceState(null, "", `#${name}`);
    this.dispatchEvent(new Event("open"));
  }

  #tab(name) {
    return byId(`tab-${name}`);
  }

  #follow() {
    const name = modeOf(location.hash);
    this.open(NAMES.includes(name) ? name : "sketch");
    scrollTo(0, 0);
  }

  #key(event) {
    const at = NAMES.indexOf(this.current);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: NAMES.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.open(NAMES.at(to % NAMES.length));
    this.#tab(this.current).focus();
  }
}
