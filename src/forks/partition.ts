import { checkOptions, checkWhole, invalidOption } from "../rpc/options.js";
import { simulatorError, type ChainFactory } from "./backend.js";
import type { BranchChange } from "./branch.js";
import { SimulatedChain } from "./chain.js";
import { checkChainOptions, type ChainOptions } from "./node.js";

export interface PartitionOptions<Tools> extends Omit<ChainOptions, "name" | "forkFrom" | "blocks" | "clock"> {
  /** Number of nodes, at least 2. Default: 2, or as many as there are names. */
  readonly nodes?: number;
  /** The nodes' names. Default: "node 1", "node 2", … */
  readonly names?: readonly string[];
  /** Height at which the nodes part, at least; `prepare` may take more blocks. Default: 10. */
  readonly commonBlocks?: number;
  /** Deploys and funds what the test needs, on the first node. All nodes have it, in the same blocks. */
  readonly prepare?: (chain: SimulatedChain<Tools>) => Promise<unknown>;
}

/**
 * Creates nodes that agree on every block up to a height, byte for byte. They agree on none from then on, however alike
 * what they do.
 *
 * From there each is a chain of its own with its own time. None mines by the clock until it is told to. {@link heal} ends the partition.
 *
 * @throws FORK_SIMULATOR when a node does not reproduce the common blocks
 * @example
 * const [ours, theirs] = await partition(factory, { nodes: 2, commonBlocks: 5 });
 */
export async function partition<Tools>(
  factory: ChainFactory<Tools>,
  options: PartitionOptions<Tools> = {},
): Promise<SimulatedChain<Tools>[]> {
  const { names, nodes = names?.length ?? 2, commonBlocks = 10, prepare, ...chainOptions } = options;
  if (!Number.isSafeInteger(nodes) || nodes < 2)
    throw simulatorError(`A partition takes at least two nodes, not ${nodes}`);
  if (names !== undefined && names.length !== nodes)
    throw simulatorError(`There are ${nodes} nodes and ${names.length} names`);
  // A misspelt option would be one of the chains'.
  checkChainOptions(chainOptions);
  checkWhole("commonBlocks", commonBlocks === 0 ? undefined : commonBlocks, Number.MAX_SAFE_INTEGER);

  const chains: SimulatedChain<Tools>[] = [];
  try {
    for (let i = 0; i < nodes; i++) {
      const name = names?.[i] ?? `node ${i + 1}`;
      chains.push(await SimulatedChain.create(factory, { ...chainOptions, clock: false, blocks: 0, name }));
    }
    await part(chains, commonBlocks, prepare);
    return chains;
  } catch (error) {
    await Promise.allSettled(chains.map((chain) => chain.close()));
    throw error;
  }
}

async function part<Tools>(
  chains: readonly SimulatedChain<Tools>[],
  commonBlocks: number,
  prepare: PartitionOptions<Tools>["prepare"],
): Promise<void> {
  const [first, ...others] = chains as readonly [SimulatedChain<Tools>, ...SimulatedChain<Tools>[]];

  await prepare?.(first);
  const missing = commonBlocks - Number(first.head.number);
  if (missing > 0) await first.mine(missing);
  else await first.seal();
  for (const other of others) {
    await other.adopt(first);
    await other.resemble(first);
  }
  for (const [i, chain] of chains.entries()) {
    if (chain.head.hash !== first.head.hash)
      throw simulatorError(`${chain.name} did not reproduce the blocks of ${first.name}`);
    await chain.diverge(`node ${i + 1}`);
  }
}

/**
 * Ends a partition for one node. `to` drops its blocks since the common ancestor and adopts those of `from`, with the
 * same hashes.
 *
 * Which branch wins is the test's decision, not its length's. The orphaned transactions are in the result and not in
 * the pool of `to`. Send them again if that is what the network would do.
 *
 * @throws INVALID_OPTION for what is no chain
 * @throws FORK_SIMULATOR when the chains share no block, or a block does not come out the same. `to` then keeps its
 * branch
 * @example
 * const { orphaned, adopted } = await heal({ from: theirs, to: ours });
 */
export async function heal<Tools>(ends: {
  from: SimulatedChain<Tools>;
  to: SimulatedChain<Tools>;
}): Promise<BranchChange> {
  checkOptions(ends, ["from", "to"]);
  const { from, to } = ends;
  for (const [name, end] of Object.entries({ from, to }))
    if (!(end instanceof SimulatedChain)) throw invalidOption(name, "expected a chain of the simulator");
  return to.adopt(from);
}
