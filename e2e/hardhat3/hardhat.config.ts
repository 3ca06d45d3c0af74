import { createRequire } from "node:module";

import toolbox from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import upgrades from "@openzeppelin/hardhat-upgrades";
import { defineConfig } from "hardhat/config";
import settlementGuard from "settlement-guard/hardhat";

// The compiler comes from npm: nothing is downloaded at build time.
const path = createRequire(import.meta.url).resolve("solc/soljson.js");
const solc = { version: "0.8.37", path, settings: { optimizer: { enabled: true, runs: 200 }, evmVersion: "prague" } };

// #region plugin
export default defineConfig({
  plugins: [toolbox, upgrades, settlementGuard],
  // #endregion plugin
  solidity: { profiles: { default: solc, production: solc } },
  networks: {
    optimism: { type: "edr-simulated", chainType: "op" },
    mainnet: { type: "http", url: "http://127.0.0.1:9" },
  },
  test: { mocha: { parallel: true, jobs: 2 } },
});
