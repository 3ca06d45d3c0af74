import { ethers } from "ethers";

import { latestAnchor } from "../src/actions/latestAnchor.js";
import type { Hex } from "../src/core/bytes.js";
import { prove } from "../src/actions/prove.js";
import { STATUSES } from "../src/policy/policy.js";
import { Custodian__factory } from "../typechain-types/index.js";
import { Story, statusOf, timedBlocksOf, type Judgement } from "./continuity.js";
import type { Scenario } from "./types.js";
import {
  MARKET,
  UNIT,
  attempt,
  connect,
  deployExchanges,
  depositOnBoth,
  ether,
  exchange,
  forks,
  presentOnBoth,
  setPrice,
  signOnBoth,
  type Role,
  type Twin,
  type World,
} from "./world.js";

const A = MARKET;
const B = ethers.encodeBytes32String("BTC-PERP");
const PRICE_A = 2_000n * UNIT;
const PRICE_B = 60_000n * UNIT;
const BACKING = 50_000n * UNIT;
const LEFT = 10_000n * UNIT;
const MARGIN = 10_000n * UNIT;

/**
 * What backs one market is gone. That market is locked with a proof and opened with a proof, and
 * the other never notices.
 */
export const marketIsolation: Scenario = {
  id: "market-isolation",
  title: "One market stops, the other trades",
  incident:
    "Synthetic: what a market's collateral rests on shrinks elsewhere, and a pause of the whole protocol would punish everybody. The guard lets anybody prove it, for that market alone.",

  async run(progress) {
    // One system transaction a block, so that proofs of past blocks verify.
    const chain = await forks.create({ name: "chain" });
    const world = await connect(chain, await deployExchanges(chain, { price: PRICE_A, liquidity: 100_000n * UNIT }));
    await setPrice(world, PRICE_B, B);
    const guarded = exchange(world, "guarded", "feed");
    const custodian = Custodian__factory.connect(await guarded.custodian(), world.signers.provider);
    for (const market of [A, B]) {
      await custodian.set(market, BACKING);
      await guarded.believeBacking(market, BACKING);
    }
    for (const role of ["alice", "carol", "erin"] as const) await depositOnBoth(world, role, MARGIN, A);
    await depositOnBoth(world, "bob", MARGIN, B);
    const story = new Story(world);
    const order = async (role: Role, market: string, size: bigint, nonce = 0n) =>
      signOnBoth(world, role, {
        market,
        size,
        limitPrice: 2n * PRICE_B,
        maxAge: 64n,
        nonce,
        anchor: await latestAnchor(chain.request),
      });
    await presentOnBoth(world, await order("carol", A, 10n * UNIT));
    await setPrice(world, (PRICE_A * 105n) / 100n);
    await chain.mine(4);
    const first = chain.head;
    const healthy = await proveBacking(world);

    progress("four fifths of what backs A are gone, and somebody proves it");
    await custodian.set(A, LEFT);
    story.event("A's backing falls to 10,000");
    await chain.mine(3);
    await guarded.contradict(A, await proveBacking(world));
    story.event(`contradicted: A is ${await statusOf(world, A)}, B ${await statusOf(world, B)}`);
    const isolated = { a: await statusOf(world, A), b: await statusOf(world, B) };

    progress("everybody acts on both markets");
    const present = async (name: string, role: Role, market: string, size: bigint, nonce = 0n): Promise<void> => {
      const orders = await order(role, market, size, nonce);
      await story.present(name, await judgeBacking(world, market), orders, chain.head);
    };
    await present("Bob buys 1 in market B", "bob", B, UNIT);
    await present("Alice buys 5 in market A", "alice", A, 5n * UNIT);
    const withdraw = async (name: string, role: Role, amount: bigint): Promise<void> => {
      const judgement = await judgeBacking(world, A);
      const says = `Paid out ${ether(amount)}.`;
      await story.call(role, name, judgement, (perps) => perps.withdraw(A, amount), says);
    };
    await withdraw("Erin withdraws from market A", "erin", MARGIN);
    await story.call(
      "carol",
      "Carol closes in market A, with a profit of 1,000",
      { legal: true, because: "a close makes every position safer." },
      (perps) => perps.close(A),
      {
        unguarded: "Closed at the index price, and the profit added to her margin.",
        guarded: "Closed at the index price, and the profit kept for her.",
      },
    );
    const escrowed = await exchange(world, "guarded", "carol").escrowedProfit(A, world.signers.carol);
    await withdraw("Carol takes margin and profit out of market A", "carol", MARGIN + 1_000n * UNIT);
    const badDebt = { unguarded: await paidOut(world, "unguarded"), guarded: await paidOut(world, "guarded") };

    progress("a proof from before heals nothing; the backing comes back, and a newer proof does");
    const early = await attempt(
      guarded.interface,
      () => guarded.reconcile(A, healthy),
      () => "healed",
    );
    await custodian.set(A, BACKING);
    story.event("A's backing is back");
    await chain.mine(3);
    await guarded.reconcile(A, await proveBacking(world));
    story.event(`reconciled: A is ${await statusOf(world, A)}, so that the healing can be contradicted`);
    // staleFor, in seconds of 12 s blocks.
    await chain.mine(51);
    story.event(`ten minutes of blocks later A is ${await statusOf(world, A)}`);
    await story.call(
      "carol",
      "Carol claims what was kept of her profit",
      await judgeBacking(world, A),
      (perps) => perps.claimProfit(A),
      { unguarded: "There was nothing to claim.", guarded: "Added what was kept to her margin." },
    );
    const claimed = (await exchange(world, "guarded", "carol").accounts(world.signers.carol, A)).margin;
    await present("Alice buys 5 in market A again", "alice", A, 5n * UNIT, 1n);

    const branches = [{ name: "chain", fate: "canonical" as const, blocks: await timedBlocksOf(chain, first.number) }];
    await chain.close();
    return {
      branches,
      actions: story.steps,
      events: story.events,
      badDebt: {
        ...badDebt,
        unit: "TUSD",
        decimals: 18,
        caption: "Paid out of market A while its backing was gone",
      },
      measured: {
        a: BigInt(STATUSES.indexOf(isolated.a)),
        b: BigInt(STATUSES.indexOf(isolated.b)),
        escrowed,
        claimed,
      },
      notes: [
        `The proof from before the loss, of block ${healthy.anchor.number}, did not open the market: ${early.error ?? early.says}.`,
        `Of Carol's close ${ether(escrowed)} were kept while the market was contradicted, and paid when it was reconciled.`,
        "Nobody's word locked or opened the market: both took a proof of the custodian's slot in a canonical state, and anybody may bring one.",
      ],
    };
  },
};

