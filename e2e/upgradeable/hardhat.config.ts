import { createRequire } from "node:module";

import toolbox from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import upgrades from "@openzeppelin/hardhat-upgrades";
import { defineConfig } from "hardhat/config";

// The compiler comes from npm: nothing is downloaded at build time.
const path = createRequire(import.meta.url).resolve("solc/soljson.js");
const solc = { version: "0.8.37", path, settings: { optimizer: { enabled: true, runs: 200 }, evmVersion: "prague" } };

export default defineConfig({
  plugins: [toolbox, upgrades],
  solidity: { profiles: { default: solc, production: solc } },
});
