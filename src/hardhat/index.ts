import { definePlugin } from "hardhat/plugins";
import type { HardhatPlugin } from "hardhat/types/plugins";

import { tasks } from "./tasks.js";

export type * from "./typeExtensions.js";
export {
  hardhatChains,
  hardhatForks,
  type HardhatChain,
  type HardhatFactoryOptions,
  type HardhatTools,
} from "./factory.js";
export type { ConnectionForks } from "./connectionForks.js";
export type { ConnectionGuard } from "./connectionGuard.js";

/**
 * The plugin for Hardhat 3: `plugins: [settlementGuard]`.
 *
 * Each connection gets `forks`, the fork simulator, and `guard`, what is asked most. Its tasks run the command line
 * against a network. Matchers are there wherever Hardhat's own are. What is not used is not loaded.
 *
 * @example
 * import settlementGuard from "settlement-guard/hardhat";
 * export default defineConfig({ plugins: [settlementGuard] });
 */
const settlementGuard: HardhatPlugin = definePlugin({
  id: "settlement-guard",
  npmPackage: "settlement-guard",
  hookHandlers: { network: () => import("./networkHooks.js") },
  tasks,
});

export default settlementGuard;
