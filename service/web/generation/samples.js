// The sample pictures of the models, which come with the page.

/** @typedef {{ url: string, domain: string }} Sample */

/**
 * The sample pictures of a model; an empty list if the package has none for it.
 * @param {string} model
 * @returns {Promise<Sample[]>}
 */
export async function samplesOf(model) {
  const response = await fetch("static/samples/manifest.json").catch(() => null);
  if (!response?.ok) return [];
  /** @type {Record<string, { file: string, domain: string }[]>} */
  const manifest = await response.json();
  const folder = `static/samples/${encodeURIComponent(model)}`;
  return (manifest[model] ?? []).map(({ file, domain }) => ({ url: `${folder}/${file}`, domain }));
}