/** The backing of market A two blocks below the head, as the exchange takes it. */
async function proveBacking(world: World) {
  const account = (await exchange(world, "guarded", "deployer").custodian()) as Hex;
  const slot = ethers.keccak256(ethers.AbiCoder.defaultAbiCoder().encode(["bytes32", "uint256"], [A, 0])) as Hex;
  const block = await latestAnchor(world.chain.request, { depth: 2 });
  const { anchor, header, witness } = await prove(world.chain.request, { anchor: block, account, slots: [slot] });
  return { anchor, header, witness };
}

/** An oracle that asks the custodian itself. */
async function judgeBacking(world: World, market: string): Promise<Judgement> {
  const address = await exchange(world, "guarded", "deployer").custodian();
  const held = await Custodian__factory.connect(address, world.signers.deployer).backing(market);
  return {
    legal: held >= BACKING,
    because: `the custodian holds ${ether(held)} for this market, which was opened on ${ether(BACKING)}.`,
  };
}

/** What the traders of market A have withdrawn, from the token's own account. */
async function paidOut(world: World, twin: Twin): Promise<bigint> {
  const contract = exchange(world, twin, "deployer");
  const withdrawn = await contract.queryFilter(contract.filters.Withdrawn(undefined, A));
  return withdrawn.reduce((total, { args }) => total + args.amount, 0n);
}
