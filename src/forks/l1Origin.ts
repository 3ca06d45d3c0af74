import { toBigInt, toQuantity, toWord, type Hex } from "../core/bytes.js";
import type { SimulatedChain } from "./chain.js";

/** The OP stack's `L1Block` predeploy. */
export const L1_BLOCK_ADDRESS: Hex = "0x4200000000000000000000000000000000000015";

/** The account from which the OP stack's system deposits come. */
export const DEPOSITOR_ADDRESS: Hex = "0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001";

const SET_L1_BLOCK_VALUES_ISTHMUS = "098999be";

/**
 * Makes one simulated chain an L2 of another, as far as its `L1Block` predeploy goes. It puts the predeploy's code in
 * place, once.
 *
 * @param code runtime code of the predeploy, or of a stand-in with the same readers and the same packed setter
 * @example
 * await installL1Block(l2, standIn.deployedBytecode);
 */
export async function installL1Block(l2: SimulatedChain, code: Hex): Promise<void> {
  await l2.request({ method: "hardhat_setCode", params: [L1_BLOCK_ADDRESS, code] });
  await l2.request({ method: "hardhat_setBalance", params: [DEPOSITOR_ADDRESS, toQuantity(10n ** 18n)] });
  await l2.request({ method: "hardhat_impersonateAccount", params: [DEPOSITOR_ADDRESS] });
}

/** What an L2 is shown. */
export interface L1Origin {
  readonly l2: SimulatedChain;
  readonly l1: SimulatedChain;
  /** The height of the block of `l1`. */
  readonly number: bigint;
}

/**
 * Shows the L2 a block of L1, as the first transaction of an L2 block does. That is one transaction from the depositor,
 * packed as since the Isthmus upgrade. The sequencer decides which block and when; nothing here keeps it in step with
 * L1's head.
 *
 * @example
 * await showL1Origin({ l2, l1, number: l1.head.number });
 */
export async function showL1Origin({ l2, l1, number }: L1Origin): Promise<void> {
  const block = (await l1.request({ method: "eth_getBlockByNumber", params: [toQuantity(number), false] })) as {
    hash: Hex;
    timestamp: Hex;
    baseFeePerGas?: Hex;
  };
  const u64 = (value: bigint): string => toWord(value).slice(-16);
  const data = [
    SET_L1_BLOCK_VALUES_ISTHMUS,
    "00000558", // base fee scalar
    "000c5fc5", // blob base fee scalar
    u64(0n), // sequence number: the first L2 block of its origin
    u64(toBigInt(block.timestamp, "timestamp")),
    u64(number),
    toWord(toBigInt(block.baseFeePerGas ?? "0x0", "base fee")).slice(2),
    toWord(1n).slice(2), // blob base fee
    block.hash.slice(2),
    toWord(0n).slice(2), // batcher
    "00000000", // operator fee scalar
    u64(0n), // operator fee constant
  ].join("");
  await l2.request({
    method: "eth_sendTransaction",
    params: [{ from: DEPOSITOR_ADDRESS, to: L1_BLOCK_ADDRESS, data: `0x${data}`, gas: toQuantity(1_000_000n) }],
  });
}
