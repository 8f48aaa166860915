// Plain words for the names that the service uses for models, kinds of pictures and abilities.

/** @type {Record<string, string>} */
const MODELS = { "mnist-cdcb": "Digits", facades: "House fronts", sketchy: "Sketches and photos" };
/** @type {Record<string, string>} */
const DOMAINS = { cd: "coloured ground", cb: "coloured digit" };
/** @type {Record<string, string>} */
const ABILITIES = {
  sbir: "finds photos by drawings",
  retrieve: "finds similar pictures",
  translate: "translates",
  styles: "in several styles",
  analogy: "makes analogies",
};

/** @param {string} id */
export function modelName(id) {
  return MODELS[id] ?? id;
}

/** @param {string} domain one of a model's two kinds of pictures */
export function domainName(domain) {
  return DOMAINS[domain] ?? domain;
}

/**
 * Words for what a model can do; for what programs alone use, there are none.
 * @param {string[]} capabilities
 */
export function capabilityNames(capabilities) {
  return Object.keys(ABILITIES)
    .filter((name) => capabilities.includes(name))
    .map((name) => ABILITIES[name] ?? name);
}
