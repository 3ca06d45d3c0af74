import { toQuantity, type Hex } from "../core/bytes.js";

/** The EIP-2935 history contract's address, the same on every chain. */
export const HISTORY_ADDRESS: Hex = "0x0000f90827f1c53a10cb7a02335b175320002935";

/** Number of ancestors that the history contract serves: ages 1 to 8191 blocks. */
export const HISTORY_WINDOW = 8191;

/** EIP-2935's runtime code (83 bytes). Hardhat has a stub here that reverts. */
export const HISTORY_CODE: Hex =
  "0x3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500";

/** The sender of EIP-2935's system call; the contract stores whatever this account sends it. */
export const SYSTEM_ADDRESS: Hex = "0xfffffffffffffffffffffffffffffffffffffffe";

/**
 * How the EIP-2935 contract learns the parent's hash.
 *
 * `"transaction"` sends one transaction per block from the system address. Every proof verifies, except at genesis.
 * What tells of a block's transactions leaves it out. Three things show it: the block's gas (45,000 more), the gas
 * before a receipt and the coinbase's balance. A block takes 0.3 ms. `"storage"` writes the slot into the parent's
 * state: a block takes 0.2 ms, and nothing shows. But the header of the parent does not commit to it. So `eth_getProof`
 * at any block below the head does not verify against that block's `stateRoot`.
 */
export type HistoryMode = "storage" | "transaction";

/** The least tip of {@link systemTransaction}, in wei a gas: 1 000 gwei. */
export const SYSTEM_TIP = 10n ** 12n;

/** The gas limit of {@link systemTransaction}. A block of a chain in mode `"transaction"` has so much more than its backend gave it. */
export const SYSTEM_GAS = 100_000;

/** The ring-buffer slot that holds the hash of block `number`, as a JSON-RPC quantity. */
export function historySlot(number: number): Hex {
  return toQuantity(number % HISTORY_WINDOW);
}

/**
 * The stand-in for the system call in mode `"transaction"`.
 *
 * Its tip puts it before every transaction that waits already. One may come later, be mined at once and pay more than
 * `SYSTEM_TIP`. That one runs before it and does not see the parent's hash. It pays any base fee up to 1 ether a gas.
 * 100 000 gas cover 21 000 + calldata + one cold SSTORE (about 45 000).
 *
 * @param rivals what the waiting transactions offer, in wei a gas
 */
export function systemTransaction(parentHash: Hex, rivals: readonly bigint[]): { [field: string]: Hex } {
  return {
    from: SYSTEM_ADDRESS,
    to: HISTORY_ADDRESS,
    data: parentHash,
    gas: toQuantity(SYSTEM_GAS),
    maxFeePerGas: toQuantity(10n ** 18n),
    maxPriorityFeePerGas: toQuantity(rivals.reduce((tip, rival) => (rival < tip ? tip : rival + 1n), SYSTEM_TIP)),
  };
}
