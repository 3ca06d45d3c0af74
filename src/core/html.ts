import { printable } from "./text.js";

/** A value as text that means nothing to HTML, in an element or a quoted attribute. What a browser would not show is escaped. */
export function escaped(value: unknown): string {
  return printable(String(value)).replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** A page that loads nothing and runs no script, light or dark as its reader's system is. */
export interface Page {
  readonly title: string;
  /** Rules of CSS besides those of every page. */
  readonly style: string;
  /** HTML below the heading. */
  readonly body: string;
}

/** A {@link Page} as a file. */
export function htmlPage({ title, style, body }: Page): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>
:root { color-scheme: light dark; }
body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem; overflow-wrap: anywhere; }
${style}
</style>
<h1>${escaped(title)}</h1>
${body}
</html>
`;
}
