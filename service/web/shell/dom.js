// Finding and building elements without a library. Nothing here parses HTML.

/**
 * Properties of a new element: `on…` are listeners, names with a dash and `role` are attributes, the rest are
 * DOM properties.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @typedef {Partial<Omit<HTMLElementTagNameMap[Tag], "children" | "style" | "dataset">>
 *   & { [attribute: `aria-${string}`]: string }} Properties
 */

/**
 * The element of index.html with this id. Throws if there is none, or if it is of another type.
 * @template {HTMLElement} [Type=HTMLElement]
 * @param {string} id
 * @param {new () => Type} [type]
 * @returns {Type}
 */
export function byId(id, type) {
  const found = document.getElementById(id);
  const expected = type ?? HTMLElement;
  if (!(found instanceof expected)) throw new Error(`index.html has no ${expected.name} #${id}`);
  return /** @type {Type} */ (found);
}

/**
 * Make a new element.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Properties<Tag>} [properties] undefined and null values are skipped
 * @param {(Node | string | null)[]} children null values are skipped
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else if (name.includes("-") || name === "role") made.setAttribute(name, String(value));
    else Reflect.set(made, name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/**
 * One of the symbols of icons.svg.
 * @param {string} name
 */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `static/icons.svg#${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

/**
 * Replace the options of a select and keep the selected value if it is still among them.
 * @param {HTMLSelectElement} select
 * @param {[value: string, text: string][]} options
 */
export function fillSelect(select, options) {
  const current = [...select.options].map((option) => [option.value, option.text]);
  if (JSON.stringify(current) === JSON.stringify(options)) return;
  const selected = select.value;
  select.replaceChildren(...options.map(([value, text]) => element("option", { value, text })));
  if (options.some(([value]) => value === selected)) select.value = selected;
  select.disabled = options.length === 0;
}

/**
 * Fill `holder` with radio buttons that look like one segmented control; the first one is checked.
 * @param {HTMLElement} holder
 * @param {string} name
 * @param {[value: string, text: string][]} options
 * @param {() => void} onchange
 */
export function fillSegments(holder, name, options, onchange) {
  const key = JSON.stringify(options);
  if (holder.dataset.options === key) return;
  holder.dataset.options = key;
  holder.replaceChildren(
    ...options.map(([value, text], index) =>
      element(
        "label",
        {},
        element("input", { type: "radio", name, value, checked: index === 0, onchange }),
        element("span", { textContent: text }),
      ),
    ),
  );
}

/**
 * The value of the checked radio button of `fillSegments`, or null.
 * @param {HTMLElement} holder
 */
export function checkedSegment(holder) {
  const input = holder.querySelector("input:checked");
  return input instanceof HTMLInputElement ? input.value : null;
}

/**
 * Check the radio button of `fillSegments` with this value, if there is one.
 * @param {HTMLElement} holder
 * @param {string} value
 */
export function checkSegment(holder, value) {
  for (const input of holder.querySelectorAll("input")) if (input.value === value) input.checked = true;
}

/**
 * Call `take` when a file is chosen. The input is emptied: the same file can then be chosen again.
 * @param {HTMLInputElement} input
 * @param {(file: File) => void} take
 */
export function onFileChosen(input, take) {
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    if (file) take(file);
    input.value = "";
  });
}
