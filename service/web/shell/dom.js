// Building elements without a library; nothing here ever parses HTML.

/** The element with this id; a missing one is a mistake in index.html. */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no #${id}`);
  return element;
}

/** A new element: `on…` are listeners, names with a dash are attributes, the rest are properties. */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name.includes("-") || name === "role") made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** One of the drawings in icons.svg. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `/static/icons.svg#${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

/** Makes a select hold these options ([value, text]) and keeps what was chosen where it is still there. */
export function fillSelect(select, options) {
  const now = [...select.options].map((option) => [option.value, option.text]);
  if (JSON.stringify(now) === JSON.stringify(options)) return;
  const chosen = select.value;
  select.replaceChildren(...options.map(([value, text]) => element("option", { value, text })));
  if (options.some(([value]) => value === chosen)) select.value = chosen;
  select.disabled = options.length === 0;
}

/** Radio buttons that look like one control; `options` are [value, text]. */
export function fillSegments(holder, name, options, onchange) {
  const now = JSON.stringify(options);
  if (holder.dataset.options === now) return;
  holder.dataset.options = now;
  holder.replaceChildren(
    ...options.map(([value, text], index) =>
      element("label", {}, element("input", { type: "radio", name, value, checked: index === 0, onchange }), element("span", { textContent: text })),
    ),
  );
}

/** The value of the checked one of `fillSegments`, or null. */
export function chosenSegment(holder) {
  return holder.querySelector("input:checked")?.value ?? null;
}
