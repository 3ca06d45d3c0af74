import assert from "node:assert/strict";

import { standaloneGuardAbi } from "settlement-guard/abi";
import { standaloneGuardArtifact } from "settlement-guard/artifacts";
import { hasAnvil } from "settlement-guard/anvil";
import { afterAll, beforeAll, describe, it } from "vitest";

// #region forks
import { latestAnchor, prove } from "settlement-guard";
import { anvilForks, type AnvilChain } from "settlement-guard/anvil";
import { assertRejectedByGuard } from "settlement-guard/assert";
import { createPublicClient, createWalletClient, custom, type Address } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { foundry } from "viem/chains";

const forks = anvilForks();
// #endregion forks
const account = privateKeyToAccount("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");

describe.skipIf(!hasAnvil())("reorgs and partitions on anvil", () => {
  let nodes: AnvilChain[] = [];
  let guard: Address;

  beforeAll(async () => {
    nodes = await forks.partition({ commonBlocks: 8, prepare: async (chain) => void (guard = await deploy(chain)) });
  });
  afterAll(() => Promise.all(nodes.map((node) => node.close())));

  async function deploy(chain: AnvilChain): Promise<Address> {
    const wallet = createWalletClient({ account, chain: foundry, transport: custom(chain) });
    const { abi, bytecode } = standaloneGuardArtifact;
    const hash = await wallet.deployContract({ abi, bytecode });
    const { contractAddress } = await createPublicClient({ transport: custom(chain) }).getTransactionReceipt({ hash });
    assert(contractAddress);
    return contractAddress;
  }

  it("refuses a block of the branch that lost, which stays readable", async () => {
    const [chain] = nodes as [AnvilChain];
    // #region reorg
    const client = createPublicClient({ chain: foundry, transport: custom(chain) });
    await chain.mine(4);
    const anchor = await latestAnchor(client, { depth: 2 });
    const requireAnchored = () =>
      client.readContract({
        address: guard,
        abi: standaloneGuardAbi,
        functionName: "requireAnchored",
        args: [anchor, 1n, 64n],
        blockTag: "pending",
      });
    await requireAnchored();

    const { orphaned } = await chain.reorg({ depth: 4 });
    await assertRejectedByGuard(requireAnchored(), "AnchorMismatch", { claimed: anchor.hash });
    // The node that still follows the branch proves what it held.
    const { slots } = await prove(chain.viewAt(orphaned.at(-1)!.hash), { anchor, account: guard, slots: [0n] });
    // #endregion reorg
    assert.deepEqual(
      slots.map(({ value }) => value),
      [0n],
    );
  });

  it("heals a node by the other's branch", async () => {
    const [ours, theirs] = nodes as [AnvilChain, AnvilChain];
    await theirs.mine(6);
    assert.notEqual(ours.at(9n)?.hash, theirs.at(9n)?.hash);
    await forks.heal({ from: theirs, to: ours });
    assert.deepEqual(ours.head, theirs.head);
  });
});
