/**
 * Packs the library and its command line as they are published and checks the tarballs alone. Each
 * is built anew, holds what it should, and has its size. Every entry of the library resolves, compiles
 * and runs. With --write it keeps the sizes instead of comparing them. `consumers.ts` installs the
 * tarballs in projects.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";

import { build } from "esbuild";

/** The Node that npm runs on. A user's has no reason to be newer. */
const NODE = process.env["npm_node_execpath"] ?? "node";
const SNAPSHOT = "snapshots/package.json";
/** Parts of 1: zlib's versions differ in the last bytes. */
const TOLERANCE = 0.01;
/** Solidity that is for tests, and is not published. */
const TEST_SOLIDITY = ["contracts/mocks", "contracts/reference", "bench", "test"];
const TEST_PATH = /(?:^|\/)(?:test|bench|scripts|e2e|mocks)\/|^scenarios\/|mock|harness|target|\.t\.sol$/i;
const DEFINITION = /^(?:abstract )?(?:contract|library|interface) (\w+)/gm;
/** Hardhat 3 is published as ES modules alone, so that these entries have no CommonJS build. */
const ESM_ONLY = ["./hardhat", "./system-calls"];
/** How a user's TypeScript finds modules, and what Node then runs. Node 16's rules refuse most. */
const RESOLUTIONS = [
  { name: "node10", type: "commonjs", module: "commonjs", moduleResolution: "node10" },
  { name: "node16-require", type: "commonjs", module: "node16", moduleResolution: "node16" },
  { name: "node16-import", type: "module", module: "nodenext", moduleResolution: "nodenext" },
  { name: "bundler", type: "module", module: "esnext", moduleResolution: "bundler" },
] as const;
/** Imports whose bundles are measured: an entry, and a name of it. */
const BUNDLES = [
  ["", "withAnchor"],
  ["", "latestAnchor"],
  ["", "classify"],
  ["", "explain"],
  ["", "prove"],
  ["/abi", "iStandaloneGuardAbi"],
  ["/artifacts", "standaloneGuardArtifact"],
] as const;

const { values: options } = parseArgs({ options: { write: { type: "boolean", default: false } } });
// Within the repository, so that what the entries import is found; the package itself is the packed one.
const workshop = "cache/packed";

/** What is read of a manifest. */
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly scripts: Record<string, string>;
  readonly bin: Record<string, string>;
  readonly dependencies: Record<string, string>;
}

/** A package as npm packed it. */
interface Packed {
  readonly tarball: string;
  /** Where it lies unpacked. */
  readonly directory: string;
  /** The text of every file, by its path. */
  readonly contents: ReadonlyMap<string, string>;
}

rmSync(workshop, { recursive: true, force: true });
mkdirSync(join(workshop, "node_modules"), { recursive: true });
const library = pack(".");
const commandLine = pack("packages/cli");
for (const packed of [library, commandLine]) {
  checkContents(packed);
  run("publint", ["--strict", packed.tarball]);
}
checkSolidity();
console.log(run("attw", [library.tarball, "--format", "table-flipped", "--exclude-entrypoints", ...ESM_ONLY]));
RESOLUTIONS.forEach(checkResolution);
checkCommandLine();
await checkSizes();

/** `npm pack` as a publisher runs it, over a build that is stale; and what is in it. */
function pack(source: string): Packed {
  const { name, version } = JSON.parse(readFileSync(join(source, "package.json"), "utf8")) as Manifest;
  mkdirSync(join(source, "dist"), { recursive: true });
  writeFileSync(join(source, "dist/stale.js"), "");
  run("npm", ["pack", "--pack-destination", resolve(workshop)], source);
  const tarball = join(workshop, `${name}-${version}.tgz`);
  const directory = join(workshop, "node_modules", name);
  run("tar", ["-xzf", tarball, "-C", join(workshop, "node_modules")]);
  renameSync(join(workshop, "node_modules", "package"), directory);
  const contents = new Map(filesIn(directory).map((path) => [path, readFileSync(join(directory, path), "utf8")]));
  return { tarball, directory, contents };
}

/** Nothing stale, no install script, and nothing for tests. */
function checkContents({ contents }: Packed): void {
  const { scripts } = JSON.parse(contents.get("package.json")!) as Manifest;
  const paths = [...contents.keys()];
  // F20: npm warns every user of one.
  refuse(
    "an install script",
    ["preinstall", "install", "postinstall", "prepare"].filter((name) => name in scripts),
  );
  // F19: and A20: what prepack did not make is not packed.
  refuse(
    "a stale build",
    paths.filter((path) => path.includes("stale")),
  );
  refuse(
    "what is for tests",
    paths.filter((path) => TEST_PATH.test(path)),
  );
}

/** Nothing compiled whose Solidity is not beside it, and none that is for tests. */
function checkSolidity(): void {
  const solidity = [...library.contents].filter(([path]) => path.endsWith(".sol")).map(([, text]) => text);
  const defined = new Set(solidity.flatMap(definitions));
  const tests = TEST_SOLIDITY.flatMap((directory) => filesIn(directory).map((path) => join(directory, path)));
  const forTests = tests
    .filter((path) => path.endsWith(".sol"))
    .flatMap((path) => definitions(readFileSync(path, "utf8")));
  // A23: mocks have functions that nobody may call in production.
  refuse(
    "contracts for tests",
    forTests.filter((name) => defined.has(name)),
  );
  refuse(
    "compiled contracts without their source",
    compiledContracts().filter((name) => !defined.has(name)),
  );
}

