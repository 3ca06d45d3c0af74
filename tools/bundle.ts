import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

import { build } from "esbuild";
import ts from "typescript";

const ROOT = join(import.meta.dirname, "..");
const bundles = new Map<string, Promise<string>>();

/**
 * A program and its own sources as one module of plain JavaScript. A process starts from it in half the time that it takes from TypeScript.
 * Each process makes it once, so that it is never older than its sources, and removes it at its end.
 *
 * @param entry path from the project's root, in a folder of the package that it belongs to
 * @returns path of the module, which is as deep in that package
 */
export function bundled(entry: string): Promise<string> {
  let bundle = bundles.get(entry);
  if (bundle === undefined) bundles.set(entry, (bundle = makeBundle(entry)));
  return bundle;
}

async function makeBundle(entry: string): Promise<string> {
  const outdir = join(ROOT, dirname(dirname(entry)), "cache");
  mkdirSync(outdir, { recursive: true });
  const outfile = join(outdir, `${entry.replaceAll("/", "-")}.${process.pid}.mjs`);
  process.on("exit", () => rmSync(outfile, { force: true }));
  await build({
    entryPoints: [join(ROOT, entry)],
    outfile,
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    logLevel: "error",
    // What is resolved as the program runs is found among the sources, too: nothing is built.
    define: { "import.meta.resolve": "resolveAmongSources" },
    banner: {
      js: `const resolveAmongSources = (name) => (${JSON.stringify(sources())})[name] ?? import.meta.resolve(name);`,
    },
  });
  return outfile;
}

/** Where the compiler's paths lead, by their names. */
function sources(): Record<string, string> {
  const { config } = ts.readConfigFile(join(ROOT, "tsconfig.json"), ts.sys.readFile) as {
    config: { compilerOptions: { paths: Record<string, [string]> } };
  };
  const entries = Object.entries(config.compilerOptions.paths);
  return Object.fromEntries(entries.map(([name, [path]]) => [name, pathToFileURL(join(ROOT, path)).href]));
}
