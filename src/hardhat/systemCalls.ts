import { definePlugin } from "hardhat/plugins";
import type { HardhatPlugin } from "hardhat/types/plugins";

/**
 * A plugin for Hardhat 3 that keeps two contracts in step on each simulated network, and does nothing else. EIP-2935's
 * knows the hashes of the last 8,191 blocks, and EIP-4788's the beacon roots. Hardhat has the first as a stub, and does not fill the second.
 *
 * It writes their slots before each block. No transaction, receipt, balance or gas shows it. But headers do not commit
 * to the slots. Who verifies proofs below the head takes a chain of the fork simulator. Blocks are one
 * second apart, or as the test says, and do not follow the clock of the machine. A fork knows the last 256 hashes from
 * before it.
 *
 * @example
 * import systemCalls from "settlement-guard/system-calls";
 * export default defineConfig({ plugins: [systemCalls] });
 */
const systemCalls: HardhatPlugin = definePlugin({
  id: "settlement-guard-system-calls",
  npmPackage: "settlement-guard",
  hookHandlers: { network: () => import("./systemCallHooks.js") },
});

export default systemCalls;
