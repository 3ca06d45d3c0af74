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
  readdirSync,
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

import { mutate, type Mutant } from "./mutants.js";

const require = createRequire(import.meta.url);
/** The project's root. */
export const PROJECT = join(import.meta.dirname, "..");

/** Outside of the checkout, so that a fresh clone on the same machine compiles nothing again. Files are named by the hash of their input. */
const CACHE = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "settlement-guard", "compile");

/** Makes a compiler faster. */
const TABLES = join(PROJECT, "hardhat", "wasmTables.mjs");

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

/** The build of Hardhat's configuration: what Hardhat has compiled is taken. */
export const CONFIGURED = ALL_BUILDS[1]!;

/** What a deployment needs. */
export interface Artifact {
  abi: InterfaceAbi;
  bytecode: string;
}

/** By the contracts' names. */
type Artifacts = Record<string, Artifact>;

interface Output<Contract, Source> {
  errors?: { severity: string; formattedMessage: string }[];
  contracts?: Record<string, Record<string, Contract>>;
  sources?: Record<string, Source>;
}

/** What the compiler is asked for. */
type Selection = Record<string, Record<string, readonly string[]>>;

/**
 * Compiles sources and all that they import, relative or from npm, and returns the contracts by name. Of the project's own contracts
 * Hardhat's artifacts are taken, where they are of that build. Any other output is kept in the user's cache, by the hash of the
 * compiler's version and input.
 *
 * @param entries paths from the project's root
 * @param names what the caller needs of them. Where a mutant is put in nothing else is compiled, for nobody asks for it again
 * @param mutant a bug that is put into the sources
 */
export function compile(
  entries: readonly string[],
  build: Build,
  names: readonly string[] = ["*"],
  mutant: Mutant | undefined = MUTANT,
): Promise<Artifacts> {
  const request = JSON.stringify([entries, build, mutant === undefined ? [] : names, mutant]);
  let artifacts = compiled.get(request);
  if (artifacts === undefined) compiled.set(request, (artifacts = compileOnce(entries, build, names, mutant)));
  return artifacts;
}

/** Whether Hardhat compiles it, too. */
export function isConfigured({ compiler, evmVersion, runs, viaIR }: Build): boolean {
  return (
    compiler === CONFIGURED.compiler &&
    evmVersion === CONFIGURED.evmVersion &&
    runs === CONFIGURED.runs &&
    viaIR === CONFIGURED.viaIR
  );
}

/** What this process has asked for. */
const compiled = new Map<string, Promise<Artifacts>>();

async function compileOnce(
  entries: readonly string[],
  build: Build,
  names: readonly string[],
  mutant: Mutant | undefined,
): Promise<Artifacts> {
  const sources = readSources(entries, build.foreign === true, mutant);
  if (mutant === undefined && isConfigured(build) && entries.every((entry) => entry.startsWith("contracts/")))
    return artifactsOfHardhat(Object.keys(sources));

  const version = (require(`${build.compiler}/package.json`) as { version: string }).version;
  const needed = mutant === undefined ? ["*"] : names;
  const wanted = ["abi", "evm.bytecode.object"];
  const input = inputOf(sources, build, { "*": Object.fromEntries(needed.map((name) => [name, wanted])) });

  const file = join(CACHE, `${createHash("sha256").update(version).update(input).digest("hex")}.json`);
  mkdirSync(CACHE, { recursive: true });
  if (!(await isOurs(file))) return JSON.parse(readFileSync(file, "utf8")) as Artifacts;
  try {
    const artifacts = await artifactsOf(build, input, mutant !== undefined);
    // Renamed into place, because another process may be looking for it.
    const unfinished = `${file}.${process.pid}`;
    writeFileSync(unfinished, JSON.stringify(artifacts));
    renameSync(unfinished, file);
    return artifacts;
  } finally {
    rmSync(lockOf(file), { force: true });
  }
}

/** What `hardhat build` made of sources. */
function artifactsOfHardhat(sources: readonly string[]): Artifacts {
  const artifacts: Artifacts = {};
  for (const source of sources.filter((name) => name.startsWith("contracts/"))) {
    const folder = join(PROJECT, "artifacts", source);
    for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
      const { contractName, abi, bytecode } = JSON.parse(readFileSync(join(folder, file), "utf8")) as Artifact & {
        contractName: string;
      };
      assert(artifacts[contractName] === undefined, `two contracts are named ${contractName}`);
      artifacts[contractName] = { abi, bytecode };
    }
  }
  return artifacts;
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

async function artifactsOf(build: Build, input: string, isMutated: boolean): Promise<Artifacts> {
  const output = await run<{ abi: InterfaceAbi; evm: { bytecode: { object: string } } }, never>(
    build,
    input,
    isMutated,
  );
  const artifacts: Artifacts = {};
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
  const sources = readSources(entries, build.foreign === true, MUTANT);
  return run(build, inputOf(sources, build, selection), MUTANT !== undefined);
}

type Sources = Record<string, { content: string }>;

function inputOf(sources: Sources, build: Build, outputSelection: Selection): string {
  const { compiler, evmVersion, runs, viaIR } = build;
  return JSON.stringify({
    language: "Solidity",
    sources,
    settings: {
      optimizer: { enabled: true, runs },
      evmVersion,
      ...(compiler === "solc-0.6.12" ? {} : { viaIR }), // a setting that it does not know is an error
      outputSelection,
    },
  });
}

async function run<Contract, Source>(
  build: Build,
  input: string,
  isMutated: boolean,
): Promise<Output<Contract, Source>> {
  const output = JSON.parse(await runCompiler(build.compiler, input)) as Output<Contract, Source>;
  const messages = (output.errors ?? []).filter(
    ({ severity }) => severity === "error" || (severity === "warning" && !build.foreign && !isMutated),
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
function readSources(entries: readonly string[], relaxPragmas: boolean, mutant: Mutant | undefined): Sources {
  const sources: Sources = {};
  const pending = [...entries];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (sources[name] !== undefined) continue;
    const inProject = join(PROJECT, name);
    const text = readFileSync(existsSync(inProject) ? inProject : join(PROJECT, "node_modules", name), "utf8");
    const own = mutant?.file === name ? mutate(text, mutant) : text;
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
    const child = spawn(process.execPath, ["--import", TABLES, script, "--standard-json"], {
      stdio: [...stdio, "inherit"],
    });
    const [code] = (await once(child, "close")) as [number];
    stdio.forEach((file) => closeSync(file));
    assert.equal(code, 0, `${compiler} exited with ${code}`);
    const output = readFileSync(files.output, "utf8");
    return output.slice(output.indexOf("{"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
