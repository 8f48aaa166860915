// The parts of the address's fragment: "#sketch?gallery=demo" is the mode "sketch" with a query.

/**
 * The mode that a fragment names; "" if it names none.
 * @param {string} fragment
 */
export function modeOf(fragment) {
  return splitFragment(fragment).mode;
}

/**
 * A fragment's mode and query; each is "" if it is missing.
 * @param {string} fragment
 */
export function splitFragment(fragment) {
  const text = fragment.replace(/^#/, "");
  const end = text.indexOf("?");
  return end < 0 ? { mode: text, query: "" } : { mode: text.slice(0, end), query: text.slice(end + 1) };
}
