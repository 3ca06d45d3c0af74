/**
 * Builds the documentation as a site in reports/site: the documents, the API by TSDoc, the contracts by NatSpec.
 * The contracts' pages are written by natspec.ts, as no generator of them reads Hardhat 3's builds.
 */
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

import { Application } from "typedoc";

import { natspecPages } from "./natspec.js";

const OUT = "reports/site";
const PAGES = "cache/site";

interface Manifest {
  exports: Record<string, string | { types?: string; import?: { types: string } }>;
}

rmSync(PAGES, { recursive: true, force: true });
mkdirSync(PAGES, { recursive: true });
for (const [folder, markdown] of natspecPages()) writeFileSync(`${PAGES}/solidity-${folder}.md`, `${markdown}\n`);

const app = await Application.bootstrapWithPlugins({
  name: "Settlement Guard",
  entryPoints: entryPoints(),
  tsconfig: "tsconfig.json",
  readme: "README.md",
  projectDocuments: [
    ...globSync("docs/**/*.md").sort(),
    "SECURITY.md",
    "CONTRIBUTING.md",
    "RELEASING.md",
    "CHANGELOG.md",
    ...globSync(`${PAGES}/*.md`).sort(),
  ],
  // The types are checked by `npm run typecheck`.
  skipErrorChecking: true,
  excludeInternal: true,
  excludePrivate: true,
  githubPages: false,
  // The same bytes on every run, whatever the clone's commit and remote.
  disableGit: true,
  disableSources: true,
  validation: { notExported: false, invalidLink: true, invalidPath: false },
  highlightLanguages: ["typescript", "solidity", "json", "jsonc", "javascript", "sql", "sh", "console", "toml", "yaml"],
});
const project = await app.convert();
// TypeDoc has said why.
if (project === undefined) process.exit(1);
app.validate(project);
await app.generateDocs(project, OUT);
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exit(1);
console.log(`the site: ${OUT}/index.html`);

/** The sources of what package.json exports with types of ours. */
function entryPoints(): string[] {
  const { exports } = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;
  const types = Object.values(exports).flatMap((entry) =>
    typeof entry === "string" ? [] : (entry.import?.types ?? entry.types ?? []),
  );
  return types
    .filter((path) => path.startsWith("./dist/esm/src/"))
    .map((path) => path.replace("./dist/esm/", "").replace(".d.ts", ".ts"));
}
