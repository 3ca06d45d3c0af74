import type { HardhatPlugin } from "hardhat/types/plugins";

/** Fails the build on any compiler warning in the project's own sources (dependencies are not ours to mend). */
export const warningsAreErrors: HardhatPlugin = {
  id: "warnings-are-errors",
  hookHandlers: { solidity: () => import("./warningsAreErrorsHook.js") },
};
