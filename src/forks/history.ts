import { toQuantity, type Hex } from "../bytes.js";

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
 * `"storage"` writes the slot into the parent's state. It is invisible and fast, but the header of the parent does not commit to it,
 * so that `eth_getProof` at any block below the head does not verify against that block's `stateRoot`.
 * `"transaction"` sends one transaction per block from the system address. Every proof verifies, except at genesis; each block has
 * one transaction more, and the coinbase earns its tip.
 */
export type HistoryMode = "storage" | "transaction";

/** The ring-buffer slot that holds the hash of block `number`, as a JSON-RPC quantity. */
export function historySlot(number: number): Hex {
  return toQuantity(number % HISTORY_WINDOW);
}

/**
 * The stand-in for the system call in mode `"transaction"`.
 *
 * Its tip (10 000 gwei) puts it before every other transaction of the block; a transaction that pays more would run before it and
 * would not see the parent's hash. 100 000 gas cover 21 000 + calldata + one cold SSTORE (about 45 000).
 */
export function systemTransaction(parentHash: Hex): { [field: string]: Hex } {
  const fee = toQuantity(10n ** 13n);
  return {
    from: SYSTEM_ADDRESS,
    to: HISTORY_ADDRESS,
    data: parentHash,
    gas: toQuantity(100_000),
    maxFeePerGas: fee,
    maxPriorityFeePerGas: fee,
  };
}
