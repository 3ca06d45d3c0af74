import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { homedir, tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import { setTimeout } from "node:timers/promises";

import type { InterfaceAbi } from "ethers";

import { pattern, type Mutant } from "../../tools/mutants.js";

const require = createRequire(import.meta.url);
const root = join(import.meta.dirname, "..", "..");

/** Outside of the checkout, so that a fresh clone on the same machine compiles nothing again. Files are named by the hash of their input. */
const CACHE = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "settlement-guard", "compile");

/** Milliseconds for which one compilation is waited for, on a busy machine. */
const LONGEST = 600_000;

/** One way of compiling: an npm compiler and its settings. */
export interface Build {
  name: string;
  compiler: "solc" | "solc-0.8.13" | "solc-0.6.12";
  evmVersion: string;
  runs: number;
  viaIR: boolean;
  /**
   * The sources are others'. A pragma that names one exact version is relaxed, and what the compiler warns of is theirs
   * to mend.
   */
  foreign?: boolean;
}

const ALL_BUILDS: readonly Build[] = [
  {
    name: "floor: 0.8.13, london, legacy, 200 runs",
    compiler: "solc-0.8.13",
    evmVersion: "london",
    runs: 200,
    viaIR: false,
  },
  { name: "0.8.37, prague, legacy, 200 runs", compiler: "solc", evmVersion: "prague", runs: 200, viaIR: false },
  {
    name: "0.8.37, prague, viaIR, 1,000,000 runs",
    compiler: "solc",
    evmVersion: "prague",
    runs: 1_000_000,
    viaIR: true,
  },
];

/**
 * The builds over which a suite of inherited code runs. They are the oldest compiler that is supported, and both
 * pipelines of the newest. `BUILD`, the name of one of them, leaves that one.
 */
export const BUILDS = buildsNamed(process.env["BUILD"]);

/** A bug that is put into the sources, as JSON: what the tests find then shows what they are worth. It may leave something unused. */
const MUTANT = process.env["MUTANT"] === undefined ? undefined : (JSON.parse(process.env["MUTANT"]) as Mutant);

/** What a deployment needs. */
export interface Artifact {
  abi: InterfaceAbi;
  bytecode: string;
}

interface Output<Contract, Source> {
  errors?: { severity: string; formattedMessage: string }[];
  contracts?: Record<string, Record<string, Contract>>;
  sources?: Record<string, Source>;
}

/** What the compiler is asked for. */
type Selection = Record<string, Record<string, readonly string[]>>;

/**
 * Compiles sources and all that they import, relative or from npm, and returns the contracts by name. The output is kept in the
 * user's cache, by the hash of the compiler's version and input.
 *
 * @param entries paths from the project's root
 * @param names what the caller needs of them. Where a mutant is put in nothing else is compiled, for nobody asks for it again
 */
export async function compile(
  entries: readonly string[],
  build: Build,
  names: readonly string[] = ["*"],
): Promise<Record<string, Artifact>> {
  const version = (require(`${build.compiler}/package.json`) as { version: string }).version;
  const needed = MUTANT === undefined ? ["*"] : names;
  const wanted = ["abi", "evm.bytecode.object"];
  const input = inputOf(entries, build, { "*": Object.fromEntries(needed.map((name) => [name, wanted])) });

  const file = join(CACHE, `${createHash("sha256").update(version).update(input).digest("hex")}.json`);
  mkdirSync(CACHE, { recursive: true });
  if (!(await isOurs(file))) return JSON.parse(readFileSync(file, "utf8")) as Record<string, Artifact>;
  try {
    const artifacts = await artifactsOf(build, input);
    // Renamed into place, because another process may be looking for it.
    const unfinished = `${file}.${process.pid}`;
    writeFileSync(unfinished, JSON.stringify(artifacts));
    renameSync(unfinished, file);
    return artifacts;
  } finally {
    rmSync(lockOf(file), { force: true });
  }
}

const lockOf = (file: string): string => `${file}.lock`;

