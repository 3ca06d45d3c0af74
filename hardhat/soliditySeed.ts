import type { HardhatPlugin } from "hardhat/types/plugins";

/** Prints what the random Solidity tests begin with, so that a failure can be run again. */
export const soliditySeed: HardhatPlugin = {
  id: "solidity-seed",
  hookHandlers: { test: () => import("./soliditySeedHook.js") },
};
