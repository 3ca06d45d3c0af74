import { sameHex, toQuantity, toWord } from "../core/bytes.js";
import { HISTORY_ADDRESS, HISTORY_WINDOW } from "./history.js";
import type { SimulatedNode } from "./node.js";

/** Answers `eth_call` so that the history contract says at every block what it would have said there. */
export async function call(node: SimulatedNode, params: readonly unknown[]): Promise<unknown> {
  const { blocks, systemCalls, origin, relay } = node;
  if (params[1] === "pending") await systemCalls.fill();
  const number = sealedNumber(node, params[1] ?? "latest");
  // A node that forked does not know the rules of the blocks before; the chain that mined them does.
  if (origin !== undefined && number !== undefined && number <= blocks.first.number)
    return origin.request({ method: "eth_call", params: [params[0], toQuantity(number), ...params.slice(2)] });
  return relay("eth_call", ...(await withOldestHash(node, params, number)));
}

/** The number of the block at whose end the call runs. Undefined where it is not one that has been mined. */
function sealedNumber({ blocks }: SimulatedNode, block: unknown): number | undefined {
  if (block === "latest" || block === "safe" || block === "finalized") return blocks.head.number;
  if (block === "earliest" || block === "pending") return undefined;
  if (typeof block === "string") return Number(block);
  const { blockNumber, blockHash } = block as { blockNumber?: string; blockHash?: string };
  if (blockNumber !== undefined) return Number(blockNumber);
  return blocks.records.findLast((record) => record.hash === blockHash?.toLowerCase())?.number;
}

/**
 * Storage mode has overwritten the oldest hash in the window with that block's own. That concerns a call at a sealed
 * block.
 */
async function withOldestHash(
  { blocks, systemCalls }: SimulatedNode,
  params: readonly unknown[],
  number: number | undefined,
): Promise<readonly unknown[]> {
  if (systemCalls.mode !== "storage" || number === undefined || number < HISTORY_WINDOW) return params;
  const overrides = (params[2] ?? {}) as { [address: string]: unknown };
  if (Object.keys(overrides).some((address) => sameHex(address, HISTORY_ADDRESS))) return params;
  const slot = toWord(BigInt(number % HISTORY_WINDOW));
  const stateDiff = { [slot]: await blocks.hashOf(number - HISTORY_WINDOW) };
  return [params[0], params[1] ?? "latest", { ...overrides, [HISTORY_ADDRESS]: { stateDiff } }, ...params.slice(3)];
}
