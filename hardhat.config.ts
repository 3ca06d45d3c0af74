import { join } from "node:path";

import toolbox from "@nomicfoundation/hardhat-toolbox";
import { defineConfig } from "hardhat/config";

import { soliditySeed } from "./hardhat/soliditySeed.js";
import { warningsAreErrors } from "./hardhat/warningsAreErrors.js";

// The compiler is the npm package: a JavaScript file given as `path` is run as WebAssembly, and nothing is downloaded.
// Both profiles are spelled out, because the derived `production` profile would drop the EVM version.
const solc = {
  version: "0.8.37",
  path: join(import.meta.dirname, "hardhat", "solc.mjs"),
  settings: { optimizer: { enabled: true, runs: 200 }, evmVersion: "prague", viaIR: false },
};

// The lens is shipped compiled, and the gas that it shows is quoted. It is built as a protocol that
// cares for gas would build it.
const lens = { ...solc, settings: { ...solc.settings, optimizer: { enabled: true, runs: 1_000_000 }, viaIR: true } };
const overrides = { "contracts/StateProofLens.sol": lens };

// The Solidity tests are random from `SEED`. Without one the gate's is always the same, and a heavy run's is the clock's.
const heavy = process.env["HEAVY"] !== undefined;
const seed = BigInt(process.env["SEED"] ?? (heavy ? Date.now() % 2 ** 31 : 1));
const solidityTests = {
  fuzz: { runs: heavy ? 4_096 : 256, seed: `0x${seed.toString(16).padStart(64, "0")}` },
  invariant: { runs: heavy ? 1_024 : 256, depth: heavy ? 256 : 64, failOnRevert: true, shrinkRunLimit: 500 },
};

// Mutants are asked what other files asked before, so those files must run in the same process.
const mutants = process.env["MUTANTS"] !== undefined;

// A mutant may leave something unused.
const isMutated = process.env["MUTANT"] !== undefined;

export default defineConfig({
  plugins: [toolbox, soliditySeed, ...(isMutated ? [] : [warningsAreErrors])],
  solidity: {
    profiles: { default: { compilers: [solc], overrides }, production: { compilers: [solc], overrides } },
  },
  typechain: { outDir: "typechain-types" },
  networks: {
    localhost: { type: "http", chainType: "l1", url: "http://127.0.0.1:8545" },
    // An endpoint that does not answer, to see how a deployment fails.
    unreachable: { type: "http", chainType: "l1", url: "http://127.0.0.1:9" },
    // A chain that the guard does not know, to see that it refuses to be deployed there.
    unknown: { type: "edr-simulated", chainType: "l1", hardfork: "prague", chainId: 999_999_937 },
    default: { type: "edr-simulated", chainType: "l1", hardfork: "prague", initialDate: "2026-01-01T00:00:00Z" },
  },
  test: {
    // Against what hangs alone: a machine may be busy.
    mocha: {
      timeout: heavy ? 7_200_000 : 600_000,
      parallel: !mutants,
      jobs: 2,
      require: ["./hardhat/readableFailures.mjs"],
    },
    solidity: solidityTests,
  },
});
