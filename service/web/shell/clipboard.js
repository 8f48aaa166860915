// Copying text to the clipboard.

/**
 * Copies text; resolves to whether that succeeded.
 * Browsers offer `navigator.clipboard` only over TLS and on localhost. Elsewhere only `execCommand` works.
 * @param {string} text
 * @returns {Promise<boolean>}
 */
export async function copyText(text) {
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  }
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  return copied;
}
