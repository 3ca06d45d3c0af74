/**
 * Keeps the documents true to the code. With --write it copies what they quote, without it fails where a quotation differs.
 *
 * - Every TypeScript and Solidity block is a file that CI compiles and runs, or a region of one. A comment before the block names it:
 *   `<!-- e2e/hardhat3/contracts/Perps.sol#trade -->`. In the source, `// #region trade` and `// #endregion trade` enclose the region.
 * - A table of measured figures is a snapshot: `<!-- snapshots/code-size.json -->` before it.
 * - Every relative link leads to a file of the repository, and to a heading of it where it names one.
 */
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";

import { format, resolveConfig } from "prettier";

const DOCUMENTS = [
  "README.md",
  "SECURITY.md",
  "CONTRIBUTING.md",
  "RELEASING.md",
  "CHANGELOG.md",
  "packages/cli/README.md",
  ...globSync("docs/**/*.md").sort(),
];
const BLOCK = /(?:<!-- (\S+) -->\n\n?)?```(\w*)\n(.*?)```\n/gs;
const TABLE = /<!-- (\S+\.json) -->\n\n?(?:\|.*\n)*/g;
const LINK = /\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?[^)]*\)/g;
/** Languages of which a reader expects that the block compiles. */
const CODE = new Set(["ts", "typescript", "solidity", "sol"]);

const { values: options } = parseArgs({ options: { write: { type: "boolean", default: false } } });
const faults: string[] = [];
for (const path of DOCUMENTS) {
  const text = readFileSync(path, "utf8");
  const quoted = text
    .replace(BLOCK, (whole, source: string | undefined, language: string) => blockOf(path, whole, source, language))
    .replace(TABLE, (whole, source: string) => `<!-- ${source} -->\n\n${tableOf(path, source) ?? whole}\n`);
  const updated = await format(quoted, { ...(await resolveConfig(path)), filepath: path });
  if (options.write) writeFileSync(path, updated);
  else if (updated !== text) faults.push(`${path}: ${firstDifference(text, updated)}: run npm run docs`);
  for (const [, target, heading] of text.matchAll(LINK))
    if (!leadsSomewhere(target === "" ? path : join(dirname(path), target!), heading))
      faults.push(`${path}: ${target}${heading === undefined ? "" : `#${heading}`} leads nowhere`);
}
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exit(1);
console.log(`documents: ${DOCUMENTS.length}, each quotation as in its source`);

function leadsSomewhere(path: string, heading: string | undefined): boolean {
  if (!existsSync(path)) return false;
  if (heading === undefined) return true;
  const headings = [...readFileSync(path, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, title]) => slugOf(title!));
  return headings.includes(heading);
}

/** A heading's name in a link, as GitHub makes it. */
function slugOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

function blockOf(path: string, whole: string, source: string | undefined, language: string): string {
  if (source === undefined) {
    if (CODE.has(language)) faults.push(`${path}: a ${language} block names no source: ${whole.split("\n")[1]}`);
    return whole;
  }
  const region = regionOf(source);
  if (region === undefined) faults.push(`${path}: there is no ${source}`);
  return region === undefined ? whole : `<!-- ${source} -->\n\n\`\`\`${language}\n${region}\`\`\`\n`;
}

/** The region's lines without their common indentation; undefined if there is no such file or region. */
function regionOf(source: string): string | undefined {
  const [file, name] = source.split("#") as [string, string?];
  if (!existsSync(file)) return undefined;
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  if (name === undefined) return textOf(lines);
  const start = lines.findIndex((line) => line.trim() === `// #region ${name}`);
  const end = lines.findIndex((line, i) => i > start && line.trim() === `// #endregion ${name}`);
  return start < 0 || end < 0 ? undefined : textOf(lines.slice(start + 1, end));
}

function textOf(lines: readonly string[]): string {
  const shown = lines.filter((line) => !/^\s*\/\/ #(?:end)?region/.test(line));
  const indents = shown.filter((line) => line.trim() !== "").map((line) => line.length - line.trimStart().length);
  return `${shown.map((line) => line.slice(Math.min(...indents))).join("\n")}\n`;
}

/** A snapshot `{ build: { figure: number } }` with a row for each figure and a column for each build. */
function tableOf(path: string, source: string): string | undefined {
  if (!existsSync(source)) return void faults.push(`${path}: there is no ${source}`);
  const snapshot = JSON.parse(readFileSync(source, "utf8")) as Record<string, Record<string, number>>;
  const builds = Object.keys(snapshot);
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |\n`;
  const figures = Object.keys(snapshot[builds[0]!]!).filter((figure) =>
    builds.every((build) => figure in snapshot[build]!),
  );
  const rows = figures.map((figure) =>
    row([figure, ...builds.map((b) => snapshot[b]![figure]!.toLocaleString("en-US"))]),
  );
  return row(["", ...builds]) + row(["---", ...builds.map(() => "--:")]) + rows.join("");
}

function firstDifference(text: string, updated: string): string {
  const lines = updated.split("\n");
  const at = text.split("\n").findIndex((line, i) => line !== lines[i]);
  return `line ${at + 1} is not as in its source`;
}
