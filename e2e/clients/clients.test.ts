import { expect, use } from "chai";

import { collateralSlot } from "../../scenarios/vault.js";
import { checkDeployment } from "../../src/actions/checkDeployment.js";
import { fetchHeader } from "../../src/actions/fetchHeader.js";
import { latestAnchor } from "../../src/actions/latestAnchor.js";
import { prove } from "../../src/actions/prove.js";
import type { Anchor } from "../../src/anchor/anchor.js";
import { settlementGuardMatchers } from "../../src/chai/index.js";
import { toWord } from "../../src/core/bytes.js";
import { BEACON_ROOTS_ADDRESS, HISTORY_ADDRESS, HISTORY_CODE } from "../../src/forks/index.js";
import { verifyWitness } from "../../src/proof/witness.js";
import { BLOCK_HASH_INDEX, FINALIZED_ROOT_INDEX, type CarriedBlock } from "../../tools/clients/beacon.js";
import type { Block } from "../../tools/clients/consensus.js";
import { CHAIN_ID } from "../../tools/clients/genesis.js";
import { notedAt } from "../../tools/deployment.js";
import {
  CollateralVault__factory,
  FinalizedHashes__factory,
  GuardedCollateralCredit__factory,
  PinBoard__factory,
  StandaloneGuard__factory,
  StateProofLens__factory,
  type StandaloneGuard,
} from "../../typechain-types/index.js";
import { Node } from "./node.js";
import { climb, rootOf } from "./ssz.js";

use(settlementGuardMatchers);

const WRONG = `0x${"be".repeat(32)}` as const;
const ANY_DEPTH = 2n ** 64n - 1n;
const LOCKED = 300n; // wei

