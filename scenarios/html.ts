/** Text as HTML shows it. */
export function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

export function short(hash: string): string {
  return `${hash.slice(0, 8)}…${hash.slice(-4)}`;
}

/** A sentence whose hashes are shortened. */
export function prose(text: string): string {
  return escape(text.replace(/0x[0-9a-f]{64}/g, short));
}
