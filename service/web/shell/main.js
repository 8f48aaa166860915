// The page's composition root: all parts are made and joined here.
import { AnalogyMode } from "../analogy/analogy.js";
import { Beside } from "../sketch/extra-queries.js";
import { Canvas } from "../sketch/canvas.js";
import { byId } from "./dom.js";
import { Drawing } from "../sketch/drawing.js";
import { Easel } from "../sketch/toolbar.js";
import { EXAMPLES } from "../sketch/examples.js";
import { Modes } from "./modes.js";
import { Notice } from "./notice.js";
import { PhotosPanel } from "../photos/photos-panel.js";
import { SketchSearch, exampleChips } from "../sketch/search.js";
import { Service } from "./service-state.js";
import { Share } from "../sketch/link-sync.js";
import { showStatus } from "./status-panel.js";
import { TranslateMode } from "../translate/translate.js";
import { Viewer } from "./viewer.js";

const modes = new Modes();
const service = new Service();
const viewer = new Viewer();
const drawing = new Drawing();
const canvas = new Canvas(byId("canvas"), byId("brush"), drawing);
const easel = new Easel(drawing, canvas, new Notice(byId("sketch-notice")));
const beside = new Beside(drawing, canvas);
const search = new SketchSearch(service, drawing, canvas, beside, viewer);
const share = new Share(search, drawing, beside);
new PhotosPanel(service, search);
const translate = new TranslateMode(service, viewer);
const analogy = new AnalogyMode(service, viewer);
const parts = { sketch: { open: () => share.write(), receive: (file) => easel.receive(file) }, translate, analogy };

exampleChips(byId("example-chips"), Object.keys(EXAMPLES), (name) => easel.draw(name));
showStatus(service);

modes.start();
share.restore(location.hash);
modes.addEventListener("open", () => parts[modes.current].open?.());
addEventListener("paste", (event) => {
  const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
  if (!file || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  parts[modes.current].receive(file);
});
// a picture dropped beside its place must not replace the page
for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());

service.start();
