import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { setPriority } from "node:os";
import { basename, join } from "node:path";

import { PROJECT } from "./compile.js";
import { mutate, type Mutant } from "./mutants.js";

/** Tests that draw what they ask: what they find is luck, so no mutant is theirs to find. */
const RANDOM =
  /random|any history|any 5|all roles together|may have happened|nothing is written but the namespaces|agrees with a model/
    .source;

const CONFIG = "hardhat.config.ts";

/** Where Hardhat remembers what it has compiled, by absolute paths. */
const COMPILED = "cache/compile-cache.json";

/** What Hardhat builds, and what its tests import. */
const COPIED = [
  ...["artifacts", "contracts", "hardhat", "package.json", "src", "test", "tools", "tsconfig.json"],
  ...["typechain-types", CONFIG, COMPILED],
];

/** A bug put into a source, and the tests that notice it. */
export interface AimedMutant extends Mutant {
  /** The finding, attack or guarantee that it would bring back; "own" where it is a plausible slip. */
  readonly attack: string;
  /** The file whose fixed tests notice it, from the project's root. */
  readonly test: string;
}

/** What a file of tests says of the contracts. */
export interface Finding {
  /** The first test that failed, with what it is in; undefined where all passed. */
  failed: string | undefined;
  /** Whether an assertion of it failed: neither an error of the compiler nor a crash. */
  isAssertion: boolean;
  passing: number;
  output: string;
}

/**
 * Asks the fixed tests of a file, in processes of their own, up to the first that fails.
 *
 * @param test the file's path
 * @param mutant is put into the sources; undefined leaves them as they are
 * @param scratch a directory in which anything may be kept
 */
export type Ask = (test: string, mutant: AimedMutant | undefined, scratch: string) => Promise<Finding>;

/** The mutants of a room: its `mutants.json` has them by the source that each is put into. A test's name is a path below `test`, or one in the room. */
export function mutantsOf(room: string): readonly AimedMutant[] {
  const json = readFileSync(join(PROJECT, "test", room, "mutants.json"), "utf8");
  const bySource = JSON.parse(json) as Readonly<Record<string, readonly Omit<AimedMutant, "file">[]>>;
  return Object.entries(bySource).flatMap(([file, mutants]) =>
    mutants.map((mutant) => {
      const test = mutant.test.includes("/") ? mutant.test : `${room}/${mutant.test}`;
      return { ...mutant, file, test: `test/${test}.test.ts` };
    }),
  );
}

/** For tests whose contracts `compile` compiles: it puts the mutant in. The build is the newest compiler's legacy pipeline. */
export const askInPlace: Ask = async (test, mutant, scratch) => {
  const build = { BUILD: "0.8.37, prague, legacy, 200 runs", XDG_CACHE_HOME: scratch };
  return findingIn(await runTests(PROJECT, test, { ...build, ...environmentOf(mutant) }));
};

/** For tests whose contracts Hardhat compiles: the mutant is put into a copy of the project, which Hardhat builds. */
export const askInCopy: Ask = async (test, mutant, scratch) => {
  const copy = copyOfProject(scratch);
  try {
    if (mutant !== undefined) rewrite(join(copy, mutant.file), (text) => mutate(text, mutant));
    const built = await runHardhat(copy, ["build", "--quiet", "--no-tests"], environmentOf(mutant));
    if (built.code !== 0) return { failed: "the build", isAssertion: false, passing: 0, output: built.output };
    return findingIn(await runTests(copy, test, environmentOf(mutant)));
  } finally {
    rmSync(copy, { recursive: true });
  }
};

/** A copy in which nothing is compiled anew. Hardhat finds there what it knows, and the compiler at the same path. */
function copyOfProject(scratch: string): string {
  const copy = mkdtempSync(join(scratch, "copy-"));
  const filter = (path: string): boolean => basename(path) !== "node_modules";
  for (const name of COPIED) cpSync(join(PROJECT, name), join(copy, name), { recursive: true, filter });
  symlinkSync(join(PROJECT, "node_modules"), join(copy, "node_modules"));
  rewrite(join(copy, COMPILED), (text) => text.replaceAll(`"${PROJECT}/`, `"${copy}/`));
  rewrite(join(copy, CONFIG), (text) => text.replace("import.meta.dirname", JSON.stringify(PROJECT)));
  return copy;
}

function rewrite(file: string, change: (text: string) => string): void {
  writeFileSync(file, change(readFileSync(file, "utf8")));
}

function environmentOf(mutant: AimedMutant | undefined): NodeJS.ProcessEnv {
  return {
    FORCE_COLOR: "0",
    MUTANTS: "1", // one process, not two
    SEED: "1",
    ...(mutant === undefined ? {} : { MUTANT: JSON.stringify(mutant) }),
  };
}

async function runTests(project: string, test: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const args = ["test", "mocha", test, "--no-compile", "--bail", "--grep-exclude", RANDOM];
  return (await runHardhat(project, args, environment)).output;
}

async function runHardhat(
  project: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<{ code: number | null; output: string }> {
  // Hardhat tells its children which project they are of.
  const env: NodeJS.ProcessEnv = { ...process.env, ...environment, HARDHAT_CONFIG: join(project, CONFIG) };
  delete env["HEAVY"];
  const child = spawn(join(PROJECT, "node_modules", ".bin", "hardhat"), args, { cwd: project, env });
  if (child.pid !== undefined) setPriority(child.pid, 10);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += String(chunk)));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, output };
}

/** Reads what mocha's reporter says. */
function findingIn(output: string): Finding {
  const passing = Number(/^ {2}(\d+) passing/m.exec(output)?.[1] ?? 0);
  // All frames of an assertion may be a library's, which the reporter leaves out.
  const [, failed, error = ""] = /^ {2}1\) (.*?):\n\n?(.*?)(?:^ +at |$(?!.))/ms.exec(output) ?? [];
  // Where the assertion has a message the reporter prints that and a comparison, and no name.
  const isAssertion =
    /^ *(?:AssertionError|\+ expected - actual$)/m.test(error) && !/"(?:before|after)/.test(failed ?? "");
  return { failed: failed?.replace(/\s*\n\s*/g, " > "), isAssertion, passing, output };
}
