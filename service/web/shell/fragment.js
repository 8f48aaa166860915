// The parts of the address's fragment: "#sketch?gallery=demo" is the mode "sketch" with a query.

/** The mode that a fragment names; "" if it names none. */
export function modeOf(fragment) {
  return splitFragment(fragment)[0];
}

/** A fragment as [mode, query]; the query is "" if there is none. */
export function splitFragment(fragment) {
  const text = fragment.replace(/^#/, "");
  const at = text.indexOf("?");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
