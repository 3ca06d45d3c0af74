/** What a terminal obeys or hides: controls, formats (bidi, zero width), separators of lines, lone surrogates, fillers. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}\p{DI}]/gu;

/** The text with whatever a terminal would obey or hide written as the escapes of JSON. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (char) =>
    Array.from({ length: char.length }, (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, "0")}`).join(""),
  );
}

/** JSON that a terminal prints as it stands: its only controls are the newlines of the indentation. A bigint is its decimal digits. */
export function printableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? part.toString() : part), indent)
    .split("\n")
    .map(printable)
    .join("\n");
}

/** At most `length` characters, in one line. */
export function brief(text: string, length = 80): string {
  const line = text.slice(0, 4 * length).replace(/\s*[\t\r\n]\s*/g, " ");
  return line.length <= length && text.length <= 4 * length ? line : `${line.slice(0, length)}…`;
}

/** Scheme; user and password; host and port; the rest. */
const URL_IN_TEXT = /([a-z][a-z0-9+.-]{0,20}:\/\/)(?:\S*@)?(\[[\da-f:.]*\](?::\d+)?|[\w.-]*(?::\d+)?)(\S*)/gi;

/** The text with of each URL only the scheme and the host: user, password, path and query may be secrets. */
export function withoutUrls(text: string): string {
  return text.replace(URL_IN_TEXT, (_, scheme: string, host: string, rest: string) => {
    const punctuation = /[.,:;)'"`]{0,3}$/.exec(rest)?.[0] ?? "";
    return `${scheme}${host}/…${punctuation}`;
  });
}

/** A parser's complaint about arguments, with of everything in quotes only the name of the option: the rest may be a secret. */
export function withoutValues(complaint: string): string {
  return complaint.replace(/'([-\w]*).*'/gs, "'$1'");
}

/** "1 slot", "2 slots". */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}
