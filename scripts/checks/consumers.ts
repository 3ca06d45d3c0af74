/**
 * Installs the packed library in each project under `e2e`, as a user does, and runs that project's tests. They stand for no workaround:
 * neither `--force` nor overrides.
 *
 *     tsx scripts/checks/consumers.ts [--packed DIRECTORY] [PROJECT…]
 *
 * `HEAVY=1` runs what each has under `test:heavy` as well: coverage, reports of gas, and an OP chain with forge.
 *
 * The directory holds the tarballs of the library and of its command line. Without one it packs what `npm run build` made.
 *
 * - none of them: the library alone brings `@noble/hashes` and nothing else.
 * - hardhat2: F1: installs beside chai 4 and Hardhat 2. F2: types resolve for `moduleResolution: node`. Its chains are reorganised at random.
 * - hardhat3: F7: OpenZeppelin's checks accept the guard without a switched-off check. F8: Ignition takes a `ScopeConfig` as it is. F15: what the
 *   documents quote compiles and runs.
 * - foundry: F24: Solidity that follows the documents compiles in the legacy pipeline.
 * - viem: F9: a client of viem is a connection. F18: its types come from the ABIs. F33: the standalone guard is deployed from its artifact.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";

const PROJECTS = "e2e";
/** Programs of this repository that run in a project. */
const CAMPAIGNS: Partial<Record<string, string>> = { hardhat2: "hardhat2Reorgs.ts" };
const INSTALL = ["npm", "install", "--no-audit", "--no-fund", "--prefer-offline"] as const;
// A project finds its own tools or none: the repository's are taken off the path. Hardhat 3 needs the Node that runs this script.
const PATH = [dirname(process.execPath), ...(process.env["PATH"] ?? "").split(delimiter)]
  .filter((directory, i) => i === 0 || !directory.includes("node_modules"))
  .join(delimiter);

const { values, positionals } = parseArgs({ options: { packed: { type: "string" } }, allowPositionals: true });
const workshop = mkdtempSync(join(tmpdir(), "settlement-guard-"));
process.exitCode = 1;
try {
  const folder = resolve(values.packed ?? pack());
  const library = tarballOf(".", folder);
  const commandLine = tarballOf("packages/cli", folder);
  const projects = positionals.length > 0 ? positionals : readdirSync(PROJECTS).filter(isProject);
  const failed = [
    ...(standsAlone(library) ? [] : ["the library alone"]),
    ...projects.filter((project) => !passes(project, [library, commandLine])),
  ];
  if (failed.length === 0) process.exitCode = 0;
  else console.error(`failed: ${failed.join(", ")}`);
} finally {
  rmSync(workshop, { recursive: true, force: true });
}

function isProject(name: string): boolean {
  return existsSync(join(PROJECTS, name, "package.json"));
}

function pack(): string {
  for (const directory of [".", "packages/cli"])
    run("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", workshop], directory);
  return workshop;
}

function tarballOf(directory: string, folder: string): string {
  const manifest = JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as Record<string, string>;
  return join(folder, `${manifest["name"]}-${manifest["version"]}.tgz`);
}

/** Whether an empty project into which the library is installed has its one dependency, and nothing else. */
function standsAlone(library: string): boolean {
  const directory = join(workshop, "alone");
  mkdirSync(directory);
  const [npm, ...install] = INSTALL;
  const { status, output } = run(npm, [...install, library], directory);
  const modules = join(directory, "node_modules");
  const found = status === 0 ? readdirSync(modules).filter((name) => !name.startsWith(".")) : [];
  const scoped = found.includes("@noble") ? readdirSync(join(modules, "@noble")) : [];
  if ([...found, ...scoped].join() === "@noble,settlement-guard,hashes") return true;
  console.error(`the library alone: installed ${[...found, ...scoped].join(", ")}\n${output}`);
  return false;
}

function passes(project: string, tarballs: readonly string[]): boolean {
  const directory = join(workshop, project);
  cpSync(join(PROJECTS, project), directory, { recursive: true });
  const campaign = CAMPAIGNS[project];
  const steps = [
    [...INSTALL, ...tarballs],
    ["npx", "--no-install", "settlement-guard", "--help"],
    ["npm", "test"],
    ...(campaign === undefined
      ? []
      : [[process.execPath, "--import", import.meta.resolve("tsx"), join(import.meta.dirname, campaign)] as const]),
    ...(process.env["HEAVY"] === undefined ? [] : [["npm", "run", "--if-present", "test:heavy"] as const]),
  ] as const;
  const times: string[] = [];
  let output = "";
  for (const [command, ...args] of steps) {
    const start = performance.now();
    const { status, ...printed } = run(command, args, directory);
    output = printed.output;
    if (status !== 0) {
      console.error(`${project}: ${command} ${args.join(" ")} ended with ${status}\n${output}`);
      return false;
    }
    times.push(`${((performance.now() - start) / 1000).toFixed(1)} s`);
  }
  // What a platform has no program for says so, and passes.
  const skipped = /^skipped: .*$/m.exec(output)?.[0] ?? "passed";
  console.log(`${project}: installed in ${times[0]}, ${skipped} in ${times.slice(2).join(" and ")}`);
  return true;
}

function run(command: string, args: readonly string[], cwd: string): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    env: { ...process.env, PATH },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { status, output: stdout + stderr };
}
