/** Characters, at the most, of foreign text that is shown. */
const SHOWN = 200;

/** What a terminal obeys or hides: controls, formats (bidi, zero width), separators of lines, lone surrogates, fillers. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}\p{DI}]/gu;

/**
 * The text with whatever a terminal would obey or hide written as the escapes of JSON.
 *
 * @example
 * console.error(printable(reason));
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (char) =>
    Array.from({ length: char.length }, (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, "0")}`).join(""),
  );
}

/** Foreign text as one {@link printable} line of at most `limit` characters. Line breaks become spaces. */
export function oneLine(text: string, limit = SHOWN): string {
  const escaped = printable(text.slice(0, limit).replace(/\s+/g, " "));
  const shown = Array.from(escaped).slice(0, limit).join("");
  return text.length > limit || shown.length < escaped.length ? `${shown}…` : shown;
}

/** Foreign text as {@link oneLine}, in quotes. */
export function quoted(text: string, limit?: number): string {
  return `"${oneLine(text, limit).replaceAll('"', "'")}"`;
}

/** Scheme; user and password; host and port; the rest. */
const URL_IN_TEXT = /([a-z][a-z0-9+.-]{0,20}:\/\/)(?:\S*@)?(\[[\da-f:.]*\](?::\d+)?|[\w.-]*(?::\d+)?)(\S*)/gi;

/**
 * The text with of each URL only the scheme and the host: user, password, path and query may be secrets.
 *
 * @example
 * withoutUrls("https://user:key@node.example/v3/key is down"); // no user, no key, no path
 */
export function withoutUrls(text: string): string {
  return text.replace(URL_IN_TEXT, (_, scheme: string, host: string, rest: string) => {
    const punctuation = /[.,:;)'"`]{0,3}$/.exec(rest)?.[0] ?? "";
    return `${scheme}${host}/…${punctuation}`;
  });
}

/** What a value is, in a few words for an error's message. It never throws and never calls the value. */
export function describeValue(value: unknown): string {
  if (typeof value === "string") return quoted(value, 80);
  if (typeof value === "bigint" || typeof value === "number" || typeof value === "boolean")
    return oneLine(`${value}`, 80);
  if (value === null || value === undefined) return String(value);
  return /^[aeiou]/.test(typeof value) ? `an ${typeof value}` : `a ${typeof value}`;
}

/** Whether Solidity's `bytes32("…")` can hold the text with a zero behind it: 1 to 31 characters of printable ASCII. */
export function isShortText(value: unknown): value is string {
  return typeof value === "string" && /^[\x20-\x7e]{1,31}$/.test(value);
}

/** A text as `bytes32`, padded with zeros at the end. @param text one that {@link isShortText} */
export function textWord(text: string): Uint8Array {
  const word = new Uint8Array(32);
  word.set(new TextEncoder().encode(text));
  return word;
}
