import { Wallet, id } from "ethers";

import { toQuantity, type Hex } from "../../src/core/bytes.js";
import { BEACON_ROOTS_ADDRESS, BEACON_ROOTS_CODE, HISTORY_ADDRESS, HISTORY_CODE } from "../../src/forks/index.js";

/** A development chain's: guards can be deployed there. */
export const CHAIN_ID = 31_337;

/** When slot 0 begins, in seconds since 1970: the start of 2026. A fixed time, so that every run has the same blocks. */
export const GENESIS_TIME = 1_767_225_600;

/** The private keys of the accounts that own ether from the genesis on. */
export const KEYS: readonly [Hex, Hex, Hex] = [keyOf("first"), keyOf("second"), keyOf("third")];

const BALANCE = 10n ** 22n; // 10,000 ether in wei

/** A chain that is at Prague from its first block on, in geth's format. */
export function executionGenesis(): object {
  const past = ["homestead", "eip150", "eip155", "eip158", "byzantium", "constantinople", "petersburg", "istanbul"];
  const blocks = [...past, "berlin", "london", "mergeFork"].map((fork) => [`${fork}Block`, 0]);
  const times = ["shanghai", "cancun", "prague"].map((fork) => [`${fork}Time`, 0]);
  const funded = KEYS.map((key) => [new Wallet(key).address, { balance: toQuantity(BALANCE) }]);
  const contract = (code: Hex) => ({ nonce: "0x1", balance: "0x0", code });
  return {
    config: {
      chainId: CHAIN_ID,
      ...Object.fromEntries([...blocks, ...times]),
      terminalTotalDifficulty: 0,
      terminalTotalDifficultyPassed: true,
      // EIP-7840: Cancun's values are EIP-4844's, Prague's are EIP-7691's.
      blobSchedule: {
        cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3_338_477 },
        prague: { target: 6, max: 9, baseFeeUpdateFraction: 5_007_716 },
      },
    },
    timestamp: toQuantity(GENESIS_TIME),
    gasLimit: toQuantity(30_000_000),
    difficulty: "0x0",
    nonce: "0x0",
    extraData: "0x",
    baseFeePerGas: toQuantity(10n ** 9n),
    alloc: {
      ...Object.fromEntries(funded),
      [HISTORY_ADDRESS]: contract(HISTORY_CODE),
      [BEACON_ROOTS_ADDRESS]: contract(BEACON_ROOTS_CODE),
    },
  };
}

function keyOf(name: string): Hex {
  return id(`the ${name} account of the bench of clients`) as Hex;
}
