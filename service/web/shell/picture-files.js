// Picture files: which files are pictures, and pictures of formats that this browser cannot show.
import { preview } from "./pictures.js";

/** What file choosers offer. Some systems do not count HEIC and others among `image/*`. */
export const PICTURE_TYPES = "image/*,.heic,.heif,.hif,.avif,.tif,.tiff,.jfif,.jpe,.mpo";

/** For messages. */
export const FORMATS = "PNG, JPEG, WebP, HEIC, AVIF, TIFF, GIF or BMP";

const NAME = /\.(a?png|jpe?g|jpe|jfif|jif|mpo|webp|gif|bmp|dib|tiff?|hei[cf]s?|hif|avifs?)$/i;
const ISO_MEDIA = /^.{4}ftyp(hei|hev|mif|msf|miaf|avi[fs])/s;
const TIFF = /^(II\*\0|MM\0\*)/;
const SHOWN_BY_ALL = /^(\x89PNG\r\n|\xff\xd8\xff|GIF8|RIFF.{4}WEBP|BM.{12}.\0\0\0)/s;

/**
 * Whether a file is a picture, by its name or else by its first bytes.
 * @param {File} file
 */
export async function isPicture(file) {
  if (NAME.test(file.name)) return true;
  const start = await firstBytes(file).catch(() => "");
  return [ISO_MEDIA, TIFF, SHOWN_BY_ALL].some((magic) => magic.test(start));
}

/**
 * A picture that this browser can show: the same, or one that the service has converted.
 * @param {Blob} picture
 * @returns {Promise<Blob>}
 */
export async function shownPicture(picture) {
  const start = await firstBytes(picture);
  if (!ISO_MEDIA.test(start) && !TIFF.test(start)) return picture;
  try {
    (await createImageBitmap(picture)).close();
    return picture;
  } catch {
    return preview(picture);
  }
}

/** @param {Blob} file */
async function firstBytes(file) {
  return String.fromCharCode(...new Uint8Array(await file.slice(0, 32).arrayBuffer()));
}
