// Dragging: pictures of this page from place to place, and files and folders from outside.

const OWN = "application/x-iiae-picture";
let dragged = null; // what is being dragged from this page, () => {blob, domain} or a promise of it

/** Lets an element be dragged as a picture; `picture()` gives {blob, domain} or a promise of it. */
export function makeDraggable(element, picture) {
  element.draggable = true;
  element.addEventListener("dragstart", (event) => {
    dragged = picture;
    event.dataTransfer.setData(OWN, "");
    event.dataTransfer.effectAllowed = "copy";
  });
  element.addEventListener("dragend", () => { dragged = null; });
}

/** Makes a place take a picture that is dropped on it: `take(blob, domain)`, whose domain is known for those of this page alone. */
export function takeDrops(place, take) {
  receive(place, async (event) => {
    if (!event.dataTransfer.types.includes(OWN)) {
      const file = event.dataTransfer.files[0];
      if (file) take(file);
      return;
    }
    const picture = await Promise.resolve(dragged?.()).catch(() => null);
    if (picture) take(picture.blob, picture.domain);
  });
}

/** Makes a place take files and whole folders: `take([{file, folder}])`, `folder` being null for a file that lay in none. */
export function takeFolders(place, take) {
  receive(place, async (event) => {
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const loose = [...event.dataTransfer.files].map((file) => ({ file, folder: null }));
    const folders = entries.filter((entry) => entry.isDirectory).length;
    if (folders === 0) return take(loose);
    const found = await Promise.all(entries.map((entry) => below(entry, null, folders > 1 ? 1 : 0)));
    return take(found.flat());
  });
}

/** The files that an <input type=file> gave, as `takeFolders` gives them; the folder that was chosen is itself no label. */
export function chosenFiles(input) {
  return [...input.files].map((file) => {
    const parts = file.webkitRelativePath.split("/");
    return { file, folder: parts.length > 2 ? parts.at(-2) : null };
  });
}

/** All files of an entry; those right in a folder that was dropped alone have no folder, as with `iiae index`. */
async function below(entry, folder, depth) {
  if (entry.isFile) return [{ file: await new Promise((resolve, reject) => { entry.file(resolve, reject); }), folder }];
  const reader = entry.createReader();
  const found = [];
  for (let some = null; some === null || some.length > 0;) {
    some = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
    for (const each of some) found.push(...(await below(each, depth === 0 && each.isFile ? null : entry.name, depth + 1)));
  }
  return found;
}

function receive(place, dropped) {
  const over = (event) => {
    const { types } = event.dataTransfer ?? { types: [] };
    if (!types.includes("Files") && !types.includes(OWN)) return;
    event.preventDefault();
    event.stopPropagation();
    place.classList.add("drop");
  };
  place.addEventListener("dragenter", over);
  place.addEventListener("dragover", over);
  place.addEventListener("dragleave", (event) => { if (!place.contains(event.relatedTarget)) place.classList.remove("drop"); });
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    event.stopPropagation();
    place.classList.remove("drop");
    dropped(event);
  });
}
