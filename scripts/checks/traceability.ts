/**
 * Fails where a guarantee (`SG-n` in docs/guarantees.md) or an attack id that the project claims to cover (docs/attacks.md) has no test
 * whose title starts with it, and where a test names an id that neither document knows.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const TITLE = /\b(?:it|describe)(?:\.\w+)?\(\s*(["'`])((?:(?!\1).)*)/gs;
const SOLIDITY_TITLE = /function test_?(\w+)/g;
const ID = /(?:SG-\d+|[A-Z]\d{1,2})/;
const LEADING_IDS = new RegExp(`^${ID.source}(?:,? ${ID.source})*(?=:)`);

const claimed = [...idsOf("docs/guarantees.md"), ...idsOf("docs/attacks.md")];
const tested = new Set(filesBelow("test").flatMap(idsInTitles));

const missing = claimed.filter((id) => !tested.has(id));
const unknown = [...tested].filter((id) => !claimed.includes(id));
for (const id of missing) console.error(`no test has a title that starts with ${id}`);
for (const id of unknown)
  console.error(`a test covers ${id}, which docs/guarantees.md and docs/attacks.md do not name`);
if (missing.length + unknown.length > 0) process.exit(1);
console.log(`traceability: ${claimed.length} ids, each with a test`);

/** The ids in the first column of the document's tables. */
function idsOf(path: string): string[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .flatMap((line) => new RegExp(`^\\| (${ID.source}) *\\|`).exec(line)?.[1] ?? []);
}

function idsInTitles(path: string): string[] {
  const text = readFileSync(path, "utf8");
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
