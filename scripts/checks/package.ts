/**
 * Packs the library as it is published, build included, and looks at what a user would get: the manifest, the types for every module resolution,
 * and what has no business in it. Its size, and that of a bundle of one import, are kept in snapshots/package.json; with --write they are
 * written, without it they may differ by a hundredth.
 *
 *   npm run check:package [-- --write]
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";

import { build } from "esbuild";

const SNAPSHOT = "snapshots/package.json";
const TOLERANCE = 0.01;
const IMPORTS = ["classify", "explain", "latestAnchor", "prove", "withAnchor"];
/** Scripts that npm would run, or warn of, where the package is installed. */
const INSTALL_SCRIPTS = ["preinstall", "install", "postinstall", "prepare"];
const STRAY = /^(?:test|bench|e2e|scenarios|scripts|fixtures|smoke)\/|\.t\.sol$/;

interface Sizes {
  files: number;
  /** Bytes. */
  unpacked: number;
  /** Bytes of a minified ES module that imports the one name from the package and exports it. */
  bundles: Record<string, number>;
}

const { values: options } = parseArgs({ options: { write: { type: "boolean", default: false } } });
const faults: string[] = [];
const folder = mkdtempSync(join(tmpdir(), "settlement-guard-"));
try {
  // `npm pack` runs `prepack`, which builds everything anew.
  const [packed] = JSON.parse(run("npm", "pack", "--json", "--silent", "--pack-destination", folder)) as [
    { filename: string; unpackedSize: number; files: { path: string }[] },
  ];
  const tarball = join(folder, packed.filename);
  run("npx", "publint", "--strict", tarball);
  // Hardhat 3 is a package of ES modules alone, so its plugins are, too.
  run("npx", "attw", tarball, "--exclude-entrypoints", "hardhat");
  run("tar", "-xzf", tarball, "-C", folder);

  const root = join(folder, "package");
  checkManifest(JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest);
  checkFiles(
    root,
    packed.files.map(({ path }) => path),
  );
  const bundles = await bundleSizes(root);
  compare({ files: packed.files.length, unpacked: packed.unpackedSize, bundles });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exit(1);

interface Manifest {
  scripts?: Record<string, string>;
}

function checkManifest({ scripts = {} }: Manifest): void {
  for (const name of INSTALL_SCRIPTS)
    if (name in scripts) faults.push(`the published manifest has a script ${name}, which npm runs for users`);
}

/** Nothing that is for this repository alone, by path and by name; and no type of a contract whose source is not there. */
function checkFiles(root: string, paths: readonly string[]): void {
  const secret = readdirSync("contracts/mocks").flatMap((file) => [
    ...readFileSync(join("contracts/mocks", file), "utf8").matchAll(/^(?:abstract )?(?:contract|library) (\w+)/gm),
  ]);
  const names = new RegExp(`\\b(?:${secret.map(([, name]) => name).join("|")})(?:__factory)?\\b`);
  const sources = new Set(paths.filter((path) => path.endsWith(".sol")).map((path) => basename(path, ".sol")));
  for (const path of paths) {
    const stray = STRAY.test(path) || path.startsWith("contracts/mocks/");
    const text = /\.(?:[cm]?[jt]s|json|sol)$/.test(path) ? readFileSync(join(root, path), "utf8") : "";
    const name = names.exec(path)?.[0] ?? names.exec(text)?.[0];
    if (stray || name !== undefined) faults.push(`${path} is not for users${name === undefined ? "" : `: ${name}`}`);
    const contract = /\/factories\/.*?(\w+)__factory\.js$/.exec(path)?.[1];
    if (contract !== undefined && !sources.has(contract)) faults.push(`${path} has no source in the package`);
  }
}

async function bundleSizes(root: string): Promise<Record<string, number>> {
  const sizes: Record<string, number> = {};
  for (const name of IMPORTS) {
    const { outputFiles } = await build({
      stdin: { contents: `export { ${name} } from "./dist/esm/src/index.js";`, resolveDir: root },
      bundle: true,
      minify: true,
      format: "esm",
      platform: "neutral",
      target: "es2022",
      write: false,
      nodePaths: [resolve("node_modules")],
      external: ["hash-wasm"],
    });
    sizes[name] = outputFiles[0]?.contents.length ?? 0;
  }
  return sizes;
}

function compare(sizes: Sizes): void {
  if (options.write) writeFileSync(SNAPSHOT, `${JSON.stringify(sizes, null, 2)}\n`);
  const kept = JSON.parse(readFileSync(SNAPSHOT, "utf8")) as Sizes;
  const rows = (each: Sizes): [string, number][] => [
    ["files", each.files],
    ["unpacked", each.unpacked],
    ...Object.entries(each.bundles),
  ];
  const expected = new Map(rows(kept));
  for (const [what, size] of rows(sizes)) {
    const before = expected.get(what) ?? 0;
    console.log(`${what}: ${size.toLocaleString("en-US")}`);
    if (Math.abs(size - before) > TOLERANCE * before)
      faults.push(`${what} was ${before} and is ${size}: run npm run check:package -- --write, and say why`);
  }
}

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" });
}
