/**
 * Fails where what the documents claim and what the tests' titles say do not agree:
 *
 * - A guarantee (`SG-n` in docs/guarantees.md) or an attack id (docs/attacks.md) needs a test whose title starts with it.
 * - A finding that docs/findings.md calls fixed needs one in each file that its row names.
 * - An id that a test names must be in one of the three.
 *
 * Findings and attacks share ids (`A9`, `F14`): that is why a finding names its files.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const TITLE = /\b(?:it|describe|test)(?:\.\w+)?\(\s*(["'`])((?:(?!\1).)*)/gs;
const SOLIDITY_TITLE = /function test_?(\w+)/g;
const ID = /(?:SG-\d+|[A-Z]\d{1,2})/;
/** An input of the findings has a name of several words instead. */
const LEADING_IDS = new RegExp(`^(?:${ID.source}(?:,? ${ID.source})*|[a-z]+(?:-[a-z0-9]+){2,})(?=:)`);
const NAMED = new RegExp(`\\b(${ID.source}):`, "g");
/**
 * In a finding's last column: a file. The ids before it are those that its titles start with, where
 * they are not the finding's own.
 */
const FILE = /(?:([A-Z][^`|]*): )?`([^`]+)`/g;

const FINDINGS = rowsOf("docs/findings.md").filter(([id]) => id !== "id" && !id!.startsWith("-"));
const claimed = [...idsOf("docs/guarantees.md"), ...idsOf("docs/attacks.md")];
const known = new Set([...claimed, ...FINDINGS.map(([id]) => id)]);
const tested = new Set(filesBelow("test").flatMap(idsIn));

const faults = [
  ...claimed.filter((id) => !tested.has(id)).map((id) => `no test has a title that starts with ${id}`),
  ...[...tested].filter((id) => !known.has(id)).map((id) => `a test covers ${id}, which no table in docs names`),
  ...FINDINGS.flatMap(faultsOfFinding),
];
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exit(1);
console.log(`traceability: ${claimed.length} ids, each with a test; ${FINDINGS.length} findings`);

/**
 * What is wrong with a row of docs/findings.md that says "fixed". It names no file, or one without
 * a title that starts with its ids.
 */
function faultsOfFinding([id = "", , done = "", tests = ""]: readonly string[]): string[] {
  if (!done.startsWith("fixed")) return [];
  const files = [...tests.matchAll(FILE)];
  if (files.length === 0) return [`finding ${id} is fixed, and docs/findings.md names no test`];
  return files.flatMap(([, ids = id, path = ""]) => {
    const found = existsSync(path) ? idsIn(path) : [];
    return ids
      .split(", ")
      .filter((wanted) => !found.includes(wanted))
      .map((wanted) => `finding ${id}: nothing in ${path} has a title that starts with ${wanted}`);
  });
}

/** The ids in the first column of the document's tables. */
function idsOf(path: string): string[] {
  return rowsOf(path).flatMap(([id = ""]) => (new RegExp(`^${ID.source}$`).test(id) ? [id] : []));
}

/** The cells of the document's tables. */
function rowsOf(path: string): string[][] {
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

function idsIn(path: string): string[] {
  const text = readFileSync(path, "utf8");
  // Not a test by itself, and without titles: a check names what it guards in its messages and comments.
  if (path.startsWith("scripts/")) return [...text.matchAll(NAMED)].map(([, id = ""]) => id);
  if (path.endsWith(".sol")) return [...text.matchAll(SOLIDITY_TITLE)].flatMap(([, name]) => solidityIds(name ?? ""));
  return [...text.matchAll(TITLE)].flatMap(([, , title]) => LEADING_IDS.exec(title ?? "")?.[0].split(/,? /) ?? []);
}

/** `test_SG_5_lagIsNeverDivergence` covers SG-5. */
function solidityIds(name: string): string[] {
  const match = /^(SG_\d+|[A-Z]\d{1,2})(?:_|$)/.exec(name);
  return match?.[1] === undefined ? [] : [match[1].replace("_", "-")];
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:ts|sol)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}
