import "@nomicfoundation/hardhat-toolbox";
import "./solc";

import type { HardhatUserConfig } from "hardhat/config";

const config: HardhatUserConfig = {
  solidity: { version: "0.8.37", settings: { optimizer: { enabled: true, runs: 200 }, evmVersion: "prague" } },
  gasReporter: { enabled: process.env.REPORT_GAS !== undefined },
};

export default config;
