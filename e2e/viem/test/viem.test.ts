import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { explain, latestAnchor, prove, remedyOf, withAnchor, type Anchor } from "settlement-guard";
import { standaloneGuardAbi } from "settlement-guard/abi";
import { standaloneGuardArtifact } from "settlement-guard/artifacts";
import { assertAcceptedByGuard, assertRejectedByGuard } from "settlement-guard/assert";
import {
  createPublicClient,
  createTestClient,
  createWalletClient,
  http,
  recoverTypedDataAddress,
  type Address,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { foundry } from "viem/chains";

import { startAnvil } from "./anvil.js";

// The first of the accounts that every development chain funds.
const account = privateKeyToAccount("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");
const anvil = await startAnvil();
if (anvil === undefined) console.log("skipped: npm has anvil for Linux on x64 only");

describe("the guard with viem alone", { skip: anvil === undefined }, () => {
  const chain = { chain: foundry, transport: http(anvil?.url) };
  const client = createPublicClient(chain);
  const wallet = createWalletClient({ ...chain, account });
  const node = createTestClient({ ...chain, mode: "anvil" });
  let address: Address;

  before(async () => {
    const { abi, bytecode } = standaloneGuardArtifact;
    const hash = await wallet.deployContract({ abi, bytecode });
    const { contractAddress } = await client.waitForTransactionReceipt({ hash });
    assert(contractAddress);
    address = contractAddress;
    await node.mine({ blocks: 5 });
  });

  after(() => anvil?.stop());

  it("signs an order for the branch that the node follows", async () => {
    // #region sign
    const anchor = await latestAnchor(client, { depth: 2 });
    const fields = [
      { name: "size", type: "int256" },
      { name: "maxAge", type: "uint64" },
    ];
    const typedData = withAnchor({ types: { Order: fields }, message: { size: 5n, maxAge: 64n }, anchor });
    const domain = { name: "Perps", version: "1", chainId: client.chain.id, verifyingContract: address };
    const signature = await wallet.signTypedData({ domain, ...typedData });
    // #endregion sign
    assert.equal(await recoverTypedDataAddress({ domain, ...typedData, signature }), account.address);
  });

  it("is refused by the guard on the branch of a reorg, and says why", async () => {
    const past = await node.snapshot();
    await node.mine({ blocks: 4 });
    const anchor = await latestAnchor(client, { depth: 2 });
    await assertAcceptedByGuard(requireAnchored(anchor));
    await node.revert({ id: past });
    await wallet.sendTransaction({ to: account.address });
    await node.mine({ blocks: 3 });

    // #region explain
    const refusal = await requireAnchored(anchor).catch((error: unknown) => error);
    assert.match(explain(refusal), /^AnchorMismatch: the action was prepared on another branch/);
    assert.equal(remedyOf(refusal), "sign");
    // #endregion explain
    // #region assert
    await assertRejectedByGuard(requireAnchored(anchor), "AnchorMismatch", { claimed: anchor.hash });
    await assert.rejects(assertAcceptedByGuard(requireAnchored(anchor)), /but it reverted\. AnchorMismatch: /);
    // #endregion assert
  });

  it("proves to the guard what an account holds", async () => {
    // #region prove
    const {
      anchor,
      header,
      account: proven,
    } = await prove(client, {
      anchor: await latestAnchor(client),
      account: address,
    });
    await client.readContract({
      address,
      abi: standaloneGuardAbi,
      functionName: "requireAnchoredState",
      args: [anchor, header, 1n, 256n],
    });
    // #endregion prove
    assert.equal(proven.status, "present");
  });

  function requireAnchored(anchor: Anchor) {
    const call = { address, abi: standaloneGuardAbi, functionName: "requireAnchored" } as const;
    return client.readContract({ ...call, args: [anchor, 1n, 256n] });
  }
});
