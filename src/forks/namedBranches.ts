import { simulatorError } from "./backend.js";
import { blockRef, type BlockRecord } from "./blocks.js";
import { followBranch, switchBranch, type BranchChange } from "./branch.js";
import type { LeftBranch, SimulatedNode } from "./node.js";

/** Leaves the last `depth` blocks under the branch's name. Without any, what has happened since the head is on both branches. */
export async function branchOff(node: SimulatedNode, name: string, depth: number): Promise<BranchChange> {
  const { branches, blocks, miner } = node;
  if (name === branches.current || branches.left.has(name)) throw simulatorError(`${node.name} has a branch "${name}"`);
  const { head } = blocks;
  const { state } = miner;
  let change: BranchChange;
  if (depth > 0) change = await switchBranch(node, head.number - depth, async () => miner.reseed(`branch ${name}`));
  else {
    miner.reseed(`branch ${name}`);
    await miner.arm();
    const nothing = { orphaned: [], adopted: [], orphanedTransactions: [], rejected: [] };
    change = { commonAncestor: blockRef(head), ...nothing };
  }
  leave(node, name, { head, state });
  return change;
}

/** Makes a branch canonical that was left, with what had happened since its head. */
export async function returnTo(node: SimulatedNode, name: string): Promise<BranchChange> {
  const { branches, blocks, miner } = node;
  const there = branches.left.get(name);
  if (there === undefined) throw simulatorError(`${node.name} has left no branch "${name}"`);
  const { head } = blocks;
  const { state } = miner;
  const contents = (missing: readonly BlockRecord[]) => blocks.portable(missing);
  const change = await followBranch(node, blocks.branchTo(there.head.hash)!, contents, name);
  // Who mines is the node's matter. Its next block is none of the branch that this chain comes from.
  await miner.restore({ ...there.state, coinbase: state.coinbase, seed: state.seed });
  miner.reseed(`branch ${name}`);
  await miner.arm();
  leave(node, name, { head, state });
  return change;
}

function leave(node: SimulatedNode, name: string, left: LeftBranch): void {
  const others = [...node.branches.left].filter(([other]) => other !== name);
  node.branches = { current: name, left: new Map([...others, [node.branches.current, left]]) };
}