/** Whether this process is to make the file. While another one does, it is waited for: each of the largest takes 40 s. */
async function isOurs(file: string): Promise<boolean> {
  for (;;) {
    if (existsSync(file)) return false;
    try {
      writeFileSync(lockOf(file), "", { flag: "wx" });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const made = statSync(lockOf(file), { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
    // Whoever made it died over it.
    if (Date.now() - made > LONGEST) rmSync(lockOf(file), { force: true });
    await setTimeout(100);
  }
}

async function artifactsOf(build: Build, input: string): Promise<Record<string, Artifact>> {
  const output = await run<{ abi: InterfaceAbi; evm: { bytecode: { object: string } } }, never>(build, input);
  const artifacts: Record<string, Artifact> = {};
  for (const contracts of Object.values(output.contracts ?? {})) {
    for (const [name, { abi, evm }] of Object.entries(contracts)) {
      assert(artifacts[name] === undefined, `two contracts are named ${name}`);
      artifacts[name] = { abi, bytecode: `0x${evm.bytecode.object}` };
    }
  }
  return artifacts;
}

/**
 * Asks the compiler about sources and all that they import. It generates no code, because nobody asks for any.
 *
 * @param entries paths from the project's root
 */
export async function inspect<Contract, Source>(
  entries: readonly string[],
  build: Build,
  selection: Selection,
): Promise<Output<Contract, Source>> {
  return run(build, inputOf(entries, build, selection));
}

function inputOf(entries: readonly string[], build: Build, outputSelection: Selection): string {
  const { compiler, evmVersion, runs, viaIR, foreign = false } = build;
  return JSON.stringify({
    language: "Solidity",
    sources: readSources(entries, foreign),
    settings: {
      optimizer: { enabled: true, runs },
      evmVersion,
      ...(compiler === "solc-0.6.12" ? {} : { viaIR }), // a setting that it does not know is an error
      outputSelection,
    },
  });
}

async function run<Contract, Source>(build: Build, input: string): Promise<Output<Contract, Source>> {
  const output = JSON.parse(await runCompiler(build.compiler, input)) as Output<Contract, Source>;
  const messages = (output.errors ?? []).filter(
    ({ severity }) => severity === "error" || (severity === "warning" && !build.foreign && MUTANT === undefined),
  );
  assert.equal(messages.length, 0, messages.map(({ formattedMessage }) => formattedMessage).join("\n"));
  return output;
}

function buildsNamed(name: string | undefined): readonly Build[] {
  if (name === undefined) return ALL_BUILDS;
  const builds = ALL_BUILDS.filter((build) => build.name === name);
  assert.equal(builds.length, 1, `no build is called ${name}`);
  return builds;
}

/** The sources by the name under which they import each other. */
function readSources(entries: readonly string[], relaxPragmas: boolean): Record<string, { content: string }> {
  const sources: Record<string, { content: string }> = {};
  const pending = [...entries];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (sources[name] !== undefined) continue;
    const inProject = join(root, name);
    const text = readFileSync(existsSync(inProject) ? inProject : join(root, "node_modules", name), "utf8");
    const own = MUTANT?.file === name ? text.replace(pattern(MUTANT), () => MUTANT.to) : text;
    const content = relaxPragmas ? own.replace(/^(pragma solidity )=?(?=\d)/m, "$1^") : own;
    sources[name] = { content };
    for (const [, imported] of content.matchAll(/^\s*import\s[^"';]*["']([^"']+)["']/gm)) {
      pending.push(imported!.startsWith(".") ? posix.join(dirname(name), imported!) : imported!);
    }
  }
  return sources;
}

/**
 * In a process of its own: a WebAssembly compiler blocks its thread. The old ones also install handlers for uncaught
 * errors. Both ends are files. The compiler's command reads and writes synchronously, which a pipe that is empty or
 * full for a moment fails. It exits right after writing, which cuts off what a pipe has not taken yet.
 */
async function runCompiler(compiler: string, input: string): Promise<string> {
  const { bin } = require(`${compiler}/package.json`) as { bin: { solcjs: string } };
  const script = require.resolve(`${compiler}/${bin.solcjs}`);
  const folder = mkdtempSync(join(tmpdir(), "compile-"));
  const files = { input: join(folder, "input.json"), output: join(folder, "output.json") };
  try {
    writeFileSync(files.input, input);
    const stdio = [openSync(files.input, "r"), openSync(files.output, "w")] as const;
    const child = spawn(process.execPath, [script, "--standard-json"], { stdio: [...stdio, "inherit"] });
    const [code] = (await once(child, "close")) as [number];
    stdio.forEach((file) => closeSync(file));
    assert.equal(code, 0, `${compiler} exited with ${code}`);
    const output = readFileSync(files.output, "utf8");
    return output.slice(output.indexOf("{"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
