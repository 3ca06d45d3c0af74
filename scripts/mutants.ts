// Puts historical bugs of proof verifiers, and a few of our own making, back into ours, one at a time, and runs the tests: each must
// fail. Prints the test that noticed. Run with: npx tsx scripts/mutants.ts [part of a name]
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { MUTANTS } from "../test/trie-helpers/mutants.js";
import { PROJECT } from "../test/trie-helpers/compile.js";

// The cheap suites first; the slower ones only for a mutant that lives on.
const SUITES = ["test/proof/stateProof.test.ts", "test/proof/fuzz.test.ts", "test/proof/vectors.test.ts"];

const filter = process.argv[2] ?? "";
let alive = 0;
for (const { name, attack, file, from } of MUTANTS.filter(({ name }) => name.includes(filter))) {
  if (!readFileSync(join(PROJECT, file), "utf8").includes(from)) {
    console.log(`STALE    ${attack.padEnd(5)} ${name}: its text is not in ${file}`);
    alive++;
    continue;
  }
  const killer = SUITES.map((suite) => firstFailure(name, suite)).find((title) => title !== undefined);
  if (killer === undefined) alive++;
  console.log(
    `${killer === undefined ? "SURVIVED" : "killed  "} ${attack.padEnd(5)} ${name}${killer === undefined ? "" : ` by "${killer}"`}`,
  );
}
console.log(alive === 0 ? "all killed" : `${alive} not killed`);
process.exitCode = alive === 0 ? 0 : 1;

/** The title of the first test that fails with the mutant in place. */
function firstFailure(mutant: string, suite: string): string | undefined {
  try {
    const hardhat = join(PROJECT, "node_modules", "hardhat", "dist", "src", "cli.js");
    execFileSync(process.execPath, [hardhat, "test", "mocha", "--no-compile", "--bail", suite], {
      cwd: PROJECT,
      env: { ...process.env, MUTANT: mutant },
      stdio: "pipe",
      encoding: "utf8",
    });
    return undefined;
  } catch (error) {
    const output = String((error as { stdout?: unknown }).stdout ?? error);
    const title = /^\s+1\) (.*)$/m.exec(output)?.[1];
    if (title === undefined) throw new TypeError(`${mutant}: ${suite} did not run: ${output.slice(-2000)}`);
    return title;
  }
}
