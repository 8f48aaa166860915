// Drag and drop: pictures from one place of this page to another, and files and folders from outside.

/** @typedef {{ blob: Blob, domain?: string }} Picture */
/** @typedef {() => Picture | Promise<Picture>} PictureSource */
/**
 * A file, the name of its folder if any, and its path below what was dropped or chosen.
 * @typedef {{ file: File, folder: string | null, path: string }} FolderFile
 */

const OWN_TYPE = "application/x-iiae-picture";

/** @type {PictureSource | null} the picture of this page that is being dragged */
let dragged = null;

/**
 * Let an element be dragged as a picture.
 * @param {HTMLElement} element
 * @param {PictureSource} picture
 */
export function makeDraggable(element, picture) {
  element.draggable = true;
  element.addEventListener("dragstart", (event) => {
    if (!event.dataTransfer) return;
    dragged = picture;
    event.dataTransfer.setData(OWN_TYPE, "");
    event.dataTransfer.effectAllowed = "copy";
  });
  element.addEventListener("dragend", () => {
    dragged = null;
  });
}

/**
 * Accept one picture that is dropped on `place`. The domain is known only for pictures of this page.
 * @param {HTMLElement} place
 * @param {(picture: Blob, domain?: string) => void} take
 */
export function acceptPicture(place, take) {
  acceptDrops(place, async (data) => {
    if (!data.types.includes(OWN_TYPE)) {
      const file = data.files[0];
      if (file) take(file);
      return;
    }
    const picture = await Promise.resolve(dragged?.()).catch(() => null);
    if (picture) take(picture.blob, picture.domain);
  });
}

/**
 * Accept files and whole folders that are dropped on `place`.
 * @param {HTMLElement} place
 * @param {(files: FolderFile[]) => void} take
 */
export function acceptFolders(place, take) {
  acceptDrops(place, async (data) => {
    const entries = [...data.items].map((item) => item.webkitGetAsEntry?.()).filter((entry) => !!entry);
    const files = [...data.files].map((file) => ({ file, folder: null, path: file.name }));
    const folders = entries.filter((entry) => entry.isDirectory).length;
    if (folders === 0) return take(files);
    const found = await Promise.all(entries.map((entry) => filesBelow(entry, null, folders > 1 ? 1 : 0)));
    return take(found.flat());
  });
}

/**
 * The files of an <input type=file>, as `acceptFolders` gives them. The chosen folder itself is not a label.
 * @param {HTMLInputElement} input
 * @returns {FolderFile[]}
 */
export function chosenFiles(input) {
  return [...(input.files ?? [])].map((file) => {
    const parts = file.webkitRelativePath.split("/");
    return {
      file,
      folder: (parts.length > 2 && parts.at(-2)) || null,
      path: file.webkitRelativePath || file.name,
    };
  });
}

/**
 * All files below an entry. As in `iiae index`, files directly in the only dropped folder have no folder.
 * @param {FileSystemEntry} entry
 * @param {string | null} folder
 * @param {number} depth
 * @returns {Promise<FolderFile[]>}
 */
async function filesBelow(entry, folder, depth) {
  if (isFile(entry)) {
    const path = entry.fullPath.replace(/^\//, "");
    return [{ file: await new Promise((resolve, reject) => entry.file(resolve, reject)), folder, path }];
  }
  if (!isDirectory(entry)) return [];
  const reader = entry.createReader();
  const found = [];
  for (let batch = await readBatch(reader); batch.length > 0; batch = await readBatch(reader)) {
    for (const each of batch) {
      found.push(...(await filesBelow(each, depth === 0 && each.isFile ? null : entry.name, depth + 1)));
    }
  }
  return found;
}

/**
 * The next entries of a folder, at most 100 in Chromium; none at the end.
 * @param {FileSystemDirectoryReader} reader
 * @returns {Promise<FileSystemEntry[]>}
 */
function readBatch(reader) {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
}

/** @type {(entry: FileSystemEntry) => entry is FileSystemFileEntry} */
const isFile = (entry) => entry.isFile;

/** @type {(entry: FileSystemEntry) => entry is FileSystemDirectoryEntry} */
const isDirectory = (entry) => entry.isDirectory;

/**
 * @param {HTMLElement} place
 * @param {(data: DataTransfer) => void} ondrop
 */
function acceptDrops(place, ondrop) {
  /** @param {DragEvent} event */
  const onover = (event) => {
    const types = event.dataTransfer?.types ?? [];
    if (!types.includes("Files") && !types.includes(OWN_TYPE)) return;
    event.preventDefault();
    event.stopPropagation();
    place.classList.add("drop");
  };
  place.addEventListener("dragenter", onover);
  place.addEventListener("dragover", onover);
  place.addEventListener("dragleave", (event) => {
    if (!(event.relatedTarget instanceof Node && place.contains(event.relatedTarget)))
      place.classList.remove("drop");
  });
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    event.stopPropagation();
    place.classList.remove("drop");
    if (event.dataTransfer) ondrop(event.dataTransfer);
  });
}
