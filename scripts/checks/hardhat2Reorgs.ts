/**
 * Reorganises chains of Hardhat 2 at random, as test/forks/randomReorgs.test.ts does with Hardhat 3's. It runs in a project that has Hardhat 2:
 * `npm run check:consumers` does it in e2e/hardhat2. There are 1,000 changes of the branch with `HEAVY=1`, and 20 without.
 */
import { createRequire } from "node:module";
import { join } from "node:path";

import type { HistoryMode } from "../../src/forks/index.js";
import { hardhatChains, type Hardhat2 } from "../../src/hardhat2/index.js";
import { random } from "../../tools/random.js";

const CHANGES = process.env["HEAVY"] === "1" ? 1_000 : 20;

const load = createRequire(join(process.cwd(), "package.json"));
const hre = load("hardhat") as Hardhat2;
// The campaign reads the artifacts of the repository, by Hardhat 3.
process.chdir(join(import.meta.dirname, "../.."));
const { reorganizeAtRandom } = await import("../../tools/randomReorgs.js");
const source = random();
console.log(`SEED=${source.seed}`);
for (const mode of ["transaction", "storage"] as HistoryMode[]) {
  await reorganizeAtRandom({ factory: hardhatChains(hre), random: source, changes: CHANGES / 2, mode });
  console.log(`Hardhat ${hre.version}, ${mode}: ${CHANGES / 2} changes of the branch`);
}
// Hardhat 2's chains keep the process.
process.exit(0);
