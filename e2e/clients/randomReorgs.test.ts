import { expect } from "chai";
import type { TransactionRequest, Wallet } from "ethers";

import { toQuantity, toWord, type Hex } from "../../src/core/bytes.js";
import type { Block, Consensus } from "../../tools/clients/consensus.js";
import { beaconRootAt, expectSoundChain, history, type ReadChain } from "../../tools/forks.js";
import { announced } from "../../tools/random.js";
import { BranchProbe__factory, type BranchProbe } from "../../typechain-types/index.js";
import { Node } from "./node.js";

const REORGS = process.env["HEAVY"] === "1" ? 50 : 3;
const DEEPEST = 7;

describe("a real client that is reorganised at random", () => {
  const random = announced();
  /** The first makes the branches. The client would lose the receipts of a branch that it left and came back to. */
  let nodes: readonly [Node, Node, Node];
  let probe: BranchProbe;

  before(async () => {
    nodes = [await Node.start(), await Node.start(), await Node.start()];
    const [maker] = nodes;
    const { contract } = await maker.execute(await new BranchProbe__factory().getDeployTransaction());
    probe = BranchProbe__factory.connect(contract, maker.provider);
    await maker.consensus.mine({ slots: DEEPEST });
  });

  after(() => Promise.all(nodes.map((node) => node.stop())));

  const anyAction = (): Promise<TransactionRequest> =>
    random.below(2) === 0
      ? probe.set.populateTransaction(random.below(100))
      : probe.log.populateTransaction([random.below(100), random.below(100)]);

  /** Up to two actions, signed for the state that `depth` blocks back was the newest. */
  async function transactions(node: Node, depth: number): Promise<string[]> {
    const at = Number(node.consensus.head.number) - depth;
    const nonce = await node.provider.getTransactionCount(node.trader, at);
    const count = random.below(3);
    const signed: string[] = [];
    for (let i = 0; i < count; i++) signed.push((await node.sign(await anyAction(), nonce + i)).raw);
    return signed;
  }

  it(`is after ${REORGS} reorgs the client that was given the last chain from the start`, async function () {
    const [maker, node, twin] = nodes;
    await node.consensus.adopt(maker.consensus);
    const orphans: Block[] = [];
    for (let done = 0; done < REORGS; done++) {
      const depth = 1 + random.below(DEEPEST);
      for (let i = depth; i-- > 0;) orphans.push(node.consensus.at(node.consensus.head.number - BigInt(i)));
      const raw = await transactions(maker, depth);
      await maker.consensus.reorg({
        depth,
        slots: depth + random.below(2),
        missed: random.below(3),
        transactions: raw,
      });
      await maker.consensus.mine({ missed: random.below(2), transactions: await transactions(maker, 0) });
      await node.consensus.adopt(maker.consensus);
    }
    // Whatever the reorgs have left of the others.
    const last = await node.sign(await probe.log.populateTransaction([1, 2]));
    await maker.consensus.mine({ transactions: [last.raw] });
    for (const each of [node, twin]) await each.consensus.adopt(maker.consensus);

    const { head } = node.consensus;
    const chains = [node, twin].map(readsOf);
    for (const chain of chains) await expectSoundChain(chain);
    const count = { receipts: 0, logs: 0 };
    for (let number = 1n; number <= head.number; number++) {
      const [told, alsoTold] = await Promise.all(chains.map((chain) => telling(chain, number, probe, maker.trader)));
      expect(told, `block ${number}`).to.deep.equal(alsoTold);
      count.receipts += told!.receipts.length;
      count.logs += told!.logs.length;
      expect(told!.receipts).to.have.length(told!.block.transactions.length);
      for (const chain of chains) await expectSeenByContracts(chain, node.consensus, number, probe);
    }
    expect(Math.min(count.receipts, count.logs)).to.be.greaterThan(0);
    // No contract knows of what lost.
    const lost = orphans.filter(({ number, hash }) => node.consensus.at(number).hash !== hash);
    expect(lost.length).to.be.greaterThan(REORGS);
    for (const { number, hash } of lost)
      if (number < head.number) expect(await history(chains[0]!, number)).not.to.equal(hash);
  });
});

/** EIP-4788, EIP-2935 and BLOCKHASH tell of a block and its parent what the consensus layer was told. */
async function expectSeenByContracts(
  chain: ReadChain,
  consensus: Consensus,
  number: bigint,
  probe: BranchProbe,
): Promise<void> {
  const parent = consensus.at(number - 1n);
  expect(await beaconRootAt(chain, consensus.at(number).timestamp)).to.equal(parent.beaconRoot);
  expect(await history(chain, parent.number)).to.equal(parent.hash);
  // As far as BLOCKHASH reaches.
  if (consensus.head.number - parent.number > 256n) return;
  const call = { to: await probe.getAddress(), data: probe.interface.encodeFunctionData("blockHash", [parent.number]) };
  expect(await chain.request({ method: "eth_call", params: [call, "latest"] })).to.equal(parent.hash);
}

function readsOf({ client, consensus }: Node): ReadChain {
  const at = (number: bigint): { number: bigint; hash: Hex } => ({ number, hash: consensus.at(number).hash });
  return { request: client.request, head: consensus.head, at };
}

/** All that a client tells of a block and of the state after it. */
async function telling({ request }: ReadChain, number: bigint, probe: BranchProbe, { address }: Wallet) {
  const at = toQuantity(number);
  const ask = (method: string, ...params: unknown[]) => request({ method, params });
  return {
    block: (await ask("eth_getBlockByNumber", at, true)) as { transactions: unknown[] },
    receipts: (await ask("eth_getBlockReceipts", at)) as unknown[],
    logs: (await ask("eth_getLogs", { fromBlock: at, toBlock: at })) as unknown[],
    proof: await ask("eth_getProof", await probe.getAddress(), [toWord(0n)], at),
    nonce: await ask("eth_getTransactionCount", address, at),
    balance: await ask("eth_getBalance", address, at),
  };
}
