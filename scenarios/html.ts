import { escaped } from "../src/core/html.js";

export function short(hash: string): string {
  return `${hash.slice(0, 8)}…${hash.slice(-4)}`;
}

/** A sentence whose hashes are shortened. */
export function prose(text: string): string {
  return escaped(text.replace(/0x[0-9a-f]{64}/g, short));
}
