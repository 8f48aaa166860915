// A search in the address: its fragment brings the same drawings, gallery and hits back; it is never sent to the service.
import { splitFragment } from "../shell/fragment.js";
import { decodeStrokes, encodeStrokes } from "./stroke-encoding.js";

/**
 * The fragment of a search.
 * @param {{gallery: string, strokes: object[], others: object[][], alike?: number, expand: boolean}} search
 */
export function fragmentOf({ gallery, strokes, others, alike, expand }) {
  const fields = new URLSearchParams();
  if (gallery) fields.set("gallery", gallery);
  if (alike !== undefined) fields.set("like", alike);
  if (!expand) fields.set("expand", "false");
  for (const each of others) fields.append("with", encodeStrokes(each));
  if (strokes.length > 0) fields.set("drawing", encodeStrokes(strokes));
  return `#sketch?${fields}`;
}

/** The search of a fragment, as `fragmentOf` takes it; null where it has none. Throws where the link is damaged. */
export function searchOf(fragment) {
  const [mode, query] = splitFragment(fragment);
  if (mode !== "sketch" || !query) return null;
  const fields = new URLSearchParams(query);
  const alike = fields.has("like") ? Number(fields.get("like")) : undefined;
  if (alike !== undefined && !Number.isSafeInteger(alike)) throw new RangeError("no such photo");
  return {
    gallery: fields.get("gallery") ?? "", alike, expand: fields.get("expand") !== "false",
    strokes: decodeStrokes(fields.get("drawing") ?? ""), others: fields.getAll("with").map(decodeStrokes),
  };
}
