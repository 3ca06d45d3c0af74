import {
  OptionStory,
  blockOfExpiry,
  deployOptions,
  exerciseOnBoth,
  finalize,
  fixingProof,
  owed,
  priceAt,
  publish,
  sellOnBoth,
} from "./expiry.js";
import { timeOf, timedBlocksOf } from "./continuity.js";
import type { Scenario } from "./types.js";
import { UNIT, ether, forks } from "./world.js";

const BEFORE = 1_950n * UNIT;
const AFTER = 2_050n * UNIT;
const DROPPED = "ethereum before the reorg";
const KEPT = "ethereum after the reorg";

/** The price that decides came in time on one branch, and too late on the other. */
export const reorgAcrossExpiry: Scenario = {
  id: "reorg-across-expiry",
  title: "The block of the expiry is replaced",
  incident:
    "Synthetic, after the seven blocks that Ethereum's beacon chain replaced on 25 May 2022: an option expires in such blocks. On the branch that is dropped the feed's price came just before the expiry, on the other just after it.",

  async run(progress) {
    const chain = await forks.create({ name: "ethereum" });
    const on = await deployOptions(chain, BEFORE);
    const expiry = BigInt(await timeOf(chain)) + 120n;
    const terms = await sellOnBoth(on, "alice", expiry);
    while (BigInt(await timeOf(chain)) < expiry - 24n) await chain.mine();
    const common = chain.head.number;
    const story = new OptionStory(on);

    progress("the price rises above the strike just before the expiry");
    await publish(on, AFTER);
    story.event("price 2,050");
    await chain.mine(2);
    const dropped = await blockOfExpiry(chain, expiry);
    const proof = await fixingProof(on, dropped);
    const exercise = () => exerciseOnBoth(on, "alice", terms, proof);
    let because = `the chain did not keep block ${dropped}, in whose state the price was ${ether(await priceAt(on, dropped))}.`;
    const early = { presentedOn: DROPPED, legal: false, because };
    await story.step({ ...early, name: "Alice takes the payoff in the block after the expiry" }, exercise);
    const abandoned = await timedBlocksOf(chain, common - 1n);

    progress("these blocks are replaced, and the same price comes after the expiry");
    await chain.reorg({ depth: Number(chain.head.number - common), extra: 1, seed: "expiry", keep: false });
    await publish(on, AFTER);
    story.event("price 2,050");
    const number = await blockOfExpiry(chain, expiry);
    const price = await priceAt(on, number);
    because = `in the state of block ${number}, the last before the expiry, the price was ${ether(price)}: she is owed ${ether(owed(price))}.`;
    const again = { presentedOn: KEPT, legal: false, because };
    await story.step({ ...again, name: "Alice tries again on the branch that is kept" }, exercise);

    progress("finality reaches the block after the expiry");
    await chain.mine(64);
    await finalize(on, number + 1n, number + 20n);
    story.event(`block ${number + 1n} final`);
    await story.step({ ...again, name: "Alice presents the dropped block when its height is final" }, exercise);
    because = `block ${number} is the last before the expiry, and the one after it is final.`;
    const honest = await fixingProof(on, number);
    await story.step({ presentedOn: KEPT, legal: true, because, name: "Bob fixes by the block that is final" }, () =>
      exerciseOnBoth(on, "bob", terms, honest),
    );

    const told = await story.told(terms, price);
    const branches = [
      { name: KEPT, fate: "canonical" as const, blocks: await timedBlocksOf(chain, common - 1n) },
      { name: DROPPED, fate: "abandoned" as const, blocks: abandoned },
    ];
    await chain.close();
    return { ...told, branches, measured: { fixedIn: number }, notes: NOTES };
  },
};

const NOTES = [
  "Both branches show the same price at their heads: only the state of the block at the expiry tells them apart.",
  "The fixing waits for the finality of the block after the expiry, about 13 minutes where nothing stalls. Who cannot wait that long can agree with the other side.",
];
