import { toQuantity, type Hex } from "../core/bytes.js";

/** The EIP-2935 history contract's address, the same on every chain. */
export const HISTORY_ADDRESS: Hex = "0x0000f90827f1c53a10cb7a02335b175320002935";

/** Number of ancestors that the history contract serves: ages 1 to 8191 blocks. */
export const HISTORY_WINDOW = 8191;

/** EIP-2935's runtime code (83 bytes). Hardhat has a stub here that reverts. */
export const HISTORY_CODE: Hex =
  "0x3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500";

/** The sender of the system calls of EIP-2935 and EIP-4788; their contracts store whatever this account sends them. */
export const SYSTEM_ADDRESS: Hex = "0xfffffffffffffffffffffffffffffffffffffffe";

/**
 * How EIP-2935's contract learns the parent's hash, and EIP-4788's the parent's beacon root.
 *
 * `"transaction"` sends two transactions per block from the system address, or one before Cancun. Every proof verifies,
 * except at genesis. What tells of a block's transactions leaves them out. These things show it: the block's gas
 * (112,000 more) and limit, and the base fee, which follows from both. So do the gas before a receipt and the coinbase's balance.
 * `eth_feeHistory` tells no tips but those of the test, and `newPendingTransactions` tells of all. Hardhat takes no blob
 * transaction beside others (EIP-4844): that needs `"storage"`. A block takes 0.6 ms. `"storage"` writes the slots
 * into the parent's state: a block takes 0.4 ms, and nothing shows. But the header of the parent does not commit to
 * them. So `eth_getProof` at any block below the head does not verify against that block's `stateRoot`.
 */
export type HistoryMode = "storage" | "transaction";

/** The least tip of {@link systemTransaction}, in wei a gas: 1 000 gwei. */
export const SYSTEM_TIP = 10n ** 12n;

/**
 * The gas limit of a {@link systemTransaction}: 21,000, calldata, and two cold slots at the most (about 67,000). The
 * blocks of a chain in mode `"transaction"` have so much more for each than its backend gave them.
 */
export const SYSTEM_GAS = 100_000;

/** The ring-buffer slot that holds the hash of block `number`, as a JSON-RPC quantity. */
export function historySlot(number: number): Hex {
  return toQuantity(number % HISTORY_WINDOW);
}

/**
 * The stand-in for a system call in mode `"transaction"`.
 *
 * Its tip puts it before every transaction that waits already. One may come later, be mined at once and pay more than
 * `SYSTEM_TIP`. That one runs before it and does not see what it stores. It pays any base fee up to 1 ether a gas.
 *
 * @param to the contract that stores `word`
 * @param rivals what the waiting transactions offer, in wei a gas
 */
export function systemTransaction(to: Hex, word: Hex, rivals: readonly bigint[]): { [field: string]: Hex } {
  return {
    from: SYSTEM_ADDRESS,
    to,
    data: word,
    gas: toQuantity(SYSTEM_GAS),
    maxFeePerGas: toQuantity(10n ** 18n),
    maxPriorityFeePerGas: toQuantity(rivals.reduce((tip, rival) => (rival < tip ? tip : rival + 1n), SYSTEM_TIP)),
  };
}
