import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setPriority } from "node:os";
import { join } from "node:path";

import { PROJECT } from "../compile.js";
import type { Mutant } from "../mutants.js";

/** Tests that draw what they ask: what they find is luck, so no mutant is theirs to find. */
const RANDOM = /random|any history|any 5|all roles together|may have happened|nothing is written but the namespaces/
  .source;

/** A bug put into the policy room, or below it, and the file whose fixed tests notice it. Without a room it is one of `test/policy`. */
export interface PolicyMutant extends Mutant {
  /** The finding, attack or guarantee that it would bring back; "own" where it is a plausible slip. */
  readonly attack: string;
  readonly test: string;
}

/** By the source that each is put into. */
const MUTANTS_OF = JSON.parse(readFileSync(join(PROJECT, "test/policy/mutants.json"), "utf8")) as Readonly<
  Record<string, readonly Omit<PolicyMutant, "file">[]>
>;
export const MUTANTS: readonly PolicyMutant[] = Object.entries(MUTANTS_OF).flatMap(([file, mutants]) =>
  mutants.map((mutant) => ({ ...mutant, file })),
);

/** What a file of tests says of the contracts. */
export interface Finding {
  /** The first test that failed, with what it is in; undefined where all passed. */
  failed: string | undefined;
  /** Whether an assertion of it failed: neither an error of the compiler nor a crash. */
  isAssertion: boolean;
  passing: number;
  output: string;
}

/** The path of a file of tests, from the project's root. */
export function testOf(file: string): string {
  return `test/${file.includes("/") ? "" : "policy/"}${file}.test.ts`;
}

/**
 * Runs the fixed tests of a file in a process of its own, up to the first that fails. The build is the newest
 * compiler's legacy pipeline.
 *
 * @param mutant is put into the sources; undefined leaves them as they are
 * @param cache a directory in which compiled contracts are kept
 */
export async function findingOf(file: string, mutant: PolicyMutant | undefined, cache: string): Promise<Finding> {
  const args = ["test", "mocha", testOf(file), "--no-compile", "--bail", "--grep-exclude", RANDOM];
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    BUILD: "0.8.37, prague, legacy, 200 runs",
    FORCE_COLOR: "0",
    MUTANTS: "1", // one process, not two
    SEED: "1",
    XDG_CACHE_HOME: cache,
  };
  delete env["HEAVY"];
  if (mutant !== undefined) env["MUTANT"] = JSON.stringify(mutant);
  const child = spawn(join(PROJECT, "node_modules", ".bin", "hardhat"), args, { cwd: PROJECT, env });
  if (child.pid !== undefined) setPriority(child.pid, 10);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += String(chunk)));
  await once(child, "close");
  const passing = Number(/^ {2}(\d+) passing/m.exec(output)?.[1] ?? 0);
  const [, failed, error = ""] = /^ {2}1\) (.*?):\n\n?(.*?)^ +at /ms.exec(output) ?? [];
  // Where the assertion has a message the reporter prints that and a comparison, and no name.
  const isAssertion =
    /^ *(?:AssertionError|\+ expected - actual$)/m.test(error) && !/"(?:before|after)/.test(failed ?? "");
  return { failed: failed?.replace(/\s*\n\s*/g, " > "), isAssertion, passing, output };
}