/** By name, whatever is made of a contract: a factory of TypeChain, wherever it is mentioned, an ABI, an artifact. */
function compiledContracts(): string[] {
  const built = [...library.contents].filter(([path]) => path.startsWith("dist/"));
  const json = built.map(([path]) => path).filter((path) => /^dist\/(?:abi|artifacts)\//.test(path));
  // From the beginning of a word: else each character of a bytecode begins a search that runs to its end.
  const factories = built.flatMap(([, text]) => [...text.matchAll(/\b(\w+)__factory\b/g)].map(([, name]) => name!));
  if (json.length === 0 || factories.length === 0) fail("the tarball has no ABIs, or no types for ethers");
  return [...new Set([...json.map((path) => basename(path, ".json")), ...factories])];
}

/**
 * F2: the entries compile. F18: with ABIs as constants, types of dependencies included, and run.
 */
function checkResolution({ name, type, ...compilerOptions }: (typeof RESOLUTIONS)[number]): void {
  const project = join(workshop, name);
  cpSync("e2e/entries", project, { recursive: true });
  writeFileSync(join(project, "package.json"), JSON.stringify({ type }));
  const options = {
    target: "es2022",
    strict: true,
    esModuleInterop: true,
    types: ["chai", "node"],
    ...compilerOptions,
  };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files: ["entries.ts"] }));
  // Version 7 knows the oldest of them no more.
  const compiler = compilerOptions.moduleResolution === "node10" ? "typescript" : "typescript-7";
  run(NODE, [`node_modules/${compiler}/bin/tsc`, "-p", project]);
  // What a bundler is to bundle does not run as it is, but nothing here needs one.
  run(NODE, ["entries.js"], project);
  console.log(`entries: compile and run under ${name}`);
}

/** The build of the command line is that of its own sources alone. They find the packed library by its name. */
function checkCommandLine(): void {
  const { contents, directory } = commandLine;
  const sources = filesIn("packages/cli/src").map((path) => `dist/${path.replace(/\.ts$/, ".js")}`);
  const { version, bin, dependencies } = JSON.parse(contents.get("package.json")!) as Manifest;
  const { version: released } = JSON.parse(library.contents.get("package.json")!) as Manifest;
  if (version !== released || dependencies["settlement-guard"] !== released)
    fail(`the command line ${version} and what it depends on are not released with the library ${released}`);
  refuse(
    "a build of other sources",
    [...contents.keys()].filter((path) => path.startsWith("dist/") && !sources.includes(path)),
  );
  const main = join(directory, bin["settlement-guard"]!);
  const said = run(NODE, [main, "--version"]);
  if (said.trim() !== version) fail(`the command line ${version} says that it is ${said}`);
  // Nothing, in an empty trie. Both verifiers are asked, the one in Solidity as the library ships it compiled.
  const path = join(workshop, "case.json");
  const root = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421";
  writeFileSync(path, JSON.stringify({ id: "none", root, trieKey: `0x${"11".repeat(32)}`, proof: [] }));
  const verified = run(NODE, [main, "verify", path, "--evm"]);
  if (!/^none: absent$.*^ {2}evm: absent,/ms.test(verified)) fail(`the command line says of nothing: ${verified}`);
}

/** Compares what the tarballs weigh, and what a bundler makes of one import, with what is kept. */
async function checkSizes(): Promise<void> {
  const sizes: Record<string, number> = { ...weightOf(library) };
  for (const [entry, name] of BUNDLES) sizes[`bytes of a bundle of ${name}`] = await bundleSize(entry, name);
  for (const [what, size] of Object.entries(weightOf(commandLine))) sizes[`command line: ${what}`] = size;
  console.log(sizes);
  if (options.write) return writeFileSync(SNAPSHOT, `${JSON.stringify(sizes, undefined, 2)}\n`);

  const kept = JSON.parse(readFileSync(SNAPSHOT, "utf8")) as Record<string, number>;
  const differing = Object.keys({ ...kept, ...sizes }).filter((what) => !isClose(kept[what], sizes[what]));
  const lines = differing.map((what) => `${what}: ${sizes[what]}, and ${kept[what]} in the snapshot`);
  if (lines.length > 0) fail(`${lines.join("\n")}\nIf that is meant, run npm run size`);
}

function weightOf({ tarball, contents }: Packed): Record<string, number> {
  return {
    "bytes packed": readFileSync(tarball).length,
    "bytes unpacked": [...contents.values()].reduce((sum, text) => sum + Buffer.byteLength(text), 0),
    files: contents.size,
  };
}

/** Bytes of a minified module that has one import and nothing else. */
async function bundleSize(entry: string, name: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: `export { ${name} } from "settlement-guard${entry}";`, resolveDir: workshop },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
  });
  return outputFiles[0]!.contents.length;
}

function isClose(kept = 0, actual = 0): boolean {
  return Math.abs(actual - kept) <= TOLERANCE * kept;
}

function definitions(solidity: string): string[] {
  return [...solidity.matchAll(DEFINITION)].map(([, name]) => name!);
}

/** Paths of all files under a directory, relative to it. */
function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)));
}

function run(command: string, args: string[], cwd = "."): string {
  return execFileSync(command, args, { cwd, stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" });
}

function refuse(what: string, found: string[]): void {
  if (found.length > 0) fail(`a tarball holds ${what}: ${found.join(", ")}`);
}

function fail(reason: string): never {
  console.error(reason);
  process.exit(1);
}
