// Downloading a photo's file, and the web address in its metadata.
import { photo } from "../shell/pictures.js";
import { element } from "../shell/dom.js";
import { fileName, hitName } from "./hit-text.js";

/**
 * What hits and listed photos have in common.
 * @typedef {{ id: number, label: string | null, url: string, metadata: Record<string, unknown> }} StoredPhoto
 */

const WEB_ADDRESS = /^https?:\/\/\S+$/;

/**
 * Save a photo's file under its own name, or under its label if that is not known.
 * @param {StoredPhoto} stored
 */
export async function download(stored) {
  const blob = await photo(stored.url);
  const suffix = blob.type.split("/").at(-1)?.replace("jpeg", "jpg") ?? "";
  const name = fileName(stored.metadata) ?? `${hitName(stored)}.${suffix}`;
  const href = URL.createObjectURL(blob);
  element("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}

/**
 * The first web address in the metadata, or null.
 * @param {StoredPhoto} stored
 */
export function sourceAddress({ metadata }) {
  const texts = Object.values(metadata).filter((value) => typeof value === "string");
  return texts.find((text) => WEB_ADDRESS.test(text)) ?? null;
}
