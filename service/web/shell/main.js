// The page's composition root: it creates all parts and connects them.
import { AnalogyMode } from "../analogy/analogy-mode.js";
import { BrowsePanel } from "../browse/browse-panel.js";
import { PhotosPanel } from "../photos/photos-panel.js";
import { SketchCanvas } from "../sketch/canvas.js";
import { Drawing } from "../sketch/drawing.js";
import { FIRST_EXAMPLES } from "../sketch/examples.js";
import { ExtraQueries } from "../sketch/extra-queries.js";
import { LinkSync } from "../sketch/link-sync.js";
import { SketchSearch } from "../sketch/search.js";
import { Toolbar } from "../sketch/toolbar.js";
import { TranslateMode } from "../translate/translate-mode.js";
import { byId, element } from "./dom.js";
import { Modes } from "./modes.js";
import { Notice } from "./notice.js";
import { ServiceState } from "./service-state.js";
import { StatusPanel } from "./status-panel.js";
import { Viewer } from "./viewer.js";

/** @import { ModeName } from "./modes.js" */
/** @typedef {{ open(): void, receive(file: File): void }} Mode `receive` takes a pasted picture */

const tabs = new Modes(); // before LinkSync, whose answer to a new address depends on the open mode
const service = new ServiceState();
const viewer = new Viewer();
const drawing = new Drawing();
const canvas = new SketchCanvas(byId("canvas", HTMLCanvasElement), byId("brush"), drawing);
const toolbar = new Toolbar(drawing, canvas, new Notice(byId("sketch-notice")));
const extraQueries = new ExtraQueries(drawing, canvas);
const search = new SketchSearch(service, drawing, canvas, extraQueries, viewer);
const linkSync = new LinkSync(search, drawing, extraQueries);
new PhotosPanel(service, search);
new BrowsePanel(service, search, viewer);
new StatusPanel(service);

/** @type {Record<ModeName, Mode>} */
const modes = {
  sketch: { open: () => linkSync.write(), receive: (file) => toolbar.receive(file) },
  translate: new TranslateMode(service, viewer),
  analogy: new AnalogyMode(service, viewer),
};

byId("example-chips").replaceChildren(
  ...FIRST_EXAMPLES.map((name) => {
    const onclick = () => toolbar.drawExample(name);
    return element("button", { type: "button", className: "chip", textContent: name, onclick });
  }),
);

tabs.start();
linkSync.restore(location.hash);
tabs.addEventListener("open", () => {
  if (tabs.current) modes[tabs.current].open();
});
addEventListener("paste", (event) => {
  const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
  if (!file || !tabs.current || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  modes[tabs.current].receive(file);
});
// A picture that is dropped next to an input must not replace the page.
for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());

service.start();
