import { printable } from "settlement-guard";

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

/** A parser's complaint about arguments. Of what is in quotes only an option's name stays: the rest may be a secret. */
export function withoutValues(complaint: string): string {
  return complaint.replace(/'([-\w]*).*'/gs, "'$1'");
}

/** "1 slot", "2 slots". */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}