describe("a real client: its EIP-2935, its EIP-4788 and its reorgs", () => {
  let node: Node;
  let guard: StandaloneGuard;

  before(async function () {
    node = await Node.start();
    guard = await deployGuard(node);
    await node.consensus.mine({ slots: 300 });
  });

  after(() => node?.stop());

  const headerAt = (block: bigint) => fetchHeader(node.client.request, { block });

  /** The chain's own anchor at a depth below the block in which the next transaction executes. */
  async function anchorAt(depth: bigint): Promise<Anchor> {
    const { number, hash } = await headerAt(node.consensus.head.number + 1n - depth);
    return { number, hash };
  }

  /** What EIP-4788's contract answers after the newest block; undefined where it reverts. */
  async function beaconRoot(timestamp: bigint): Promise<string | undefined> {
    return node.provider.call({ to: BEACON_ROOTS_ADDRESS, data: toWord(timestamp) }).catch(() => undefined);
  }

  it("headers hash to what the consensus layer was told, by number, by hash and by tag", async () => {
    const { head } = node.consensus;
    for (const block of [head.number, { hash: head.hash }, "latest"] as const)
      expect((await fetchHeader(node.client.request, { block })).hash).to.equal(head.hash);
    const anchor = await latestAnchor(node.client.request, { depth: 1 });
    expect(anchor).to.deep.equal(await anchorAt(2n));
    expect((await headerAt(head.number)).parentHash).to.equal(anchor.hash);
  });

  for (const depth of [1n, 256n, 257n, 300n]) {
    it(`SG-1: at depth ${depth} the guard accepts the chain's own block, and no other hash`, async () => {
      expect((await ask(node, guard, await anchorAt(depth))).succeeded).to.equal(true);
      const { number, hash } = await anchorAt(depth);
      expect((await ask(node, guard, { number, hash: WRONG })).succeeded).to.equal(false);
      // A call executes in the newest block: that one, so the depth is the same.
      await expect(guard.requireAnchored({ number, hash: WRONG }, depth, depth))
        .to.be.rejectedByGuard("AnchorMismatch")
        .withValues(number, WRONG, hash);
    });
  }

  it("C4: EIP-2935's own code answers with the hash of each of the 300 blocks below the newest", async () => {
    expect(await node.provider.getCode(HISTORY_ADDRESS)).to.equal(HISTORY_CODE);
    const { number } = node.consensus.head;
    for (let age = 1n; age <= 300n; age += 23n) {
      const answer = await node.provider.call({ to: HISTORY_ADDRESS, data: toWord(number - age) });
      expect(answer, `age ${age}`).to.equal((await headerAt(number - age)).hash);
    }
  });

  it("a proof of slots, one of them absent, is read in TypeScript and by contracts, which pay what it shows", async () => {
    const deployed = await node.execute(await new CollateralVault__factory().getDeployTransaction());
    const vault = CollateralVault__factory.connect(deployed.contract, node.provider);
    const creation = await new GuardedCollateralCredit__factory().getDeployTransaction(vault);
    const { contract: beneficiary } = await node.execute({ ...creation, value: LOCKED });
    const credit = GuardedCollateralCredit__factory.connect(beneficiary, node.provider);
    await node.execute({ ...(await vault.lock.populateTransaction(credit, CHAIN_ID)), value: LOCKED });

    const locked = collateralSlot(node.trader.address, beneficiary, CHAIN_ID);
    const account = deployed.contract;
    const anchor = await latestAnchor(node.client.request, { depth: 1 });
    expect((await prove(node.client.request, { anchor, account, slots: [locked] })).slots[0]!.value).to.equal(0n);
    await node.consensus.mine();

    const slots = [locked, WRONG];
    const proof = await prove(node.client.request, { anchor: await anchorAt(2n), account, slots });
    const shown = [...proof.slots].sort((a, b) => Number(b.value - a.value));
    expect(shown).to.deep.equal([
      { slot: locked, value: LOCKED },
      { slot: WRONG, value: 0n },
    ]);
    const { stateRoot } = proof.anchor;
    const question = { stateRoot, account, slots: proof.slots.map(({ slot }) => slot) };
    expect(verifyWitness(question, proof.witness)).to.deep.include({ status: "valid", slots: proof.slots });

    const { contract } = await node.execute(await new StateProofLens__factory().getDeployTransaction());
    const lens = StateProofLens__factory.connect(contract, node.provider);
    const [exists, , values] = await lens.witness(stateRoot, account, question.slots, proof.witness);
    expect([exists, ...values]).to.deep.equal([true, ...proof.slots.map(({ value }) => value)]);

    const single = await prove(node.client.request, { anchor: await anchorAt(2n), account, slots: [locked] });
    const borrow = (amount: bigint) =>
      credit.borrow.populateTransaction(single.anchor, single.header, single.witness, amount);
    expect((await node.execute(await borrow(LOCKED + 1n))).succeeded).to.equal(false);
    expect((await node.execute(await borrow(LOCKED))).succeeded).to.equal(true);
    expect(await credit.debts(node.trader)).to.equal(LOCKED);
  });

  it("what the consensus layer made final is the header of that tag, and a proof can be made at it", async () => {
    const { head } = node.consensus;
    await node.consensus.finalize(head.number - 10n);
    const { number, hash, stateRoot } = await headerAt(head.number - 10n);
    expect(await fetchHeader(node.client.request, { block: "finalized" })).to.deep.include({ number, hash });
    const { anchor } = await prove(node.client.request, { anchor: "finalized", account: HISTORY_ADDRESS });
    expect(anchor).to.deep.equal({ number, hash, stateRoot });
    expect((await ask(node, guard, anchor)).succeeded).to.equal(true);
  });

  it("SG-1, SG-9: a reorg of 3 undoes an action; sent again it is refused, and one on the new branch is not", async () => {
    await node.consensus.mine({ slots: 2 });
    const orphaned = await latestAnchor(node.client.request, { depth: 1 });
    const action = await node.sign(await guard.requireAnchored.populateTransaction(orphaned, 1n, ANY_DEPTH));
    const [old] = await node.consensus.mine({ transactions: [action.raw] });
    expect(await node.receipt(action.hash)).to.include({ status: "0x1", blockHash: old!.hash });

    await node.consensus.reorg({ depth: 3 });
    expect((await headerAt(old!.number)).hash).not.to.equal(old!.hash);
    expect(await node.receipt(action.hash)).to.equal(null);
    const actual = (await headerAt(orphaned.number)).hash;
    expect(await node.provider.call({ to: HISTORY_ADDRESS, data: toWord(orphaned.number) })).to.equal(actual);
    await expect(guard.requireAnchored(orphaned, 1n, ANY_DEPTH))
      .to.be.rejectedByGuard("AnchorMismatch")
      .withValues(orphaned.number, orphaned.hash, actual);

    await node.consensus.mine({ transactions: [action.raw] });
    expect(await node.receipt(action.hash)).to.include({ status: "0x0" });
    const anew = await latestAnchor(node.client.request);
    expect((await ask(node, guard, anew)).succeeded).to.equal(true);
    // The client keeps the block that lost: evidence of it can still be had.
    const orphan = await fetchHeader(node.client.request, { block: { hash: orphaned.hash } });
    expect(orphan.number).to.equal(orphaned.number);
  });

  it("EIP-4788 answers each block's time with its parent's SSZ root, and the time of a missed slot with nothing", async () => {
    const { head: before } = node.consensus;
    const blocks = [
      ...(await node.consensus.mine({ slots: 2 })),
      ...(await node.consensus.mine({ missed: 3, slots: 2 })),
    ];
    for (const [i, { number, timestamp }] of blocks.entries()) {
      const root = (blocks[i - 1] ?? before).beaconRoot;
      expect(await beaconRoot(timestamp), `block ${number}`).to.equal(root);
      expect(rootOf(node.consensus.beaconProof(timestamp).parent.header)).to.equal(root);
    }
    const [, second, third] = blocks as [Block, Block, Block];
    expect(third.timestamp - second.timestamp).to.equal(4n * 12n);
    for (let time = second.timestamp + 12n; time < third.timestamp; time += 12n)
      expect(await beaconRoot(time)).to.equal(undefined);
  });

  it("from EIP-4788's root branches lead to the parent's hash, and to the finalized block's, as the client has them", async () => {
    await node.consensus.mine({ slots: 6 });
    await node.consensus.finalize(node.consensus.head.number - 5n);
    await node.consensus.mine({ slots: 2, missed: 1 });
    const { head } = node.consensus;
    const { root, parent, finalized } = node.consensus.beaconProof(head.timestamp);
    expect(await beaconRoot(head.timestamp)).to.equal(root);
    expect(rootOf(parent.header)).to.equal(root);
    expectCarried(parent);
    expect(parent.blockHash).to.equal((await headerAt(head.number - 1n)).hash);

    expect(FINALIZED_ROOT_INDEX).to.equal(169n);
    expect(climb(finalized!.root, finalized!.stateBranch, FINALIZED_ROOT_INDEX)).to.equal(parent.header.stateRoot);
    expect(rootOf(finalized!.header)).to.equal(finalized!.root);
    expectCarried(finalized!);
    const { hash } = await fetchHeader(node.client.request, { block: "finalized" });
    expect(finalized!.blockHash).to.equal(hash);
  });

  it("C18, C21: a contract records what is final from the client's own beacon root, and refuses a proof of it spoilt", async () => {
    await node.consensus.mine({ slots: 2 });
    await node.consensus.finalize(node.consensus.head.number - 1n);
    await node.consensus.mine({ slots: 2 });
    const forks = { electra: 0n, gloas: 1_000_000n, until: 1_000_000n };
    const deployment = await new FinalizedHashes__factory().getDeployTransaction(forks, 100);
    const { contract } = await node.execute(deployment);
    const source = FinalizedHashes__factory.connect(contract, node.provider);

    const { timestamp } = node.consensus.head;
    const { parent, finalized } = node.consensus.beaconProof(timestamp);
    const { number, hash, rlp } = await fetchHeader(node.client.request, { block: "finalized" });
    const proof = {
      timestamp,
      attested: parent.header,
      checkpointBranch: [...finalized!.stateBranch],
      finalized: finalized!.header,
      blockHashBranch: [...finalized!.branch],
      header: rlp,
    };
    const other = await headerAt(number - 1n);
    const wrongs = [
      { ...proof, header: other.rlp },
      { ...proof, timestamp: timestamp + 1n },
      { ...proof, checkpointBranch: proof.checkpointBranch.slice(1) },
      { ...proof, finalized: { ...proof.finalized, slot: proof.finalized.slot + 1n } },
    ];
    for (const wrong of wrongs)
      expect((await node.execute(await source.record.populateTransaction(wrong))).succeeded).to.equal(false);
    expect((await node.execute(await source.record.populateTransaction(proof))).succeeded).to.equal(true);
    expect([...(await source.hashOf(number))]).to.deep.equal([1n, hash]);
    expect([await source.newest(), await source.tier()]).to.deep.equal([number, 2n]);
  });

  it("a deployment checks out as it is written down, and not after a reorg that dropped it", async () => {
    const { hash, raw } = await node.sign(await new StandaloneGuard__factory().getDeployTransaction());
    await node.consensus.mine({ transactions: [raw] });
    const { contractAddress: address } = (await node.receipt(hash)) as { contractAddress: string };
    const contracts = {
      guard: { address, ...(await notedAt(node.client.request, address, hash)), kind: "standalone-guard" },
    } as const;
    await node.consensus.mine();
    const check = () => checkDeployment(node.client.request, { deployment: { chainId: CHAIN_ID, contracts } });
    const { checks } = await check();
    expect(checks.filter(({ outcome }) => outcome !== "ok").map(({ check }) => check)).to.deep.equal([
      "source at head - 8191", // there is no block of that age
    ]);
    await node.consensus.reorg({ depth: 2 });
    const failed = (await check()).checks.filter(({ outcome }) => outcome === "failed").map(({ check }) => check);
    expect(failed).to.deep.equal(["code", "receipt"]);
  });

  it("SG-22: a pin is served, and is gone with its block after a reorg", async () => {
    const { contract } = await node.execute(await new PinBoard__factory().getDeployTransaction());
    const board = PinBoard__factory.connect(contract, node.provider);
    await node.consensus.mine({ slots: 2 });
    const slot = toWord(5n);
    const anchor = await latestAnchor(node.client.request, { depth: 1 });
    const proof = await prove(node.client.request, { anchor, account: HISTORY_ADDRESS, slots: [slot] });
    const pinning = await board.pinSlot.populateTransaction(
      proof.anchor,
      proof.header,
      HISTORY_ADDRESS,
      slot,
      proof.witness,
    );
    const action = await node.sign(pinning);
    await node.consensus.mine({ transactions: [action.raw] });
    expect(await node.receipt(action.hash)).to.include({ status: "0x1" });
    const { value } = proof.slots[0]!;
    expect(value).not.to.equal(0n);
    const read = () => board.requireSlot(HISTORY_ADDRESS, slot, value, 100n);
    expect(await read()).to.equal(anchor.number);

    await node.consensus.reorg({ depth: Number(node.consensus.head.number - anchor.number) + 1 });
    await expect(read()).to.be.rejectedByGuard("PinMissing");
    await node.consensus.mine({ transactions: [action.raw] });
    expect(await node.receipt(action.hash)).to.include({ status: "0x0" });
    await expect(read()).to.be.rejectedByGuard("PinMissing");
  });
});

