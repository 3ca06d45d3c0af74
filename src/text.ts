/** Characters, at the most, of foreign text that is shown. */
const SHOWN = 200;

/**
 * Foreign text as one printable line of at most `limit` characters. Line breaks become spaces. What a terminal would obey or hide
 * (control, format and unassigned characters, lone surrogates) is shown as an escape.
 */
export function oneLine(text: string, limit = SHOWN): string {
  const escaped = text
    .slice(0, limit)
    .replace(/\s+/g, " ")
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`);
  const shown = Array.from(escaped).slice(0, limit).join("");
  return text.length > limit || shown.length < escaped.length ? `${shown}…` : shown;
}

/** Foreign text as {@link oneLine}, in quotes. */
export function quoted(text: string, limit?: number): string {
  return `"${oneLine(text, limit).replaceAll('"', "'")}"`;
}

/** URLs without credentials, path and query, each of which may be a secret: the scheme and the host remain. */
export function withoutUrls(text: string): string {
  return text.replace(/\b([a-z][a-z\d+.-]{0,20}:\/\/)(?:[^\s/?#"'`<>]*@)?([^\s/?#"'`<>()]*)[^\s"'`<>()]*/gi, "$1$2");
}

/** What a value is, in a few words for an error's message. It never throws and never calls the value. */
export function describeValue(value: unknown): string {
  if (typeof value === "string") return quoted(value, 80);
  if (typeof value === "bigint" || typeof value === "number" || typeof value === "boolean")
    return oneLine(`${value}`, 80);
  if (value === null || value === undefined) return String(value);
  return /^[aeiou]/.test(typeof value) ? `an ${typeof value}` : `a ${typeof value}`;
}