describe("two real clients, each on its own branch", () => {
  let nodes: readonly Node[] = [];

  before(async () => {
    const starts = await Promise.allSettled([Node.start(), Node.start()]);
    nodes = starts.flatMap((start) => (start.status === "fulfilled" ? [start.value] : []));
    const failed = starts.find((start) => start.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  });

  after(() => Promise.all(nodes.map((node) => node.stop())));

  it("SG-1: what was prepared on one is refused on the other, until that one gives way to the longer branch", async () => {
    const [majority, minority] = nodes as [Node, Node];
    const guard = await deployGuard(majority);
    await majority.consensus.mine({ slots: 2 });
    await minority.consensus.adopt(majority.consensus);
    expect(minority.consensus.head).to.deep.equal(majority.consensus.head);

    await majority.consensus.mine({ slots: 4 });
    await minority.consensus.mine({ slots: 3 });
    const ours = await latestAnchor(majority.client.request);
    const theirs = await latestAnchor(minority.client.request);
    expect((await ask(majority, guard, ours)).succeeded).to.equal(true);
    expect((await ask(majority, guard, theirs)).succeeded).to.equal(false);
    const there = guard.connect(minority.provider);
    expect(await there.requireAnchored.staticCall(theirs, 1n, ANY_DEPTH)).to.have.lengthOf(10);

    await minority.consensus.adopt(majority.consensus);
    const { hash } = await fetchHeader(minority.client.request, { block: "latest" });
    expect(hash).to.equal(majority.consensus.head.hash);
    await expect(there.requireAnchored(theirs, 1n, ANY_DEPTH)).to.be.rejectedByGuard("AnchorMismatch");
    expect((await ask(minority, guard, ours)).succeeded).to.equal(true);
  });
});

async function deployGuard(node: Node): Promise<StandaloneGuard> {
  const { contract } = await node.execute(await new StandaloneGuard__factory().getDeployTransaction());
  return StandaloneGuard__factory.connect(contract, node.provider);
}

/** Asks the guard in a transaction of its own block. */
async function ask(node: Node, guard: StandaloneGuard, { number, hash }: Anchor) {
  return node.execute(await guard.requireAnchored.populateTransaction({ number, hash }, 1n, ANY_DEPTH));
}

function expectCarried({ header, blockHash, branch }: CarriedBlock): void {
  expect(BLOCK_HASH_INDEX).to.equal(812n);
  expect(climb(blockHash, branch, BLOCK_HASH_INDEX)).to.equal(header.bodyRoot);
}
